// The feed of reference.html, and what it writes down.
const kept = [];
for (let n = 0; n < 20000; n++) kept.push({ n, name: `object ${n}`, of: [n, n + 1] });
const feed = document.getElementById("feed");
for (let n = 1; n <= 150; n++) {
  const post = document.createElement("article");
  const words = Array.from({ length: 40 }, (_, at) => `word${(n * 7 + at * 13) % 97}`).join(" ");
  post.innerHTML = `<h2>Post ${n}</h2><img loading="lazy" alt="Picture ${n}"
    src="/art/post/${(n - 1) % 24 + 1}.svg"><p>${words}</p><button>Like</button>`;
  feed.append(post);
}
const seen = [];
const note = (event) => {
  seen.push([event.type, event.timeStamp]);
  document.getElementById("inputs").dataset.seen = JSON.stringify(seen);
};
for (const type of ["mousedown", "mouseup", "keydown", "keyup"]) {
  addEventListener(type, note, { capture: true });
}
globalThis.kept = kept;
document.title = "Reference feed";
