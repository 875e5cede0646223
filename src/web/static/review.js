// Going through a session without reloading: links marked `data-go` are fetched and put in place,
// lists keep their scroll, and keys go on (j), back (k), to the next failure (e). All of it works
// as plain links too.
const SCROLLERS = [".film", ".steps", ".below .table"];
let going = 0;

async function go(url, push) {
  const turn = ++going;
  const answer = await fetch(url).catch(() => null);
  if (turn !== going) return;
  if (!answer?.ok) { location.href = url; return; }
  const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("review");
  if (turn !== going || !next) return;
  const old = document.getElementById("review");
  const places = SCROLLERS.map((name) => old.querySelector(name)).map((one) => [one?.scrollLeft, one?.scrollTop]);
  const tab = old.querySelector(".tabs [aria-current]")?.textContent;
  old.replaceWith(next);
  SCROLLERS.forEach((name, at) => {
    const one = next.querySelector(name);
    if (one) [one.scrollLeft, one.scrollTop] = places[at].map((place) => place ?? 0);
  });
  if (tab !== next.querySelector(".tabs [aria-current]")?.textContent) next.querySelector(".below .table").scrollTop = 0;
  if (push) history.pushState(null, "", url);
  show(next);
}

function show(root) {
  for (const name of [".steps [aria-current]", ".film [aria-current]", ".below tr.here"]) {
    const one = root.querySelector(name);
    const box = one?.closest(SCROLLERS.join());
    if (!box) continue;
    const [a, b] = [one.getBoundingClientRect(), box.getBoundingClientRect()];
    if (a.top < b.top || a.bottom > b.bottom) box.scrollTop += a.top - b.top - b.height / 3;
    if (a.left < b.left || a.right > b.right) box.scrollLeft += a.left - b.left - b.width / 3;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-go]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  // An SVG link's href is an object of its own.
  go(new URL(link.getAttribute("href"), location.href).href, true);
});

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || event.target.closest("input, textarea")) return;
  if (/^[a-z]$/.test(event.key)) document.querySelector(`a[data-key="${event.key}"]`)?.click();
});

addEventListener("popstate", () => go(location.href, false));
show(document);

// A live session goes on being written: look again while nobody has chosen a moment.
setInterval(() => {
  const live = document.getElementById("review")?.dataset.status === "live";
  if (live && !document.hidden && !location.search.includes("at=")) go(location.href, false);
}, 3000);
