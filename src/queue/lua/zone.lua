-- zone.lua: local days and active hours, from the packed table of an account's zone.
--
-- <prefix>tz:<zone>  string of 20-byte records, one a local day: 13 digits UTC ms of its start,
--   4 digits the minute after that start at which its clocks change (9999: they do not), 3 digits
--   by how many minutes, plus 500. A day without a table has no limits that could be trusted, so
--   nothing may be claimed in it.
--
-- A day is { start ms, end ms, minute of the change, minutes of the change }.

local lookup, day, stretches, opening, is_within
do
function lookup(zone, t)
  local key = K .. 'tz:' .. (zone or '')
  local first = tonumber(call('GETRANGE', key, 0, 12))
  if not first or t < first then return nil end
  -- Days of 23 or 25 hours put the guess off by one at most.
  local from = max(0, floor((t - first) / 86400000) - 1) * 20
  local raw = call('GETRANGE', key, from, from + 99)
  for p = 0, 60, 20 do
    local start, stop = tonumber(raw:sub(p + 1, p + 13)), tonumber(raw:sub(p + 21, p + 33))
    if start and stop and start <= t and t < stop then
      return { start, stop, num(raw:sub(p + 14, p + 17)), num(raw:sub(p + 18, p + 20)) - 500 }
    end
  end
  return nil
end

-- The account's local day that holds `t`; today's is kept in the account's field `y`.
function day(A, t)
  local known = A.f.y
  if known and known[1] <= t and t < known[2] then return known end
  known = A.far
  if known and known[1] <= t and t < known[2] then return known end
  local found = lookup(A.f.tz, t)
  if found and found[1] <= now and now < found[2] then
    put(A, 'y', found)
  elseif found then
    A.far = found
  end
  return found
end

-- What the clock on the wall shows `e` minutes after the start of day `d`, in minutes.
local function wall(d, e)
  return e >= d[3] and e + d[4] or e
end

-- Active hours ("510-1320 …") as a list of { from, to }, in minutes of the day.
function stretches(hours)
  local out = {}
  for from, to in gmatch(hours, '(%d+)-(%d+)') do
    out[#out + 1] = { tonumber(from), tonumber(to) }
  end
  return out
end

local function inside(hours, minute)
  for _, h in ipairs(hours) do
    local from, to = h[1], h[2]
    if from < to then
      if minute >= from and minute < to then return true end
    elseif minute >= from or minute < to then
      return true
    end
  end
  return false
end

-- Whether the plan's hours are open at `t` of day `d`: the same all through a minute, and asked
-- again and again in it.
function is_within(P, d, t)
  local minute = t - (t - d[1]) % 60000
  if P.minute ~= minute or P.start ~= d[1] or P.turns ~= d[3] or P.by ~= d[4] then
    P.minute, P.start, P.turns, P.by = minute, d[1], d[3], d[4]
    P.within = inside(P.hours, wall(d, floor((t - d[1]) / 60000)))
  end
  return P.within
end

-- The earliest instant from `t` on, within day `d`, at which the account's hours are open; the
-- day's end when there is none.
function opening(hours, d, t)
  local e, best = floor((t - d[1]) / 60000), d[2]
  if inside(hours, wall(d, e)) then return t end
  for _, h in ipairs(hours) do
    -- A stretch opens when the wall shows its beginning, before or after the change, or at it.
    for _, c in ipairs({ h[1], h[1] - d[4], d[3] }) do
      local at = d[1] + c * 60000
      if c > e and at < best and inside(hours, wall(d, c)) then best = at end
    end
  end
  return best
end
end
