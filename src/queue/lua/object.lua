-- object.lua: hashes as objects, read once a call and written once, by `save`; and those that every
-- script needs: accounts, their plans and routes, the fleet's caps.
--
-- a:<account>  hash: st co wy hu standing, pl plan, tz zone, rt routes, ks zs slots, lu last use;
--              its counters (limits.lua), breaker (breaker.lua) and leases (index.lua)
-- plan:<name>  hash, as plan.lua writes it
-- rt:<hash>    hash of kind or kind@class to `api`, `browser` or `-`
-- g            hash of the fleet's caps and counters

-- The hash at `key` as an object; nil when there is none, unless `maybe`.
local function open(key, maybe)
  local raw, f = call('HGETALL', key), {}
  if #raw == 0 and not maybe then return nil end
  for i = 1, #raw, 2 do f[raw[i]] = raw[i + 1] end
  return { key = key, f = f, w = {}, c = {} }
end

-- Sets a field, or takes it away with nil; `save` writes it.
local function put(o, field, value)
  o.f[field] = value
  o.w[field] = true
end

local function save(o)
  local set, gone, s, g = {}, {}, 0, 0
  for field in pairs(o.w) do
    local value = o.f[field]
    if value == nil then
      g = g + 1
      gone[g] = field
    else
      set[s + 1] = field
      set[s + 2] = value
      s = s + 2
    end
  end
  if s > 0 then call('HSET', o.key, unpack(set)) end
  if g > 0 then call('HDEL', o.key, unpack(gone)) end
  o.w = {}
end

local function account(id)
  local A = accounts[id]
  if not A then
    A = open(K .. 'a:' .. id)
    if A then A.id = id end
    accounts[id] = A
  end
  return A
end

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
      P.kinds, P.hours, P.dcap, P.hcap = {}, f.hours, tonumber(f.dcap), tonumber(f.hcap)
      P.bi, P.room = tonumber(f.bi), (num(f.bs) - 1) * num(f.bi)
    end
    kept.plans[id] = P
  end
  return P
end

-- What a plan says of one kind, with the names of the fields that count it.
local function limit(P, kind)
  local L = P.kinds[kind]
  if not L then
    L = { cd = num(P.f['cd:' .. kind]), dk = tonumber(P.f['dk:' .. kind]),
      hk = tonumber(P.f['hk:' .. kind]), last = 'l:' .. kind, d = 'd:' .. kind, h = 'h:' .. kind }
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
  if not fleet then
    local g = call('HMGET', K .. 'g', 'd', 'h', 'dmax', 'hmax')
    fleet = { key = K .. 'g', w = {}, c = {},
      f = { d = g[1] or nil, h = g[2] or nil, dmax = g[3] or nil, hmax = g[4] or nil } }
  end
  return fleet
end
