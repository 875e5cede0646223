// Buttons and composers without leaving the page. Each form also works without this file.
import { say } from "./plaza.js";

async function post(url, body) {
  let answer;
  try {
    answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
  } catch {
    say("No answer from Plaza. It may or may not have worked; reload to see.");
    return null;
  }
  const state = answer.headers.get("x-plaza-state");
  if (state === "signed_out" || state === "challenge" || state === "banned") {
    location.reload();
    return null;
  }
  if (answer.status === 429) {
    say(`Slow down a little. Try again in ${answer.headers.get("retry-after") ?? "a few"} seconds.`);
    return null;
  }
  const told = await answer.json().catch(() => null);
  if (!answer.ok || !told) {
    say(told?.error ?? "That did not work. Try again in a little while.");
    return null;
  }
  return told;
}

function turn(button, isOn) {
  const { on, off, base } = button.dataset;
  button.setAttribute("aria-pressed", String(isOn));
  const name = isOn ? on : off;
  if ("words" in button.dataset) button.textContent = name;
  else button.setAttribute("aria-label", name);
  button.setAttribute("formaction", base + name.toLowerCase());
}

async function act(form, button) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const told = await post(button.getAttribute("formaction"));
  button.removeAttribute("aria-busy");
  if (!told) return;
  if (button.dataset.base) turn(button, button.getAttribute("aria-pressed") !== "true");
  const likes = form.closest("[data-post]")?.querySelector("[data-likes]");
  if (likes && told.likes !== null) {
    likes.textContent = told.likes;
    likes.nextSibling.data = told.likes === 1 ? " like" : " likes";
  }
  say(told.status);
}

function line(told, text, kind) {
  const item = document.createElement("li");
  item.id = (kind === "comment" ? "c" : "d") + told.id;
  const words = document.createElement(kind === "comment" ? "span" : "p");
  words.className = "text";
  words.textContent = text;
  const time = document.createElement("time");
  time.dateTime = told.at;
  time.textContent = "just now";
  if (kind === "message") {
    item.className = "mine";
    const author = document.createElement("span");
    author.className = "hidden author";
    author.textContent = told.me.name;
    item.append(author, words, time);
    return item;
  }
  const face = new Image(32, 32);
  face.className = "avatar";
  face.alt = "";
  face.src = `/art/avatar/${told.me.username}.svg`;
  const author = document.createElement("a");
  author.className = "author";
  author.href = `/m/${told.me.username}`;
  author.textContent = told.me.username;
  const said = document.createElement("p");
  said.append(author, " ", words);
  const box = document.createElement("div");
  box.append(said, time);
  item.append(face, box);
  return item;
}

async function write(form) {
  const field = form.elements.text;
  const button = form.querySelector("button");
  const text = field.value;
  if (!text.trim() || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const told = await post(form.action, new URLSearchParams({ text }));
  button.removeAttribute("aria-busy");
  if (!told) return;
  const kind = form.dataset.write;
  const list = document.getElementById(`${kind}-list`);
  const item = line(told, text, kind);
  list.append(item);
  list.parentElement.querySelector(".none")?.remove();
  item.scrollIntoView({ block: "nearest" });
  field.value = "";
  say(told.status);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("act" in form.dataset && event.submitter) {
    event.preventDefault();
    act(form, event.submitter);
  } else if ("write" in form.dataset) {
    event.preventDefault();
    write(form);
  }
});
