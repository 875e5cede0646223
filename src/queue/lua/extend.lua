-- extend.lua: renews leases, each for the lease's full length from now.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1…]  account, class, token, …
--
-- Returns   the tokens of those that are lost
local lost = {}
for i = 1, #ARGV, 3 do
  local A, class = account(ARGV[i]), ARGV[i + 1]
  if A and A.f['t:' .. class] == ARGV[i + 2] then
    put(A, 'x:' .. class, now + O.lease)
    call('ZADD', K .. 'lease', now + O.lease, A.id .. '|' .. class)
  else
    lost[#lost + 1] = ARGV[i + 2]
  end
end
return lost
