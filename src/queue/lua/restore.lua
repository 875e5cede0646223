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

-- What counts in one field: all windows that are open as one, until the last of them ends.
local function count_in(field, window, n)
  if window <= now then return end
  local sum = sums[field] or { 0, 0 }
  sums[field] = { math.max(sum[1], window), sum[2] + n }
end

local function raise(o)
  for field, sum in pairs(sums) do
    local c, window, n = counter(o, field), sum[1], sum[2]
    if c and c[1] > now then window, n = math.max(window, c[1]), math.max(n, c[2]) end
    local more = n - count(o, field, window)
    if more > 0 then
      bump(o, field, window, more)
      raised = raised + 1
    end
  end
end

local function later(A, field, at)
  if at <= num(A.f[field]) then return end
  put(A, field, text(at))
  raised = raised + 1
end

if ARGV[1] == '' then
  for i = 2, #ARGV, 3 do count_in(ARGV[i], num(ARGV[i + 1]), num(ARGV[i + 2])) end
  raise(global())
  save(global())
  return raised
end

local A = account(ARGV[1])
local is_gone = not A
if is_gone then
  -- It was removed. Taken up again, it has not a second quota.
  A = open(K .. 'a:' .. ARGV[1], true)
  A.id, accounts[ARGV[1]] = ARGV[1], A
  put(A, 'st', 'gone')
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
  count_in('D', day_end, n)
  count_in('d:' .. kind, day_end, n)
  count_in('H', hour_end, n)
  count_in('h:' .. kind, hour_end, n)
  later(A, 'l:' .. kind, last > 0 and last or now)
  later(A, 'tat', num(ARGV[i + 5]))
end
raise(A)
if is_gone then
  save(A)
  call('PEXPIRE', A.key, 2 * 86400000)
else
  reindex(A)
end
return raised
