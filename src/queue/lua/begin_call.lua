-- begin_call.lua: the side effect is about to happen (begin.lua).
--
-- KEYS[1]   <prefix>meta
-- ARGV[1-4] as begin.lua says
--
-- Returns   as begin.lua says
return begin(ARGV)
