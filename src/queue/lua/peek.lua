-- peek.lua: what some things say of themselves (text.lua): how they are kept is ours alone.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1…]  a:<account> | j:<action> | plan:<name> | g
--
-- Returns   for each: how many fields (0: it is not there), then name, value, …
local out = {}
for _, rest in ipairs(ARGV) do spell(thing(rest), out) end
return out
