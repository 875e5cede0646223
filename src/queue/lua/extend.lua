-- extend.lua: renews leases, each for the lease's full length from now.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1…]  account, class, token, …
--
-- Returns   the tokens of those that are lost
local lost = {}
for i = 1, #ARGV, 3 do
  local A, class = account(ARGV[i]), ARGV[i + 1]
  if A and A.f[OF.token[class]] == ARGV[i + 2] then
    lease_till(A, class, now + O.lease)
  else
    lost[#lost + 1] = ARGV[i + 2]
  end
end
return lost
