-- extend.lua: renews leases, each for the lease's full length from now.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1…]  account, class, token, …
--
-- Returns   those that are lost, as `account|class`
local lost = {}
for i = 1, #ARGV, 3 do
  local A, class, member = account(ARGV[i]), ARGV[i + 1], ARGV[i] .. '|' .. ARGV[i + 1]
  if A and A.f['t:' .. class] == ARGV[i + 2] then
    put(A, 'x:' .. class, now + num(M.lease))
    save(A)
    call('ZADD', K .. 'lease', now + num(M.lease), member)
  else
    lost[#lost + 1] = member
  end
end
return lost
