-- rolling.lua: caps on every hour and every day (ring.lua). Of a plan: rh rd rh:<kind> rd:<kind>.
--
-- j:<id>  field ro: when what it took was counted, and in which rings

local rolling, is_rolled, roll, unroll, fill_rolls
do
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
