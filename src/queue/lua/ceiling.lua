-- ceiling.lua: what an origin lets the whole fleet do there by browser: its grant's `limits`.
--
-- ceil:<origin>  map: mr mn ms the most requests, navigations, commits in a minute; mc browsers at
--                once; ma accounts in a day; e the kinds that commit; w:<kind> its hours of UTC;
--                Cr Cn Cs what was charged, `<second>=<count> …`, oldest first
-- ses:<origin>   zset of accounts with a browser there, by until when (NEVER: as long as its lease)
-- who:<origin>   zset of accounts that were let act there, by when last
--
-- Fields of an account: og its origin, where that has such a map; ob where its browser is counted.
-- Of an action: ce when its commit was charged.
--
-- A commit is charged by its claim, and moved to when it begins (origin.lua). Requests are charged
-- in slices, before they are made (minute.lua).

local ceiling
do
local ONE_DAY = 86400000
local WORDS = { r = 'requests a minute', n = 'navigations a minute', s = 'commits a minute' }

-- The earliest instant from `t` on that lies in hours of UTC.
local function opens(hours, t)
  local midnight, best = floor(t / ONE_DAY) * ONE_DAY, NEVER
  for from, to in gmatch(hours, '(%d+)-(%d+)') do
    from, to = from * 60000, to * 60000
    local length = from < to and to - from or to - from + ONE_DAY
    for day = -1, 1 do
      local at = midnight + day * ONE_DAY + from
      if t < at + length then best = min(best, max(t, at)) end
    end
  end
  return best
end

-- When an account that stands before a full ceiling asks again. All of a site's do, so the more
-- they are the later each: a hundred a second, all together.
local function again_at(A, till)
  local many = num(call('HGET', K .. 'sn', A.f.si or ''))
  local chance = tonumber(sub(redis.sha1hex(A.id .. stamp()), 1, 6), 16)
  return till + 250 + chance % max(1, many * 10)
end

-- The later of `t` and `till`, as `gate`, with words.
local function shut(t, from, out, code, till, used, most, words)
  t = gate(t, from, out, code, till, used, most)
  if out and till > from then out[#out][5] = words end
  return t
end

-- The earliest instant from `from` on at which the account's origin lets it begin work of a kind by
-- a class; with `out` also a row for whatever is shut, as `limits`.
function ceiling(A, class, kind, reads, from, out)
  local name = A.f.og
  if class ~= 'browser' or not name then return from end
  local C, t = MINUTE.origin(name), from
  -- A Redis that has forgotten it: better not at all than beyond it.
  if not C then return shut(t, from, out, 'rate_ceiling', NEVER, nil, nil, name .. ': unknown') end
  local hours = C.f['w:' .. kind]
  if hours then t = shut(t, from, out, 'outside_window', opens(hours, from), nil, nil, name) end
  local function full(used, most, till, words)
    if used < most then return end
    till = till < NEVER and again_at(A, till) or till
    t = shut(t, from, out, 'rate_ceiling', till, used, most, name .. ': ' .. words)
  end
  for _, ring in ipairs(MINUTE.rings) do
    local most = C.f['m' .. ring]
    if most and (ring ~= 's' or not reads and MINUTE.commits(C, kind)) then
      local used, till = MINUTE.charged(C, ring, from, most)
      full(used, most, till, WORDS[ring])
    end
  end
  -- Browsers that will be there later are not known.
  if from > now then return t end
  if C.f.mc and num(call('ZSCORE', K .. 'ses:' .. name, A.id)) <= now then
    local there = call('ZCOUNT', K .. 'ses:' .. name, '(' .. stamp(), '+inf')
    full(there, C.f.mc, C.f.mc > 0 and now or NEVER, 'browsers at once')
  end
  local since = now - ONE_DAY
  if C.f.ma and num(call('ZSCORE', K .. 'who:' .. name, A.id)) <= since then
    local key, first = K .. 'who:' .. name, '(' .. text(since)
    local head = call('ZRANGEBYSCORE', key, first, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    local till = C.f.ma > 0 and num(head[2]) + ONE_DAY or NEVER
    full(call('ZCOUNT', key, first, '+inf'), C.f.ma, till, 'accounts in a day')
  end
  return t
end

-- The same from now on, its rows as explain.lua has them.
function MINUTE.rows(A, class, kind, reads, rows)
  local out = {}
  local at = ceiling(A, class, kind, reads, now, out)
  for _, row in ipairs(out) do
    row[6] = -1
    rows[#rows + 1] = row
  end
  return at
end
end
