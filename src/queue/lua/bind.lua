-- bind.lua: a claim that has come upon a post gives its work to an account.

do
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
  local stands = A.f[OF.stands[class]] or -1
  if stands < 0 or stands > now then return false end
  for _, lane in ipairs(lanes(A)) do
    local first = lane.class == class and lane.at <= now and call('ZSCORE', lane.q, lane.id)
    if first and num(first) < rank then return true end
  end
  return false
end

-- There is more for the next worker: unlike an account, a post serves many at once.
local function call_on(P)
  for _, class in ipairs(CLASSES) do
    local stands = P.f[OF.stands[class]] or -1
    if stands >= 0 and stands <= now then ring(class) end
  end
end

-- Gives the most urgent of the post's actions that can be done to an account, which takes it: that
-- one, or its own work where that comes first (`try` of claim.lua).
bind = function(P, class, ask, try)
  for _, lane in ipairs(is_under_way(P) and {} or waiting(P)) do
    for _, pool in ipairs(draws(P)) do
      local A, J = choose(pool, lane.slot, class), lane.J
      if A and is_behind(A, class, lane.rank) then return try(A, class, ask) end
      if A then
        call('ZREM', lane.q, J.id)
        -- It is there again when its lease has ended.
        call('ZREM', index_of(pool, lane.slot, class), A.id)
        put(J, 'a', A.id)
        if P.f.mo then call('SADD', K .. 'un:' .. P.id, J.id) end
        if pool.f.sg == 'round_robin' then
          put(pool, 'n', num(pool.f.n) + 1)
          call('HSET', K .. 'pt:' .. pool.name, A.id, pool.f.n)
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
end
