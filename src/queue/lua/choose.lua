-- choose.lua: a pool's indexes are read in, kept, and asked who comes next.

local unlock, soonest_of, choose
do
-- Members read into an index in one call; members that are asked in one choice.
local MEMBERS_AT_ONCE, ASKED = 64, 8

-- What an account may do, or when, is another than before.
offer = function(A)
  for name in string.gmatch(A.f.ps, '%S+') do
    local pool, sooner = pool_of(name), false
    for slot in string.gmatch(pool and pool.f.os or '', '%S+') do
      -- One that the index does not know yet is read in its turn.
      if A.id <= pool.f['o:' .. slot] and enter(A, pool, slot) then sooner = true end
    end
    if sooner then
      for post in string.gmatch(pool.f.dr or '', '%S+') do
        local P = account(post)
        if P and P.f.ks then seat(P) end
      end
    end
  end
end

-- Work of this slot has come to a post that draws on the pool.
function unlock(pool, slot)
  if has(pool.f.os or '', slot) then return end
  add(pool, 'os', slot)
  put(pool, 'o:' .. slot, '')
end

-- Reads some more members into the slot's index; whether it knows all.
local function read_on(pool, slot)
  local last = pool.f['o:' .. slot]
  if last == '~' then return true end
  local from = last == '' and '-' or '(' .. last
  local ids = call('ZRANGEBYLEX', K .. 'pa:' .. pool.name, from, '+', 'LIMIT', 0, MEMBERS_AT_ONCE)
  for _, id in ipairs(ids) do
    local A = account(id)
    if A then
      enter(A, pool, slot)
    end
  end
  put(pool, 'o:' .. slot, #ids < MEMBERS_AT_ONCE and '~' or ids[#ids])
  return #ids < MEMBERS_AT_ONCE
end

-- When the pool's first member may do the slot's work by this class, and who it is.
function soonest_of(pool, slot, class)
  if pool.f['o:' .. slot] ~= '~' then return now end
  local head = call('ZRANGE', index_of(pool, slot, class), '0', '0', 'WITHSCORES')
  if not head[1] then return NEVER end
  local score = num(head[2])
  return score < HORIZON and now or math.max(score, now), head[1]
end

-- The name of the member that is to be asked next; nil: none may act.
local function next_of(pool, index)
  local horizon, at = text(HORIZON), 0
  if pool.f.sg == 'random' then
    local many = call('ZCOUNT', index, '-inf', horizon)
    put(pool, 'n', num(pool.f.n) + 1)
    local seed = redis.sha1hex(stamp() .. ':' .. pool.f.n)
    at = many > 0 and tonumber(string.sub(seed, 1, 8), 16) % many or 0
  end
  return call('ZRANGEBYSCORE', index, '-inf', horizon, 'LIMIT', at, 1)[1]
end

-- The member that the strategy chooses of those that may do the slot's work now.
function choose(pool, slot, class)
  if not read_on(pool, slot) then return nil end
  local index = index_of(pool, slot, class)
  local function ask_anew(id)
    local A = account(id)
    if not A then return call('ZREM', index, id) end
    enter(A, pool, slot)
  end
  -- Those whose time has come take their place among the others.
  local ripe = call('ZRANGEBYSCORE', index, '(' .. text(HORIZON), stamp(), 'LIMIT', 0, 32)
  for _, id in ipairs(ripe) do ask_anew(id) end
  for _ = 1, ASKED do
    local id = next_of(pool, index)
    if not id then return nil end
    local A = account(id)
    local by, at = nil, NEVER
    if A then by, at = able(A, slot) end
    if by == class and at <= now then return A end
    ask_anew(id)
  end
end
end
