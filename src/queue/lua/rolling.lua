-- rolling.lua: caps on every hour and every day, wherever it begins.
--
-- Fields of an account: Rh Rd (all kinds) and Rh:<kind> Rd:<kind>, each a ring of buckets, oldest
-- first, as `<bucket>=<count> …`: of five minutes for an hour's, of an hour for a day's. At any
-- instant all buckets are counted that its hour or day touches, the oldest in full: never less than
-- was done in it, and 13 or 25 numbers at most. Of a plan: rh rd rh:<kind> rd:<kind>.
-- j:<id>  field ro: when what it took was counted, and in which rings

local rolling, is_rolled, roll, unroll, fill_rolls
do
local WIDTHS = { Rh = { 300000, 12 }, Rd = { HOUR, 24 } }
local CODES = { Rh = 'hourly_rolling_cap', Rd = 'daily_rolling_cap' }

-- The plan's rolling caps on a kind: { ring, most, code }.
local function rolls_of(P, kind)
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
local function ring_at(A, name, t)
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

-- The later of `t` and when each rolling cap that is full at `from` has room; as `gate`.
function rolling(A, P, kind, t, from, out)
  for _, roll in ipairs(rolls_of(P, kind)) do
    local name, most, code = unpack(roll)
    local ring, sum, width, many = ring_at(A, name, from)
    if sum >= most then
      local till, used = NEVER, sum
      for i = 1, most > 0 and #ring or 0 do
        till, sum = (ring[i][1] + many + 1) * width, sum - ring[i][2]
        if sum < most then break end
      end
      t = gate(t, from, out, code, till, used, most)
    end
  end
  return t
end

function is_rolled(A, kind, t)
  return rolling(A, plan(A), kind, t, t) > t
end

-- Counts `by` in a ring's bucket of the instant `at`, and lets go of what counts no more.
local function turn(A, name, at, by)
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

-- A claim takes one of each.
function roll(A, J)
  local names = {}
  for _, one in ipairs(rolls_of(plan(A), J.f.k)) do
    turn(A, one[1], now, 1)
    names[#names + 1] = one[1]
  end
  put(J, 'ro', names[1] and stamp() .. ' ' .. table.concat(names, ' ') or nil)
end

-- A Redis that has forgotten cannot tell when in the last day its accounts have acted: as if they
-- had done all they may just now.
function fill_rolls(A)
  local P = plan(A)
  for field, most in pairs(P and P.f or {}) do
    local ring, kind = match(field, '^r([hd])(:?.*)$')
    local name = ring and 'R' .. ring .. kind
    local _, sum = nil, 0
    if name then _, sum = ring_at(A, name, now) end
    if name and sum < most then turn(A, name, now, most - sum) end
  end
end

-- Gives back what an action's claim took; with `anew` it is taken now instead, as the act is.
function unroll(A, J, anew)
  local at, names = match(J.f.ro or '', '^(%d+) (.+)$')
  if not at then return end
  for name in string.gmatch(names, '%S+') do
    turn(A, name, tonumber(at), -1)
    if anew then turn(A, name, now, 1) end
  end
  put(J, 'ro', anew and stamp() .. ' ' .. names or nil)
end
end
