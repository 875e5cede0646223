-- charge.lua: taking from the limits, and giving back what provably was not used.
--
-- An action's field `ch` says what its claim took: "D H gd gh l0 l1 tat0 tat1", the windows' ends,
-- then the kind's last use and the burst's time before and after. A refund undoes that claim's own
-- charge and nothing else: a counter only while its window is the one that was charged, the two
-- times only while nobody has moved them since.

local CHARGE = '%d %d %d %d %d %d %d %d'

local function tally(A, kind, de, he, gd, gh, by)
  local G, L = global(), limit(plan(A) or { kinds = {}, f = {} }, kind)
  if de then
    bump(A, 'D', de, by)
    bump(A, L.d, de, by)
  end
  if he then
    bump(A, 'H', he, by)
    bump(A, L.h, he, by)
  end
  if gd then bump(G, 'd', gd, by) end
  if gh then bump(G, 'h', gh, by) end
  save(G)
end

local LEVELS = { 80, 95, 100 }

-- Tells of each cap that has just reached 80, 95 or 100 percent, once a window. Kept in the field
-- al:<counter> as "<window's end>:<level>".
local function alarm(A, J)
  caps(A, J.f.k, now, function(code, o, field, window, most)
    local used, level = count(o, field, window), nil
    if used * 100 < LEVELS[1] * most then return end
    for _, percent in ipairs(LEVELS) do
      if used * 100 >= percent * most and (used - 1) * 100 < percent * most then level = percent end
    end
    if not level then return end
    local last = o.f['al:' .. field] or call('HGET', o.key, 'al:' .. field) or ''
    local known, height = match(last, '^(%d+):(%d+)$')
    if tonumber(known) == window and tonumber(height) >= level then return end
    put(o, 'al:' .. field, fmt('%d:%d', window, level))
    local why = fmt('%d of %d used: %d %%', used, most, level)
    emit('quota', A.id, J, { code = code, why = why })
  end)
end

local function charge(A, J)
  local kind = J.f.k
  local de, he = windows(A, now)
  local gd, gh = fleet_windows(now)
  local P, l0, tat0 = plan(A), num(A.f['l:' .. kind]), num(A.f.tat)
  local tat1 = P.bi and math.max(now, tat0) + P.bi or tat0
  tally(A, kind, de, he, gd, gh, 1)
  put(A, 'l:' .. kind, stamp())
  alarm(A, J)
  save(global())
  if tat1 ~= tat0 then put(A, 'tat', text(tat1)) end
  return fmt(CHARGE, de, he, gd, gh, l0, now, tat0, tat1)
end

local function charged(J)
  local c = {}
  for part in string.gmatch(J.f.ch or '', '%S+') do c[#c + 1] = tonumber(part) end
  return #c == 8 and c or nil
end

local function refund(A, J)
  local c, kind, G = charged(J), J.f.k, global()
  if not c then return end
  local function same(o, field, window)
    local c = counter(o, field)
    return c and c[1] == window and window or nil
  end
  tally(A, kind, same(A, 'D', c[1]), same(A, 'H', c[2]), same(G, 'd', c[3]), same(G, 'h', c[4]), -1)
  if num(A.f['l:' .. kind]) == c[6] then put(A, 'l:' .. kind, c[5]) end
  if num(A.f.tat) == c[8] then put(A, 'tat', c[7]) end
  put(J, 'ch', nil)
end

-- The act comes later than its claim: where a window has ended between the two, the act is charged
-- to the window it falls into, too. Returns whether there was room.
local function recharge(A, J)
  local c, kind = charged(J), J.f.k
  if not c then return true end
  local was = { D = c[1], H = c[2], d = c[3], h = c[4] }
  was['d:' .. kind], was['h:' .. kind] = c[1], c[2]
  local room = true
  local known = caps(A, kind, now, function(_, o, field, window, most)
    if window ~= was[field] and count(o, field, window) >= most then room = false end
  end)
  if not (known and room) then return false end
  local new = { windows(A, now) }
  new[3], new[4] = fleet_windows(now)
  local function fresh(i)
    return new[i] ~= c[i] and new[i] or nil
  end
  tally(A, kind, fresh(1), fresh(2), fresh(3), fresh(4), 1)
  for i = 1, 4 do c[i] = new[i] end
  put(J, 'ch', fmt(CHARGE, unpack(c)))
  return true
end
