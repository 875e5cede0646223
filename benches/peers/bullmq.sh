#!/usr/bin/env bash
# Compares Walkon's claim + finish, every limit on, with BullMQ's processing rate, no limit on: the
# same number of jobs, on one Redis that writes each command to disk, one after the other.
#
#   benches/peers/bullmq.sh            prints a table and, last, one line of JSON
#   JOBS=20000 ACCOUNTS=1000 WORKERS=64 CONCURRENCY=50,100,500 WALKON=target/release/walkon
#
# The Redis is started here, in a folder of its own, and stopped at the end. Nothing else is used.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
jobs=${JOBS:-20000}
accounts=${ACCOUNTS:-1000}
workers=${WORKERS:-64}
concurrency=${CONCURRENCY:-50,100,200,500}
walkon=${WALKON:-$root/target/release/walkon}

for tool in node npm redis-server redis-cli; do
  command -v "$tool" >/dev/null || { echo "error: \`$tool\` is missing; install it" >&2; exit 5; }
done
if [ ! -x "$walkon" ]; then
  echo "error: there is no $walkon; run \`cargo build --release\`, or name a binary by WALKON" >&2
  exit 5
fi
[ -d node_modules/bullmq ] || npm ci --no-audit --no-fund --ignore-scripts --silent

folder=$(mktemp -d)
port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{
  console.log(s.address().port);s.close()})')
redis-server --bind 127.0.0.1 --port "$port" --dir "$folder" --save "" --appendonly yes \
  --appendfsync always --auto-aof-rewrite-percentage 0 --maxmemory-policy noeviction \
  --logfile "$folder/log" &
redis=$!
trap 'kill "$redis" 2>/dev/null; wait "$redis" 2>/dev/null; rm -rf "$folder"' EXIT
cli() { redis-cli -h 127.0.0.1 -p "$port" "$@"; }
for _ in $(seq 100); do
  [ "$(cli ping 2>/dev/null)" = PONG ] && break
  sleep 0.1
done

bullmq=$(node bullmq.mjs 127.0.0.1 "$port" "$jobs" "$concurrency")
cli flushall >/dev/null
ours=$("$walkon" --json --url "redis://127.0.0.1:$port" bench queue \
  --accounts "$accounts" --actions "$jobs" --workers "$workers")

BULLMQ=$bullmq OURS=$ours node -e '
  const bullmq = JSON.parse(process.env.BULLMQ), walkon = JSON.parse(process.env.OURS);
  const ratio = walkon.cycles_per_s / bullmq.best.jobs_per_s;
  const row = (name, value) => console.log(name.padEnd(44) + value);
  for (const s of bullmq.settings)
    row(`BullMQ ${bullmq.version}, concurrency ${s.concurrency}`, s.jobs_per_s.toFixed(0) + " jobs/s");
  row(`Walkon, ${walkon.workers} slots, every limit on`, walkon.cycles_per_s.toFixed(0) + " cycles/s");
  row("ratio", ratio.toFixed(2));
  const load = require("os").loadavg()[0];
  console.log(JSON.stringify({ ratio, load, cores: require("os").cpus().length, bullmq, walkon }));
'
