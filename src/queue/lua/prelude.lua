-- prelude.lua: the ground under every function of the library; the loader puts it first.
--
-- KEYS[1]  <prefix>meta  hash: ver epoch seq hw resume run_id paused pv, `opt`, what `boot` was
--                        told, and `books` and `due` (boot.lua). The only key that is declared;
--                        all others are made from its prefix and so share its hash tag.
--
-- `start` gives K (the prefix), M (meta), O (the options), now (ms: never goes back), late (how
-- far the server's clock has fallen behind what was already seen). What outlives a call (KEPT) is
-- only what its own version or its own content names, and the instant of the LAST arrival: a call
-- must never see what another has left half done.

-- Named by every call: while it is loaded, a library sees nothing of them.
local call, floor, match, fmt
local NEVER, HOUR, CLASSES = 9e15, 3600000, { 'api', 'browser' }
-- The form of what is kept; `boot` refuses another.
local SCHEMA = '2'
local META = { 'opt', 'epoch', 'ver', 'hw', 'resume', 'paused', 'sites', 'pv', 'allow_fake', 'fake',
  'due', 'books' }
-- What a call is told whose queue is gone (somebody emptied Redis under our feet), or was made anew
-- by another version.
local LOST = 'LOST the queue is gone: redis was emptied'
local FORM = 'FORM the queue is of another form than this version knows'
local OPTIONS = { 'lease', 'grace', 'base', 'max', 'attempts', 'losses', 'retention' }
local KEPT, ROUTES, OPT, LAST = {}, {}, {}, {}
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

-- What every call begins with; `writes` is false where it only reads. Returns what is
-- wrong with the queue, if something is.
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
  if not M.epoch then return LOST end
  if M.ver ~= SCHEMA then return FORM end
  if writes and now > num(M.hw) + 50 then call('HSET', meta, 'hw', stamp()) end
end
