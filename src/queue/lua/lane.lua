-- lane.lua: an account's waiting work, and the indexes that say who may be claimed when.
--
-- q:<acct>:<slot>  zset of due actions by rank (arrival plus ten minutes a level of priority)
-- z:<acct>:<slot>  zset of delayed actions by when they are due
-- ready:<class>    zset of accounts that may be claimed, by last use
-- wake:<class>     zset of accounts with work, by when they may be claimed (NEVER: not as it is)
-- bell:<class>     list: one token wakes one idle worker; bell:w:<worker> one that keeps a lease
--
-- A slot is <kind>, <kind>@api or <kind>@browser (where the asker forces the route), with `!`
-- bell:<class>     list: one token wakes one idle worker; bell:w:<worker> one that keeps leases

local function parts(slot)
  return match(slot, '^([%w_]+)@?(%a*)(!?)$')
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
  if site_pause(A) then till = NEVER end
  return till
end

-- Whether one of this kind is being performed: two at once, by two routes, would know no cooldown
-- between them. When that one ends, the account is indexed anew.
local function is_busy(A, kind)
  return A.f['k:api'] == kind or A.f['k:browser'] == kind
end

local function push(A, id, slot, rank, due)
  local later = due > now
  call('ZADD', K .. (later and 'z:' or 'q:') .. A.id .. ':' .. slot, later and due or rank, id)
  local ks = A.f.ks or ''
  if not string.find(' ' .. ks .. ' ', ' ' .. slot .. ' ', 1, true) then
    put(A, 'ks', ks == '' and slot or ks .. ' ' .. slot)
  end
end

local function pull(A, id, slot)
  call('ZREM', K .. 'q:' .. A.id .. ':' .. slot, id)
  call('ZREM', K .. 'z:' .. A.id .. ':' .. slot, id)
end

-- The account's slots that hold work, due work moved up, each with when it may be claimed.
local function lanes(A)
  local out, ks = {}, {}
  for slot in string.gmatch(A.f.ks or '', '%S+') do
    local q, z = K .. 'q:' .. A.id .. ':' .. slot, K .. 'z:' .. A.id .. ':' .. slot
    for _, id in ipairs(call('ZRANGEBYSCORE', z, '-inf', now, 'LIMIT', 0, 20)) do
      call('ZREM', z, id)
      call('ZADD', q, num(call('HGET', K .. 'j:' .. id, 'sc')), id)
    end
    local head, next = call('ZRANGE', q, 0, 0, 'WITHSCORES'), nil
    if not head[1] then next = call('ZRANGE', z, 0, 0, 'WITHSCORES') end
    if head[1] or next[1] then
      local kind, forced, verify = parts(slot)
      local class = class_of(A, kind, forced)
      ks[#ks + 1] = slot
      if class then
        local at = math.max(head[1] and now or num(next[2]), barred(A, class))
        -- Reading takes nothing, and an account must always be able to sign in.
        if at < NEVER and verify == '' and kind ~= 'sign_in' then
          at = is_busy(A, kind) and NEVER or limits(A, kind, at)
        end
        out[#out + 1] = { slot = slot, kind = kind, class = class, id = head[1], at = at,
          rank = num(head[2]) }
      end
    end
  end
  local left = table.concat(ks, ' ')
  if left ~= (A.f.ks or '') then put(A, 'ks', left) end
  return out
end
