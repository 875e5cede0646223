-- claim_call.lua: asks for work (claim.lua).
--
-- KEYS[1]   <prefix>meta
-- ARGV[1-4] worker, nonce, classes, accounts whose browser it keeps
--
-- Returns   as claim.lua says
return claim(ARGV[1], ARGV[2], ARGV[3], ARGV[4])
