-- ring.lua: counts of the last hour and of the last day, wherever they begin.
--
-- Fields of an account: Rh Rd (all kinds) and Rh:<kind> Rd:<kind>, each a ring of buckets, oldest
-- first, as `<bucket>=<count> …`: of five minutes for an hour's, of an hour for a day's. At any
-- instant all buckets are counted that its hour or day touches, the oldest in full: never less than
-- was done in it, and 13 or 25 numbers at most.

local rolls_of, ring_at, turn
do
local WIDTHS = { Rh = { 300000, 12 }, Rd = { HOUR, 24 } }
local CODES = { Rh = 'hourly_rolling_cap', Rd = 'daily_rolling_cap' }

-- The plan's rolling caps on a kind: { ring, most, code }.
function rolls_of(P, kind)
  if not P.rolls then P.rolls = {} end
  local rolls = P.rolls[kind]
  if not rolls then
    rolls = {}
    for _, name in ipairs({ 'Rh', 'Rd' }) do
      local field = string.lower(name)
      local all, own = tonumber(P.f[field]), tonumber(P.f[field .. ':' .. kind])
      if all then rolls[#rolls + 1] = { name, all, CODES[name] } end
      if own then rolls[#rolls + 1] = { name .. ':' .. kind, own, 'kind_' .. CODES[name] } end
    end
    P.rolls[kind] = rolls
  end
  return rolls
end

-- A ring's buckets, of those that count at `t`, with their sum, width and number.
function ring_at(A, name, t)
  local width, many = unpack(WIDTHS[string.sub(name, 1, 2)])
  local out, sum, first = {}, 0, floor(t / width) - many
  for bucket, n in string.gmatch(A.f[name] or '', '(%d+)=(%d+)') do
    bucket, n = tonumber(bucket), tonumber(n)
    if bucket >= first then
      out[#out + 1] = { bucket, n }
      sum = sum + n
    end
  end
  return out, sum, width, many
end

-- Counts `by` in a ring's bucket of the instant `at`, and lets go of what counts no more.
function turn(A, name, at, by)
  local ring, _, width = ring_at(A, name, now)
  local bucket, words, found = floor(at / width), {}, false
  for _, pair in ipairs(ring) do
    if pair[1] == bucket then pair[2], found = math.max(0, pair[2] + by), true end
  end
  if not found and by > 0 then ring[#ring + 1] = { bucket, by } end
  for _, pair in ipairs(ring) do
    if pair[2] > 0 then words[#words + 1] = fmt('%d=%d', pair[1], pair[2]) end
  end
  put(A, name, words[1] and table.concat(words, ' ') or nil)
end
end
