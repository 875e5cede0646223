-- charge.lua: taking from the limits, and giving back what provably was not used.
--
-- An action's field `ch` says what its claim took: D H gd gh l0 l1 tat0 tat1, the windows' ends,
-- then the kind's last use and the burst's time before and after. A refund undoes
-- that claim's own charge and nothing else: a counter only while its window is the one that was
-- charged, the two times only while nobody has moved them since.

local CHARGE = '<dddddddd'

-- When the kind was last performed, moved to `t`.
local function used(A, kind, t)
  own_counters(A, kind)[LAST_USE] = t
end

local function charge(A, J)
  local kind, f = J.f.k, A.f
  local de, he = windows(A, now)
  local gd, gh = fleet_windows(now)
  local P, l0, tat0 = plan(A), counters_of(A, kind)[LAST_USE], f.tat or 0
  local tat1 = P.bi and max(now, tat0) + P.bi or tat0
  tally(A, kind, de, he, gd, gh, 1, J)
  used(A, kind, now)
  f.tat = tat1
  return pack_fields(CHARGE, de, he, gd, gh, l0, now, tat0, tat1)
end

local function charged(J)
  return J.f.ch and { unpack_fields(CHARGE, J.f.ch) }
end

-- The same for whoever keeps books; empty where nobody does.
local function charge_words(J)
  return M.books and J.f.ch and fmt('%d %d %d %d %d %d %d %d', unpack_fields(CHARGE, J.f.ch)) or ''
end

local function refund(A, J)
  local ch, kind = charged(J), J.f.k
  if not ch then return end
  local c, k, g = A.f.c, own_counters(A, kind), fleet_counters()
  tally(A, kind, c[DAY] == ch[1] and ch[1], c[HOURLY] == ch[2] and ch[2],
    g[DAY] == ch[3] and ch[3], g[HOURLY] == ch[4] and ch[4], -1)
  if k[LAST_USE] == ch[6] then k[LAST_USE] = ch[5] end
  if A.f.tat == ch[8] then A.f.tat = ch[7] end
  put(J, 'ch', nil)
end

-- The act comes later than its claim: where a window has ended between the two, the act is charged
-- to the window it falls into, too. Returns whether there was room.
local function recharge(A, J)
  local ch, kind = charged(J), J.f.k
  if not ch then return true end
  local new = { windows(A, now) }
  if not new[1] then return false end
  new[3], new[4] = fleet_windows(now)
  for i = 1, caps(A, kind, now), 5 do
    local c, at, window = CAPS[i + 1], CAPS[i + 2], CAPS[i + 3]
    local was = ch[(at == DAY and 1 or 2) + (c == global().f.c and 2 or 0)]
    if window ~= was and count(c, at, window) >= CAPS[i + 4] then return false end
  end
  if new[3] ~= ch[3] and spent(DAY, new[3]) or new[4] ~= ch[4] and spent(HOURLY, new[4]) then
    return false
  end
  local function fresh(i)
    return new[i] ~= ch[i] and new[i]
  end
  tally(A, kind, fresh(1), fresh(2), fresh(3), fresh(4), 1, J)
  for i = 1, 4 do ch[i] = new[i] end
  put(J, 'ch', pack_fields(CHARGE, unpack(ch, 1, 8)))
  return true
end
