-- facts.lua: what an account's limits and ways stand on: its plan, its routes, the fleet's caps.
--
-- plan:<name>  msgpack map, as plan.lua writes it
-- g            msgpack map of the fleet's caps and counters
-- rt:<hash>    hash of kind or kind@class to `api`, `browser` or `-`

local plan, limit, route, global
do
local KEPT, ROUTES = {}, {}

-- The account's plan, read anew only after some plan was written (`pv`); false: there is none.
function plan(A)
  if not D.kept then
    D.kept = slot_of(KEPT, K, 512)
    if D.kept.pv ~= M.pv then D.kept.pv, D.kept.plans = M.pv, {} end
  end
  local id = A.f.pl or ''
  local P = D.kept.plans[id]
  if P == nil then
    P = open(K .. 'plan:' .. id)
    P = P and P.f.known and P or false
    if P then
      local f = P.f
      P.kinds, P.dcap, P.hcap, P.bi = {}, f.dcap, f.hcap, f.bi
      P.hours = f.hours and stretches(f.hours)
      P.room = (num(f.bs) - 1) * num(f.bi)
      P.opens = num(f.bn) > 0
    end
    D.kept.plans[id] = P
  end
  return P
end

-- What a plan says of one kind.
function limit(P, kind)
  local L = P.kinds[kind]
  if not L then
    L = { cd = num(P.f['cd:' .. kind]), dk = P.f['dk:' .. kind], hk = P.f['hk:' .. kind],
      rolls = rolls_of(P, kind) }
    P.kinds[kind] = L
  end
  return L
end

-- By which class work of this name (a kind, or kind@class) goes; `-`: it is refused. A set of
-- routes is named by the hash of its content, so what was read of it stays true.
function route(A, name)
  local known = ROUTES[A.f.rt] or slot_of(ROUTES, A.f.rt, 512)
  local way = known[name]
  if way == nil then
    way = call('HGET', K .. 'rt:' .. A.f.rt, name)
    known[name] = way
  end
  return way
end

-- The fleet's own caps, counted in hours and days of UTC.
function global()
  local fleet = D.fleet
  if not fleet then
    fleet = open(K .. 'g', true)
    D.fleet = fleet
  end
  return fleet
end
end
