-- ceilings.lua: writes what an origin allows the fleet (ceiling.lua); what was counted stays.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1]   origin
-- ARGV[2…]  name, value, …: mr mn ms mc ma, e, w:<kind>; all that is there no more ends
--
-- Returns   1
local C = open(K .. 'ceil:' .. ARGV[1], true)
for name in pairs(C.f) do
  if not match(name, '^C') then put(C, name, nil) end
end
for i = 2, #ARGV, 2 do
  put(C, ARGV[i], tonumber(ARGV[i + 1]) or ARGV[i + 1])
end
if M.due and call('HEXISTS', KEYS[1], 'held') == 1 then fill_ceiling(C) end
return 1
