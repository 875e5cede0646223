-- prelude.lua: the ground under every function of the library; the loader puts it first.
--
-- KEYS[1]  <prefix>meta  hash: ver epoch seq hw resume run_id paused pv, `opt`, what `boot` was
--                        told, and `books` and `due` (boot.lua). The only key that is declared;
--                        all others are made from its prefix and so share its hash tag.
--
-- `start` gives K (the prefix), M (meta; `late` is how far the server's clock has fallen behind
-- what was already seen), O (the options), now (ms: never goes back) and D, what this call has yet
-- to do at its end: entries of indexes, answers to workers, events. What outlives a call (KEPT) is
-- only what its own version or its own content names, and the instant of the LAST arrival: a call
-- must never see what another has left half done. `close` (object.lua) writes what has changed.

local function globals()
  return tonumber, ipairs, pairs, unpack, setmetatable
end

-- Bound by the first call: while it is loaded, a library sees nothing of them, and each look at a
-- global costs a call as much as a table.
local call, floor, max, min, match, gmatch, sub, find, fmt, tonumber, ipairs, pairs, unpack
local setmetatable
local pack, unpack_object, pack_fields, unpack_fields, byte
local NEVER, HOUR, CLASSES = 9e15, 3600000, { 'api', 'browser' }
-- The form of what is kept; `boot` refuses another.
local SCHEMA = '4'
local LAST, UNUSED = {}, { 0, 0, 0, 0, 0, 0, 0 }
-- An account's fields of one class, and the class's index.
local OF = {
  token = { api = 't:api', browser = 't:browser' }, job = { api = 'j:api', browser = 'j:browser' },
  worker = { api = 'w:api', browser = 'w:browser' },
  kind = { api = 'k:api', browser = 'k:browser' },
  ends = { api = 'x:api', browser = 'x:browser' },
  stands = { api = 'i:api', browser = 'i:browser' },
  fenced = { api = 'f:api', browser = 'f:browser' },
  wake = { api = 'wake:api', browser = 'wake:browser' },
}
local K, M, O, D, now, accounts, actions, changed

local function bind()
  call, floor, max, min = redis.call, math.floor, math.max, math.min
  match, gmatch, sub, find = string.match, string.gmatch, string.sub, string.find
  fmt, byte = string.format, string.byte
  pack, unpack_object = cmsgpack.pack, cmsgpack.unpack
  pack_fields, unpack_fields = struct.pack, struct.unpack
  tonumber, ipairs, pairs, unpack, setmetatable = globals()
end

local function num(word)
  return tonumber(word) or 0
end

-- A whole number as text: left to Redis or to `..` it would be written as a fraction, slowly.
local function text(n)
  return fmt('%d', n)
end

-- `now` as text.
local function stamp()
  local written = D.stamp
  if not written then
    written = text(now)
    D.stamp = written
  end
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

local options
do
local OPT, OPTIONS = {}, { 'lease', 'grace', 'base', 'max', 'attempts', 'losses', 'retention' }

function options(words)
  local o = slot_of(OPT, words, 64)
  if not o.lease then
    local i = 0
    for value in gmatch(words, '%S+') do
      i = i + 1
      o[OPTIONS[i]] = tonumber(value)
    end
  end
  return o
end
end
