// A like on Plaza by Playwright, and what its process takes with so many browsers at once.
//
//   node playwright.mjs CHROMIUM PLAZA LIKES SESSIONS     prints one line of JSON
//
// The steps are those of Walkon's `like`: go to the post, look for the headings that would mean a
// challenge or a block, see that it is not liked yet, read it, click, wait until it is liked. Every
// locator is by role and name, as in behaviors/plaza/like.toml. Nothing is traced or recorded.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [executablePath, plaza, likesText, sessionsText] = process.argv.slice(2);
const [likes, sessions] = [Number(likesText), Number(sessionsText)];
const WARM_UP = 3;
// Whom Walkon's own bench leaves alone.
const MEMBERS = ["eve", "fay", "gus", "hana", "ivo", "june", "ada", "ben", "cleo", "dan"];

async function open(member) {
  const browser = await chromium.launch({ executablePath, headless: true });
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 } });
  const page = await context.newPage();
  await page.goto(`${plaza}/signin`);
  await page.getByRole("textbox", { name: "Username" }).fill(member);
  await page.getByRole("textbox", { name: "Password" }).fill(`${member}-secret`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Main" }).waitFor();
  return { browser, page };
}

const is = (page, role, name) => page.getByRole(role, { name, exact: true }).count();

async function like(page, post) {
  await page.goto(`${plaza}/p/${post}`);
  for (const sign of ["Confirm it's you", "Your account has been suspended"]) {
    if (await is(page, "heading", sign)) throw new Error(sign);
  }
  if (await is(page, "button", "Unlike")) throw new Error(`post ${post} is liked already`);
  if (!(await is(page, "button", "Like"))) throw new Error("there is no button Like");
  await page.getByRole("main").innerText();
  await page.getByRole("button", { name: "Like", exact: true }).click();
  await page.getByRole("button", { name: "Unlike", exact: true }).waitFor();
}

async function times() {
  const { browser, page } = await open(MEMBERS[0]);
  const took = [];
  for (let post = 1; post <= WARM_UP + likes; post++) {
    const began = performance.now();
    await like(page, post);
    if (post > WARM_UP) took.push(performance.now() - began);
  }
  const version = browser.version();
  await browser.close();
  took.sort((a, b) => a - b);
  return { like_ms: took[Math.floor((took.length - 1) / 2)], browser_version: version };
}

const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;

// The most that this process takes while its sessions act side by side, as Walkon's bench has it.
async function memory() {
  const open_ = await Promise.all(MEMBERS.slice(0, sessions).map(open));
  let most = rss();
  const watch = setInterval(() => (most = Math.max(most, rss())), 50);
  await Promise.all(open_.map(async ({ page }) => {
    for (let post = 201; post <= 205; post++) await like(page, post);
  }));
  clearInterval(watch);
  await Promise.all(open_.map(({ browser }) => browser.close()));
  return most;
}

const mode = process.env.PART;
const out = mode === "memory" ? { worker_rss_mib: await memory() } : await times();
console.log(JSON.stringify(out));
