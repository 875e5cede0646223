-- finish_claim.lua: settles an attempt and asks for the next work, in one call.
--
-- KEYS[1]     <prefix>meta
-- ARGV[1-12]  as finish.lua says
-- ARGV[13-16] as claim.lua says: worker, nonce, classes, accounts whose browser it keeps
--
-- Returns     { state (fenced: the lease was lost), 1 where the lease is kept, then as claim.lua }
local settled = finish(ARGV)
local out = claim(ARGV[13], ARGV[14], ARGV[15], ARGV[16])
table.insert(out, 1, settled[2] or 0)
table.insert(out, 1, settled[1])
return out
