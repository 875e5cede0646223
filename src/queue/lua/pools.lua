-- pools.lua: writes pools and missions.
--
-- KEYS[1]   <prefix>meta
-- ARGV      four words each:
--             pool, name, strategy (lru | round_robin | least_loaded | random), fallbacks
--             mission, name, pool, at most (0: no limit)
--
-- What is written no more keeps its last rules, for what waits there; without members it waits.
--
-- Returns   1
local function known(id)
  local P = account(id) or new_account(id)
  put(P, 'st', 'pool')
  call('SADD', K .. 'posts', id)
  return P
end

for i = 1, #ARGV, 4 do
  local what, name, third, fourth = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local P
  if what == 'pool' then
    local pool = pool_of(name) or open(K .. 'pool:' .. name, true)
    pool.name, accounts['pool:' .. name] = name, pool
    if pool.f.sg and pool.f.sg ~= third then
      -- Another order: its indexes are made anew.
      for slot in string.gmatch(pool.f.os or '', '%S+') do
        for _, class in ipairs(CLASSES) do call('DEL', index_of(pool, slot, class)) end
        put(pool, 'o:' .. slot, nil)
      end
      put(pool, 'os', nil)
    end
    put(pool, 'sg', third)
    put(pool, 'fb', fourth ~= '' and fourth or nil)
    P = known('@' .. name)
    put(P, 'po', name)
  else
    P = known('@' .. third .. '/' .. name)
    put(P, 'po', third)
    put(P, 'mi', name)
    put(P, 'mo', num(fourth) > 0 and fourth or nil)
  end
end
local posts, by = call('SMEMBERS', K .. 'posts'), {}
table.sort(posts)
for _, id in ipairs(posts) do
  for _, pool in ipairs(draws(account(id))) do
    by[pool.name] = (by[pool.name] and by[pool.name] .. ' ' or '') .. id
  end
end
for name, list in pairs(by) do
  local pool = pool_of(name)
  put(pool, 'dr', list)
end
for _, id in ipairs(posts) do seat(account(id)) end
return 1
