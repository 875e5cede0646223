-- members.lua: which member of a pool may do its work, and when.
--
-- pool:<name>  msgpack map: sg strategy, fb fallbacks, dr the posts that draw on it, n turns
--              given; os the slots that work has come for, o:<slot> the last member (by name)
--              that the slot's index knows, `~` when it knows all
-- pa:<name>    zset of its members, all of score 0: in the order of their names
-- pi:<name>:<slot>:<class>  zset of members that would do the slot's work by that class: below
--              HORIZON those that may now, in the strategy's order, else by when they may
-- pt:<name>    hash of members to their last turn, for round_robin
-- a:<account>  field ps: the pools it is a member of
--
-- An entry may be too early, never too late: whoever is found is asked again. Whatever makes an
-- account free sooner ends in `reindex`, and that in `offer`.

local HORIZON = 1e11

-- A pool's hash, read once a call; no account has a colon in its name.
local function pool_of(name)
  local known = 'pool:' .. name
  if accounts[known] == nil then
    accounts[known] = open(K .. known) or false
    if accounts[known] then accounts[known].name = name end
  end
  return accounts[known]
end

local function index_of(pool, slot, class)
  return fmt('%spi:%s:%s:%s', K, pool.name, slot, class)
end

-- By which class the account would do the slot's work (nil: not at all), and when it may.
local function able(A, slot)
  local kind, forced = parts(slot)
  local class = A.f.rt and A.f.st ~= 'gone' and class_of(A, kind, forced)
  if not class then return nil, NEVER end
  if A.f[OF.token[class]] or is_busy(A, kind) then return class, NEVER end
  local at = math.max(now, barred(A, class), tripped(A))
  if at < NEVER then at = ceiling(A, class, kind, false, at) end
  if at < NEVER and kind ~= 'sign_in' then at = limits(A, kind, at) end
  return class, at
end

local enter
do
-- How much of its day an account has used, in ten thousandths; without a daily cap, of a thousand.
local function load_of(A)
  local day, P = windows(A, now), plan(A)
  local most = P and P.dcap or 1000
  return day and floor(count(A.f.c, DAY, day) * 10000 / math.max(most, 1)) or 0
end

-- Where a member that may act stands among the others; who rested longest, where they are alike.
local function order(A, pool)
  local strategy, used = pool.f.sg, num(A.f.lu)
  if strategy == 'round_robin' then return num(call('HGET', K .. 'pt:' .. pool.name, A.id)) end
  if strategy == 'least_loaded' then return load_of(A) + used / 1e13 end
  return strategy == 'random' and 0 or used / 100
end

-- Writes when the account may do the slot's work; whether that is sooner than any member may.
function enter(A, pool, slot)
  local class, at = able(A, slot)
  for _, other in ipairs(CLASSES) do
    if other ~= class then call('ZREM', index_of(pool, slot, other), A.id) end
  end
  if not class then return false end
  local index = index_of(pool, slot, class)
  local head = call('ZRANGE', index, '0', '0', 'WITHSCORES')
  local score = at <= now and order(A, pool) or at
  call('ZADD', index, fmt('%.17g', score), A.id)
  return not head[1] or score < num(head[2]) and num(head[2]) > HORIZON
end
end

-- The account is a member of these pools (names, spaces between) and of no others.
local function join(A, names)
  local was = A.f.ps or ''
  if was == names then return end
  for name in string.gmatch(was, '%S+') do
    local pool = not has(names, name) and pool_of(name)
    if pool then
      call('ZREM', K .. 'pa:' .. name, A.id)
      call('HDEL', K .. 'pt:' .. name, A.id)
      for slot in string.gmatch(pool.f.os or '', '%S+') do
        for _, class in ipairs(CLASSES) do call('ZREM', index_of(pool, slot, class), A.id) end
      end
    end
  end
  for name in string.gmatch(names, '%S+') do call('ZADD', K .. 'pa:' .. name, 0, A.id) end
  put(A, 'ps', names ~= '' and names or nil)
end
