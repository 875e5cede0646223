-- post.lua: where a pool's work waits until an account takes it.
--
-- A post is to claims what an account is: it has lanes, and stands in `wake` by when some account
-- may take the first of them, or, where one may now, as that account would stand. A claim that
-- comes upon it gives the action to the member that the pool's strategy chooses (or that of the
-- first fallback that has one) and takes it in the same step: nothing is bound before its moment,
-- and nobody asks from time to time. What was not made goes back there.
--
-- a:@<pool>[/<mission>]  an account's record, of a post: po pool, mi mission, mo at most so many
--                        of it under way
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

do
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
end
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
