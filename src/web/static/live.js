// Keeps a page fresh without losing where the reader is: replaces the parts marked `data-swap`
// that have changed, by their id. The server has escaped everything; DOMParser runs no scripts.
const { live, poll } = document.body.dataset;
const link = document.getElementById("link");

function swap(html) {
  const next = new DOMParser().parseFromString(html, "text/html");
  for (const part of next.querySelectorAll("[data-swap]")) {
    const old = document.getElementById(part.id);
    // What somebody has ticked or opened stays as it is.
    if (old?.querySelector("input:checked, details[open]")) continue;
    if (!old || old.isEqualNode(part) || old.contains(document.activeElement?.closest("form"))) continue;
    const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    old.replaceWith(part);
    if (focused) part.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
}

function say(state, words) {
  if (!link) return;
  link.dataset.state = state;
  link.textContent = words;
}

if (live) {
  let stream;
  const open = () => {
    if (stream || document.hidden) return;
    stream = new EventSource(live);
    stream.onopen = () => say("live", "live");
    stream.onerror = () => say("lost", "reconnecting");
    stream.onmessage = (event) => swap(event.data);
  };
  // A hidden page asks for nothing.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { stream?.close(); stream = null; say("still", "resting"); } else open();
  });
  open();
} else if (poll) {
  const look = async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
    if (answer?.ok) swap(await answer.text());
  };
  setInterval(look, Number(poll) * 1000);
}
