-- prelude.lua: the ground under every function of the library; the loader puts it first.
--
-- KEYS[1]  <prefix>meta  hash: ver epoch seq hw resume run_id paused pv, and `opt`, what `boot`
--                        was told. The only key that is declared; all others are made from its prefix
--                        and so share its hash tag.
--
-- `start` gives K (the prefix), M (meta), O (the options), now (ms: never goes back), late (how
-- far the server's clock has fallen behind what was already seen). Objects are hashes that are
-- read once and written once, by `save`. What outlives a call (KEPT) is only what its own version
-- or its own content names: a call must never see what another has left half done.
-- Named by the first call: while it is loaded, a library sees nothing of them.
local call, floor, match, fmt
local NEVER, HOUR, CLASSES = 9e15, 3600000, { 'api', 'browser' }
-- The form of what is kept; `boot` refuses another.
local SCHEMA = '2'
local META = { 'opt', 'epoch', 'hw', 'resume', 'paused', 'pv', 'allow_fake', 'fake' }
local OPTIONS = { 'lease', 'grace', 'base', 'max', 'attempts', 'losses', 'retention' }
local KEPT, ROUTES, OPT = {}, {}, {}
local K, M, O, now, late, accounts, fleet, kept, written

local function num(word)
  return tonumber(word) or 0
end

-- A whole number as text: left to Redis or to `..` it would be written as a fraction, slowly.
local function text(n)
  return fmt('%d', n)
end

-- `now` as text.
local function stamp()
  written = written or text(now)
  return written
end

-- A table for what is made from `seed`, at most so many of them at once.
local function slot_of(tables, seed, most)
  local found = tables[seed]
  if found then return found end
  tables.count = (tables.count or 0) + 1
  if tables.count > most then
    for name in pairs(tables) do tables[name] = nil end
    tables.count = 1
  end
  found = {}
  tables[seed] = found
  return found
end

local function options(words)
  local o = slot_of(OPT, words, 64)
  if not o.lease then
    local i = 0
    for value in string.gmatch(words, '%S+') do
      i = i + 1
      o[OPTIONS[i]] = tonumber(value)
    end
  end
  return o
end

-- What every call begins with; `writes` is false where it only reads.
local function start(meta, writes)
  call, floor, match, fmt = redis.call, math.floor, string.match, string.format
  K, accounts, fleet, kept = string.sub(meta, 1, -5), {}, nil, nil
  written = nil
  local raw = call('HMGET', meta, unpack(META))
  M = {}
  for i, name in ipairs(META) do M[name] = raw[i] or nil end
  O = options(M.opt or '')
  local time = call('TIME')
  local server = time[1] * 1000 + floor(time[2] / 1000)
  -- Tests move time by hand (2: and mean its leaps to count); nothing else sets `allow_fake`.
  if M.allow_fake and M.fake then server = num(M.fake) end
  now = math.max(server, num(M.hw))
  late = now - server
  if writes and now > num(M.hw) + 50 then call('HSET', meta, 'hw', stamp()) end
end

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
