-- facts.lua: what an account's limits and ways stand on: its plan, its routes, the fleet's caps.
--
-- plan:<name>  msgpack map, as plan.lua writes it
-- g            msgpack map of the fleet's caps and counters
-- rt:<hash>    hash of kind or kind@class to `api`, `browser` or `-`

-- The account's plan, read anew only after some plan was written (`pv`); false: there is none.
local function plan(A)
  if not kept then
    kept = slot_of(KEPT, K, 512)
    if kept.pv ~= M.pv then kept.pv, kept.plans = M.pv, {} end
  end
  local id = A.f.pl or ''
  local P = kept.plans[id]
  if P == nil then
    P = open(K .. 'plan:' .. id) or false
    if P then
      local f = P.f
      P.kinds, P.dcap, P.hcap, P.bi = {}, f.dcap, f.hcap, f.bi
      P.hours = f.hours and stretches(f.hours)
      P.room = (num(f.bs) - 1) * num(f.bi)
    end
    kept.plans[id] = P
  end
  return P
end

-- What a plan says of one kind.
local function limit(P, kind)
  local L = P.kinds[kind]
  if not L then
    L = { cd = num(P.f['cd:' .. kind]), dk = P.f['dk:' .. kind], hk = P.f['hk:' .. kind] }
    P.kinds[kind] = L
  end
  return L
end

-- By which class work of this name (a kind, or kind@class) goes; `-`: it is refused. A set of
-- routes is named by the hash of its content, so what was read of it stays true.
local function route(A, name)
  local known = slot_of(ROUTES, A.f.rt, 512)
  if known[name] == nil then known[name] = call('HGET', K .. 'rt:' .. A.f.rt, name) end
  return known[name]
end

-- The fleet's own caps, counted in hours and days of UTC.
local function global()
  fleet = fleet or open(K .. 'g', true)
  return fleet
end
