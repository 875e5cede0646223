-- lane.lua: an account's waiting work, and the indexes that say who may be claimed when.
--
-- q:<acct>:<slot>  zset of due actions by rank (arrival plus ten minutes a level of priority)
-- z:<acct>:<slot>  zset of delayed actions by when they are due
-- wake:<class>     zset of accounts with work, by when they may be claimed (NEVER: not as it is);
--                  where that is already, by when they were last used
-- bell:<class>     list: one token wakes one idle worker; bell:w:<worker> one that keeps a lease
--
-- A slot is <kind>, <kind>@api or <kind>@browser (where the asker forces the route), with `!`
-- behind it for work that is only to be read.

local SLOTS = {}

-- A slot's kind, forced class (or empty) and `!` (or empty).
local function parts(slot)
  local p = slot_of(SLOTS, slot, 512)
  if not p[1] then p[1], p[2], p[3] = match(slot, '^([%w_]+)@?(%a*)(!?)$') end
  return p[1], p[2], p[3]
end

-- The class a slot's work falls to at present; nil: nobody may claim it.
local function class_of(A, kind, forced)
  local class = route(A, kind)
  if not class or class == '-' then return nil end
  if forced == '' then return class end
  return route(A, kind .. '@' .. forced) ~= '-' and forced or nil
end

-- Until when the account (not its limits) keeps a class shut; NEVER: until somebody acts.
local function barred(A, class)
  local till = num(A.f['f:' .. class])
  if A.f.st == 'held' then
    till = math.max(till, num(A.f.hu) > 0 and num(A.f.hu) or NEVER)
  elseif A.f.st ~= 'active' then
    till = NEVER
  end
  return till
end

-- Whether one of this kind is being performed: two at once, by two routes, would know no cooldown
-- between them. When that one ends, the account is indexed anew.
local function is_busy(A, kind)
  return A.f['k:api'] == kind or A.f['k:browser'] == kind
end

local function has(list, slot)
  return string.find(' ' .. list .. ' ', ' ' .. slot .. ' ', 1, true)
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
  if has(A.f.zs or '', slot) then call('ZREM', K .. 'z:' .. A.id .. ':' .. slot, id) end
end

-- Moves a slot's delayed work that has come due to its due work.
local function ripen(q, z)
  for _, id in ipairs(call('ZRANGEBYSCORE', z, '-inf', stamp(), 'LIMIT', 0, 20)) do
    call('ZREM', z, id)
    call('ZADD', q, num(call('HGET', K .. 'j:' .. id, 'sc')), id)
  end
end

-- The account's slots that hold work, due work moved up, each with when it may be claimed.
local function lanes(A)
  local out, ks, zs = {}, {}, {}
  local delayed = A.f.zs or ''
  for slot in string.gmatch(A.f.ks or '', '%S+') do
    local q, z = K .. 'q:' .. A.id .. ':' .. slot, K .. 'z:' .. A.id .. ':' .. slot
    local late = delayed ~= '' and has(delayed, slot)
    if late then ripen(q, z) end
    local head, next = call('ZRANGE', q, '0', '0'), nil
    if not head[1] then next = late and call('ZRANGE', z, '0', '0', 'WITHSCORES') or {} end
    if head[1] or next[1] then
      local kind, forced, verify = parts(slot)
      local class = class_of(A, kind, forced)
      ks[#ks + 1] = slot
      if late then zs[#zs + 1] = slot end
      if class then
        local at = math.max(head[1] and now or num(next[2]), barred(A, class))
        -- Reading takes nothing, and an account must always be able to sign in.
        if at < NEVER and verify == '' and kind ~= 'sign_in' then
          at = is_busy(A, kind) and NEVER or limits(A, kind, at)
        end
        out[#out + 1] = { slot = slot, kind = kind, class = class, id = head[1], at = at, q = q }
      end
    end
  end
  for field, left in pairs({ ks = table.concat(ks, ' '), zs = table.concat(zs, ' ') }) do
    if left ~= (A.f[field] or '') then put(A, field, left ~= '' and left or nil) end
  end
  return out
end
