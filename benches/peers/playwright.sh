#!/usr/bin/env bash
# Compares a like on Plaza by Walkon with the same steps by Playwright, on the same Chromium and the
# same host, one after the other; and the memory of the two processes with ten browsers at once.
#
#   benches/peers/playwright.sh        prints a table and, last, one line of JSON
#   LIKES=30 SESSIONS=10 CHROMIUM=/usr/lib/chromium/chromium-headless-shell WALKON=target/release/walkon
#
# Plaza is started here, for Playwright, and stopped at the end; Walkon's bench starts its own.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
likes=${LIKES:-30}
sessions=${SESSIONS:-10}
chromium=${CHROMIUM:-/usr/lib/chromium/chromium-headless-shell}
walkon=${WALKON:-$root/target/release/walkon}

for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "error: \`$tool\` is missing; install it" >&2; exit 5; }
done
if [ ! -x "$walkon" ]; then
  echo "error: there is no $walkon; run \`cargo build --release\`, or name a binary by WALKON" >&2
  exit 5
fi
[ -x "$chromium" ] || { echo "error: there is no $chromium; name one by CHROMIUM" >&2; exit 5; }
[ -d node_modules/playwright-core ] || npm ci --no-audit --no-fund --ignore-scripts --silent

folder=$(mktemp -d)
"$walkon" plaza --listen 127.0.0.1:0 --control 127.0.0.1:0 >"$folder/plaza" &
plaza=$!
trap 'kill "$plaza" 2>/dev/null; wait "$plaza" 2>/dev/null; rm -rf "$folder"' EXIT
for _ in $(seq 100); do
  grep -q "is open" "$folder/plaza" && break
  sleep 0.1
done
url=$(sed -n 's/^plaza is open: //p' "$folder/plaza")

theirs=$(node playwright.mjs "$chromium" "$url" "$likes" "$sessions")
memory=$(PART=memory node playwright.mjs "$chromium" "$url" "$likes" "$sessions")
ours=$(cd "$root" && WALKON__BROWSER__PATH=$chromium "$walkon" --json bench browser \
  --likes "$likes" --sessions "$sessions" ${ACCOUNTS:+--accounts "$ACCOUNTS"})

THEIRS=$theirs MEMORY=$memory OURS=$ours node -e '
  const theirs = { ...JSON.parse(process.env.THEIRS), ...JSON.parse(process.env.MEMORY) };
  const walkon = JSON.parse(process.env.OURS);
  const ratios = {
    like: walkon.like_ms / theirs.like_ms,
    like_recorded: walkon.like_recorded_ms / theirs.like_ms,
    memory: walkon.worker_rss_mib / theirs.worker_rss_mib,
  };
  const row = (name, value) => console.log(name.padEnd(52) + value);
  row("Playwright, a like", theirs.like_ms.toFixed(1) + " ms");
  row("Walkon, a like, gate on, recording off", walkon.like_ms.toFixed(1) + " ms");
  row("Walkon, a like, gate and recording on", walkon.like_recorded_ms.toFixed(1) + " ms");
  row("Playwright, its process with ten browsers", theirs.worker_rss_mib.toFixed(1) + " MiB");
  row("Walkon, the worker with ten browsers", walkon.worker_rss_mib.toFixed(1) + " MiB");
  for (const [name, ratio] of Object.entries(ratios)) row(`ratio: ${name}`, ratio.toFixed(2));
  const load = require("os").loadavg()[0];
  console.log(JSON.stringify({ ratios, load, cores: require("os").cpus().length, theirs, walkon }));
'
