-- slice.lua: a worker asks for some of what its account's origin allows in a minute (ceiling.lua).
--
-- KEYS[1]   <prefix>meta
-- ARGV[1-3] account, class, token of a live lease
-- ARGV[4]   r requests | n navigations | s commits
-- ARGV[5]   how many at most
--
-- Returns   { how many it may make within 5 s, ms until one more }; { -1, 0 }: the lease is lost
local A, class = account(ARGV[1]), ARGV[2]
local is_live = A and A.f[OF.token[class]] == ARGV[3] and now < A.f[OF.ends[class]]
if not is_live then return { -1, 0 } end
return { slice(A, ARGV[4], num(ARGV[5])) }
