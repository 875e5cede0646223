// The story viewer: turns frames in place, fills the bars, and moves on by itself.

const FRAME_MS = 6000;
const story = document.querySelector(".story");
const frames = [...story.querySelectorAll("figure")];
const bars = [...story.querySelectorAll(".bars li")];
let shown = Math.max(0, frames.findIndex((frame) => !frame.hidden));
let filling;

function leave(to) {
  filling?.cancel();
  location.assign(to);
}

function show(number) {
  if (number >= frames.length) return leave(story.dataset.after);
  shown = Math.max(0, number);
  frames.forEach((frame, place) => { frame.hidden = place !== shown; });
  bars.forEach((bar, place) => { bar.className = place < shown ? "past" : ""; });
  filling?.cancel();
  filling = bars[shown].firstElementChild.animate(
    [{ width: "0%" }, { width: "100%" }],
    { duration: FRAME_MS, fill: "forwards" },
  );
  filling.onfinish = () => show(shown + 1);
}

const turns = {
  next: () => show(shown + 1),
  previous: () => show(shown - 1),
  close: () => leave("/"),
};

story.addEventListener("submit", (event) => {
  event.preventDefault();
  turns[event.submitter?.value]?.();
});

document.addEventListener("keydown", (event) => {
  const keys = { ArrowRight: "next", ArrowLeft: "previous", Escape: "close" };
  turns[keys[event.key]]?.();
});

story.addEventListener("pointerdown", () => filling?.pause());
story.addEventListener("pointerup", () => filling?.play());
story.addEventListener("pointercancel", () => filling?.play());
document.addEventListener("visibilitychange", () => {
  if (document.hidden) filling?.pause();
  else filling?.play();
});

show(shown);
