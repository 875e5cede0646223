-- finish_call.lua: settles an attempt (finish.lua).
--
-- KEYS[1]    <prefix>meta
-- ARGV[1-12] as finish.lua says
--
-- Returns    as finish.lua says, and then the time
local settled = finish(ARGV)
settled[#settled + 1] = stamp()
return settled
