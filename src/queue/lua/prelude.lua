-- prelude.lua: the ground under every script; the loader puts it before each one.
--
-- KEYS[1]  <prefix>meta  hash: epoch seq hw resume run_id paused, and what `boot` was told. The
--                        only key that is declared; all others are made from its prefix and so
--                        share its hash tag.
-- WRITES   true unless the script only reads (a local that the loader writes).
--
-- Gives K (the prefix), M (meta), now (ms: never goes back), late (how far the server's clock has
-- fallen behind what was already seen), and objects: hashes read once and written once by `save`.
local call, floor, match, fmt = redis.call, math.floor, string.match, string.format
local NEVER, HOUR, CLASSES = 9e15, 3600000, { 'api', 'browser' }
local K = string.sub(KEYS[1], 1, -5)

local function num(text)
  return tonumber(text) or 0
end

-- The hash at `key` as an object; nil when there is none, unless `maybe`.
local function open(key, maybe)
  local raw, f = call('HGETALL', key), {}
  if #raw == 0 and not maybe then return nil end
  for i = 1, #raw, 2 do f[raw[i]] = raw[i + 1] end
  return { key = key, f = f, w = {} }
end

-- Sets a field, or takes it away with nil; `save` writes it.
local function put(o, field, value)
  o.f[field] = value
  o.w[field] = true
end

local function save(o)
  local set, gone = {}, {}
  for field in pairs(o.w) do
    local value = o.f[field]
    if value == nil then
      gone[#gone + 1] = field
    else
      set[#set + 1] = field
      set[#set + 1] = value
    end
  end
  if #set > 0 then call('HSET', o.key, unpack(set)) end
  if #gone > 0 then call('HDEL', o.key, unpack(gone)) end
  o.w = {}
end

local M = open(KEYS[1], true).f
local TIME = call('TIME')
local server = TIME[1] * 1000 + floor(TIME[2] / 1000)
-- Tests move time by hand (2: and mean its leaps to count); nothing else ever sets `allow_fake`.
if M.allow_fake and M.fake then server = num(M.fake) end
local now = math.max(server, num(M.hw))
local late = now - server
if WRITES and now > num(M.hw) + 50 then call('HSET', KEYS[1], 'hw', now) end

-- Accounts and plans, each read once a script.
local accounts, plans, routes, fleet = {}, {}, {}, nil

local function account(id)
  if not accounts[id] then
    local A = open(K .. 'a:' .. id)
    if A then A.id = id end
    accounts[id] = A
  end
  return accounts[id]
end

local function plan(A)
  local id = A.f.pl or ''
  if plans[id] == nil then plans[id] = open(K .. 'plan:' .. id) or false end
  return plans[id]
end

-- By which class work of this name (a kind, or kind@class) goes; `-`: it is refused. Accounts with
-- the same routes share one table of them.
local function route(A, name)
  local known = routes[A.f.rt] or {}
  routes[A.f.rt] = known
  if known[name] == nil then known[name] = call('HGET', K .. 'rt:' .. A.f.rt, name) end
  return known[name]
end

-- The fleet's own caps, counted in hours and days of UTC.
local function global()
  fleet = fleet or open(K .. 'g', true)
  return fleet
end
