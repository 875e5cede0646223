-- reindex.lua: puts accounts where their limits say they belong, after limits have changed.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1]   only accounts of this plan; empty: all
-- ARGV[2…]  accounts
--
-- Returns   how many
local n = 0
for i = 2, #ARGV do
  local A = account(ARGV[i])
  if A and (ARGV[1] == '' or A.f.pl == ARGV[1]) then
    reindex(A)
    n = n + 1
  end
end
return n
