// BullMQ's processing rate: no-op jobs, no limits of any sort, one process, as its own guide has it.
//
//   node bullmq.mjs HOST PORT JOBS CONCURRENCY,CONCURRENCY,…     prints one line of JSON
//
// The jobs are added first (in bulk), then workers take them to the end; only that part is timed.
// The server must be empty and is flushed after each setting: the script that starts it owns it.
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";

const [host, port, jobsText, settingsText] = process.argv.slice(2);
const jobs = Number(jobsText);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };
// As long as the bench's own actions: 100 bytes of JSON.
const data = { account: "acct-0000001", kind: "like", priority: 5, target: `post:${"0".repeat(34)}` };

async function rate(concurrency) {
  const queue = new Queue("peer", { connection });
  const adding = performance.now();
  for (let at = 0; at < jobs; at += 1000) {
    const size = Math.min(1000, jobs - at);
    await queue.addBulk(Array.from({ length: size }, () => ({ name: "like", data })));
  }
  const added = performance.now();
  let left = jobs;
  const worker = new Worker("peer", async () => {}, { connection, concurrency, autorun: false });
  const done = new Promise((resolve, reject) => {
    worker.on("completed", () => --left === 0 && resolve());
    worker.on("failed", (_, error) => reject(error));
    worker.on("error", reject);
  });
  await worker.waitUntilReady();
  const started = performance.now();
  worker.run().catch(() => {});
  await done;
  const ended = performance.now();
  await worker.close();
  await queue.close();
  return {
    concurrency,
    jobs_per_s: jobs / ((ended - started) / 1000),
    add_bulk_per_s: jobs / ((added - adding) / 1000),
  };
}

const redis = new Redis(connection);
if ((await redis.dbsize()) > 0) {
  console.error("this Redis holds keys already; a comparison starts one of its own");
  process.exit(3);
}
const settings = [];
for (const concurrency of settingsText.split(",").map(Number)) {
  settings.push(await rate(concurrency));
  await redis.flushall();
}
await redis.quit();
const best = settings.reduce((a, b) => (b.jobs_per_s > a.jobs_per_s ? b : a));
const { version } = JSON.parse(
  await (await import("node:fs/promises")).readFile(
    new URL("./node_modules/bullmq/package.json", import.meta.url), "utf8"));
console.log(JSON.stringify({ version, jobs, best, settings }));
process.exit(0);
