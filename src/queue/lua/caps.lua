-- caps.lua: what is counted, and the caps on it.
--
-- Counters are lists { day's end, count, told, hour's end, count, told, last use }: an account's
-- `c` counts all kinds, and it has one for each; the fleet's `c` all. Each count carries its own
-- window, so that none needs resetting; `told` is the highest alarm of that window. They are
-- charged when work is claimed, never when it is done: what was performed can only be less.

local DAY, HOURLY, LAST_USE = 1, 4, 7
local CAPS = {}

-- What the counter `c` (at DAY or HOURLY) has counted in the window that ends then.
local function count(c, at, window)
  return c[at] == window and c[at + 1] or 0
end

-- Where the day and the hour that hold `t` end. An open window stays open until its end, also when
-- the account has moved to another zone meanwhile.
local function windows(A, t)
  local d = day(A, t)
  if not d then return nil end
  local c = A.f.c
  local de, he = c[DAY], c[HOURLY]
  if t >= de then de = d[2] end
  if t >= he then he = min(d[1] + (floor((t - d[1]) / HOUR) + 1) * HOUR, d[2]) end
  return de, he
end

local function fleet_windows(t)
  return t - t % 86400000 + 86400000, t - t % HOUR + HOUR
end

local caps
do
local function cap(n, most, code, c, at, window)
  if not most then return n end
  CAPS[n + 1], CAPS[n + 2], CAPS[n + 3], CAPS[n + 4], CAPS[n + 5] = code, c, at, window, most
  return n + 5
end

-- Writes every cap on `kind` at `t` into CAPS, five values each (code, counter, DAY or HOURLY,
-- window's end, most), and returns how many values; nil where the day is not known.
function caps(A, kind, t)
  local de, he = windows(A, t)
  if not de then return nil end
  local P, G = plan(A), global().f
  local L = limit(P, kind)
  local c, k = A.f.c, counters_of(A, kind)
  local n = cap(0, P.dcap, 'daily_cap', c, DAY, de)
  n = cap(n, P.hcap, 'hourly_cap', c, HOURLY, he)
  n = cap(n, L.dk, 'kind_daily_cap', k, DAY, de)
  n = cap(n, L.hk, 'kind_hourly_cap', k, HOURLY, he)
  if not (G.dmax or G.hmax) then return n end
  local g, gd, gh = G.c or UNUSED, fleet_windows(t)
  n = cap(n, G.dmax, 'global_daily_cap', g, DAY, gd)
  return cap(n, G.hmax, 'global_hourly_cap', g, HOURLY, gh)
end
end

-- The later of `t` and `till`, if that comes after `from`; then also a row of it in `out`.
local function gate(t, from, out, code, till, used, most)
  if till <= from then return t end
  if out then out[#out + 1] = { code, till, used or -1, most or -1 } end
  return max(t, till)
end
