-- post.lua: where a pool's work waits until an account takes it.
--
-- A post is to claims what an account is: it has lanes, and stands in `wake` by when some account
-- may take the first of them, or, where one may now, as that account would stand. A claim that
-- comes upon it gives the action to the member that the pool's strategy chooses (or that of the
-- first fallback that has one) and takes it in the same step: nothing is bound before its moment,
-- and nobody asks from time to time. What was not made goes back there.
--
-- a:@<pool>[/<mission>]  hash of a post: po pool, mi mission, mo at most so many of it under way
-- un:<post>              set of the mission's actions that are bound and not finished
-- posts                  set of all posts
-- j:<id>                 fields po and mi; `a` is the post until an account takes the action

local function post_of(J)
  return account('@' .. J.f.po .. (J.f.mi and '/' .. J.f.mi or ''))
end

-- The pools whose members may take a post's work, its own first.
local function draws(P)
  local own = pool_of(P.f.po)
  local out = { own or nil }
  for name in string.gmatch(own and own.f.fb or '', '%S+') do
    local pool = pool_of(name)
    if pool then out[#out + 1] = pool end
  end
  return out
end

local function is_under_way(P)
  return P.f.mo and call('SCARD', K .. 'un:' .. P.id) >= num(P.f.mo)
end

-- When the first account may take what waits in a slot, by each class, and which that is.
local function takers(P, slot, due, at, who)
  for _, pool in ipairs(draws(P)) do
    unlock(pool, slot)
    for _, class in ipairs(CLASSES) do
      local soon, id = soonest_of(pool, slot, class)
      soon = math.max(soon, due)
      if soon < (at[class] or NEVER) then at[class], who[class] = soon, id end
    end
  end
end

-- Puts a post where it belongs, and writes it.
seat = function(P)
  local at, who, ks, zs, full = {}, {}, {}, {}, is_under_way(P)
  for slot in string.gmatch(P.f.ks or '', '%S+') do
    local q, z = K .. 'q:' .. P.id .. ':' .. slot, K .. 'z:' .. P.id .. ':' .. slot
    local late = has(P.f.zs or '', slot)
    if late then ripen(q, z) end
    local head, next = call('ZRANGE', q, '0', '0'), {}
    if late then next = call('ZRANGE', z, '0', '0', 'WITHSCORES') end
    if head[1] or next[1] then
      ks[#ks + 1] = slot
      if next[1] then zs[#zs + 1] = slot end
      if not full then takers(P, slot, head[1] and now or num(next[2]), at, who) end
    end
  end
  for field, left in pairs({ ks = table.concat(ks, ' '), zs = table.concat(zs, ' ') }) do
    if left ~= (P.f[field] or '') then put(P, field, left ~= '' and left or nil) end
  end
  for _, class in ipairs(CLASSES) do
    local A = who[class] and account(who[class])
    P.f.lu = A and A.f.lu or nil
    place(P, class, at[class])
  end
  save(P)
end

-- The post's due work, the most urgent first; what has expired is ended on the way.
local function waiting(P)
  local out = {}
  for slot in string.gmatch(P.f.ks or '', '%S+') do
    local q = K .. 'q:' .. P.id .. ':' .. slot
    if has(P.f.zs or '', slot) then ripen(q, K .. 'z:' .. P.id .. ':' .. slot) end
    for _ = 1, 8 do
      local head = call('ZRANGE', q, '0', '0', 'WITHSCORES')
      local J = head[1] and action(head[1])
      if not J then break end
      if not expire(P, J) then
        out[#out + 1] = { slot = slot, rank = num(head[2]), J = J, q = q }
        break
      end
    end
  end
  table.sort(out, function(a, b) return a.rank < b.rank end)
  return out
end

-- Whether the account has work of its own that is more urgent.
local function is_behind(A, class, rank)
  local stands = tonumber(A.f['i:' .. class])
  if not stands or stands > now then return false end
  for _, lane in ipairs(lanes(A)) do
    local first = lane.class == class and lane.at <= now and call('ZSCORE', lane.q, lane.id)
    if first and num(first) < rank then return true end
  end
  return false
end

-- There is more for the next worker: unlike an account, a post serves many at once.
local function call_on(P)
  for _, class in ipairs(CLASSES) do
    local stands = tonumber(P.f['i:' .. class])
    if stands and stands <= now then ring(class) end
  end
end

-- Gives the post's most urgent action that can be done to an account, which takes it. Without one,
-- the account whose own work comes first, if that is why.
bind = function(P, class, ask)
  for _, lane in ipairs(is_under_way(P) and {} or waiting(P)) do
    for _, pool in ipairs(draws(P)) do
      local A, J = choose(pool, lane.slot, class), lane.J
      if A and is_behind(A, class, lane.rank) then return nil, A end
      if A then
        call('ZREM', lane.q, J.id)
        put(J, 'a', A.id)
        if P.f.mo then call('SADD', K .. 'un:' .. P.id, J.id) end
        if pool.f.sg == 'round_robin' then
          call('HSET', K .. 'pt:' .. pool.name, A.id, call('HINCRBY', pool.key, 'n', 1))
        end
        local work = { slot = lane.slot, kind = J.f.k, class = class, id = J.id, q = lane.q }
        work = take(A, work, J, ask)
        seat(P)
        call_on(P)
        return work
      end
    end
  end
  seat(P)
end

-- The action is bound no more: another of its mission may be.
leave = function(J)
  local P = J.f.mi and post_of(J)
  if P and call('SREM', K .. 'un:' .. P.id, J.id) == 1 and P.f.ks then seat(P) end
end

-- The post that an action goes back to; nil: it stays with the account that may have made it.
home = function(J)
  if J.f.bp and J.f.ef ~= 'none' then return nil end
  leave(J)
  local P = post_of(J)
  put(J, 'a', P.id)
  return P
end
