-- restore.lua: raises counters to what the books say was taken. It never lowers one: repeated, it
-- changes nothing.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1]   account; empty: the fleet's own caps
-- ARGV[2…]  of an account, for each kind and pair of windows:
--             kind, day's end, hour's end, how many, last use ms (0: it may still run), burst ms
--           of the fleet, for each window: `d` or `h`, its end, how many
--
-- Returns   how many were raised
local raised, sums = 0, {}

-- What counts in one counter: all windows that are open as one, until the last of them ends. `of`
-- is a kind, or empty for all.
local function count_in(of, at, window, n)
  if window <= now then return end
  local name = at .. of
  local sum = sums[name] or { of = of, at = at, window = 0, n = 0 }
  sum.window, sum.n = max(sum.window, window), sum.n + n
  sums[name] = sum
end

local function raise(counters)
  for _, sum in pairs(sums) do
    local c, at, window, n = counters(sum.of), sum.at, sum.window, sum.n
    if c[at] > now then window, n = max(window, c[at]), max(n, c[at + 1]) end
    local more = n - count(c, at, window)
    if more > 0 then
      bump(c, at, window, more)
      raised = raised + 1
    end
  end
end

local function later(was, at)
  if at <= was then return was end
  raised = raised + 1
  return at
end

if ARGV[1] == '' then
  for i = 2, #ARGV, 3 do
    count_in('', ARGV[i] == 'd' and DAY or HOURLY, num(ARGV[i + 1]), num(ARGV[i + 2]))
  end
  raise(fleet_counters)
  return raised
end

local A = account(ARGV[1])
local is_gone = not A
if is_gone then
  -- It was removed. Taken up again, it has not a second quota.
  A = new_account(ARGV[1])
  put(A, 'st', 'gone')
  put(A, 'keep', 2 * 86400000)
end

-- A window ends with the one that holds its last moment where the account is at home by now.
local function at_home(window, is_hour)
  local d = A.f.tz and lookup(A.f.tz, window - 1)
  if not d then return window end
  if not is_hour then return d[2] end
  return math.min(d[1] + (floor((window - 1 - d[1]) / HOUR) + 1) * HOUR, d[2])
end

for i = 2, #ARGV, 6 do
  local kind, n, last = ARGV[i], num(ARGV[i + 3]), num(ARGV[i + 4])
  local day_end, hour_end = at_home(num(ARGV[i + 1])), at_home(num(ARGV[i + 2]), true)
  count_in('', DAY, day_end, n)
  count_in(kind, DAY, day_end, n)
  count_in('', HOURLY, hour_end, n)
  count_in(kind, HOURLY, hour_end, n)
  local c = own_counters(A, kind)
  c[LAST_USE] = later(c[LAST_USE], last > 0 and last or now)
  A.f.tat = later(A.f.tat or 0, num(ARGV[i + 5]))
end
raise(function(kind) return kind == '' and touch(A).c or own_counters(A, kind) end)
if not is_gone then reindex(A) end
return raised
