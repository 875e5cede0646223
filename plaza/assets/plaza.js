// What every page does: tells its time zone, shows full times on hover, remembers the last visit,
// and lets the live region fall silent again.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `plaza_tz=${zone}; Path=/; SameSite=Lax; Max-Age=31536000`;

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = format.format(new Date(time.dateTime));
}

try {
  localStorage.setItem("plaza.lastVisit", new Date().toISOString());
  const post = document.querySelector("article.post")?.dataset.post;
  if (post) localStorage.setItem("plaza.lastPost", post);
} catch {
  // Storage may be shut; nothing here needs it.
}

const status = document.getElementById("status");
let quiet;

/** Says `words` in the live region, for a while. */
export function say(words) {
  clearTimeout(quiet);
  status.textContent = words;
  quiet = setTimeout(() => { status.textContent = ""; }, 6000);
}

if (status?.textContent) say(status.textContent);

const said = document.getElementById("message-list");
if (said) said.scrollTop = said.scrollHeight;
