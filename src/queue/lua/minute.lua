-- minute.lua: what is counted by the minute of an origin's ceilings (ceiling.lua).
--
-- What was charged may be done up to 5 s later, so it counts for a minute and 5 s: in no minute was
-- more done than the origin says.

local MINUTE = { rings = { 'r', 'n', 's' }, counts = 65000 }
local slice, fill_ceiling
do
function MINUTE.origin(name)
  local known = 'ceil:' .. name
  if accounts[known] == nil then accounts[known] = open(K .. known) or false end
  return accounts[known]
end

-- How many a ring counts at `t`, and from when on fewer than `most`.
function MINUTE.charged(C, name, t, most)
  local ring, sum = {}, 0
  for second, n in gmatch(C.f['C' .. name] or '', '(%d+)=(%d+)') do
    local till = (second + 1) * 1000 + MINUTE.counts
    if till > t then
      ring[#ring + 1] = { till, tonumber(n) }
      sum = sum + n
    end
  end
  local left, till = sum, most > 0 and t or NEVER
  for _, one in ipairs(most > 0 and ring or {}) do
    if left < most then break end
    left, till = left - one[2], one[1]
  end
  return sum, till
end

-- Counts `by` in the second of `at`; what counts no more is let go.
function MINUTE.count(C, name, at, by)
  local second, words, found = floor(at / 1000), {}, false
  for s, n in gmatch(C.f['C' .. name] or '', '(%d+)=(%d+)') do
    s, n = tonumber(s), tonumber(n)
    if s == second then n, found = n + by, true end
    local till = (s + 1) * 1000 + MINUTE.counts
    if n > 0 and till > now then words[#words + 1] = fmt('%d=%d', s, n) end
  end
  if not found and by > 0 then words[#words + 1] = fmt('%d=%d', second, by) end
  put(C, 'C' .. name, words[1] and table.concat(words, ' ') or nil)
end

-- Whether a kind commits there.
function MINUTE.commits(C, kind)
  return find(' ' .. (C.f.e or '') .. ' ', ' ' .. kind .. ' ', 1, true)
end

-- Charges up to `many` of what is counted by the minute; returns how many it granted and how long
-- to wait for one more. A twentieth at once: what a worker does not use in 5 s is lost.
function slice(A, ring, many)
  local C = A.f.og and MINUTE.origin(A.f.og)
  if not C then return A.f.og and 0 or many, 1000 end
  local most = C.f['m' .. ring]
  if not most then return many, 0 end
  local sum, till = MINUTE.charged(C, ring, now, most)
  local granted = math.max(0, min(many, most - sum, max(1, floor(most / 20))))
  if granted > 0 then MINUTE.count(C, ring, now, granted) end
  return granted, min(till - now, HOUR)
end

-- A Redis that has forgotten cannot tell what was done in the last minute: as if it were all.
function fill_ceiling(C)
  for _, ring in ipairs(MINUTE.rings) do
    if C.f['m' .. ring] then MINUTE.count(C, ring, now, C.f['m' .. ring]) end
  end
end
end
