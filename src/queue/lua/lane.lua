-- lane.lua: an account's waiting work, and the indexes that say who may be claimed when.
--
-- q:<acct>:<slot>  zset of due actions by rank (arrival plus ten minutes a level of priority)
-- z:<acct>:<slot>  zset of delayed actions by when they are due
-- bell:<class>     list: one token wakes one idle worker; bell:w:<worker> one that keeps a lease

local function has(list, slot)
  return find(' ' .. list .. ' ', ' ' .. slot .. ' ', 1, true)
end

local function add(A, field, slot)
  local list = A.f[field] or ''
  if not has(list, slot) then put(A, field, list == '' and slot or list .. ' ' .. slot) end
end

-- Fields `ks` and `zs`: the account's slots that hold work, and those that may hold delayed work.
local function push(A, id, slot, rank, due)
  local later = due > now
  call('ZADD', K .. (later and 'z:' or 'q:') .. A.id .. ':' .. slot, later and due or rank, id)
  add(A, 'ks', slot)
  if later then add(A, 'zs', slot) end
end

local function pull(A, id, slot)
  call('ZREM', K .. 'q:' .. A.id .. ':' .. slot, id)
  local delayed = A.f.zs
  if delayed and delayed ~= '' and has(delayed, slot) then
    call('ZREM', K .. 'z:' .. A.id .. ':' .. slot, id)
  end
end

-- Moves a slot's delayed work that has come due to its due work.
local function ripen(q, z)
  for _, id in ipairs(call('ZRANGEBYSCORE', z, '-inf', stamp(), 'LIMIT', 0, 20)) do
    call('ZREM', z, id)
    local J = action(id)
    call('ZADD', q, J and J.f.sc or 0, id)
  end
end

local lanes
do
-- Takes a slot off a list.
local function strike(A, field, slot)
  local left = {}
  for one in gmatch(A.f[field] or '', '%S+') do
    if one ~= slot then left[#left + 1] = one end
  end
  put(A, field, left[1] and table.concat(left, ' ') or nil)
end

-- The account's slots that hold work, due work moved up, each with when it may be claimed.
function lanes(A)
  local f, out, n, rest = A.f, {}, 0, tripped(A)
  local delayed = f.zs
  if delayed == '' then delayed = nil end
  for slot in gmatch(f.ks or '', '%S+') do
    local q, z = K .. 'q:' .. A.id .. ':' .. slot, nil
    local late = delayed and has(delayed, slot)
    if late then
      z = K .. 'z:' .. A.id .. ':' .. slot
      ripen(q, z)
    end
    local head, next = call('ZRANGE', q, '0', '0')[1], nil
    if late and not head then next = call('ZRANGE', z, '0', '0', 'WITHSCORES')[2] end
    if head or next then
      local kind, forced, verify = parts(slot)
      local class = class_of(A, kind, forced)
      if class then
        local at = max(next and num(next) or now, barred(A, class), rest)
        if at < NEVER then at = ceiling(A, class, kind, verify ~= '', at) end
        -- Reading takes nothing, and an account must always be able to sign in.
        if at < NEVER and verify == '' and kind ~= 'sign_in' then
          at = is_busy(A, kind) and NEVER or limits(A, kind, at)
        end
        n = n + 1
        out[n] = { slot = slot, kind = kind, class = class, id = head, at = at, q = q }
      end
    else
      strike(A, 'ks', slot)
      if late then strike(A, 'zs', slot) end
    end
  end
  return out
end
end
