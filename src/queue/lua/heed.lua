-- heed.lua: whose work is to stop at its next step.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1…]  accounts
--
-- Returns   those of them that are paused
if M.paused then return ARGV end
local out = {}
for _, acct in ipairs(ARGV) do
  local A = account(acct)
  if A and site_pause(A) then out[#out + 1] = acct end
end
return out
