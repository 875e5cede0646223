-- plan.lua: writes a plan, or the fleet's caps, whole.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1]   `plan:<name>`, or `g` for the fleet's caps
-- ARGV[2…]  field, value, …: of a plan dcap hcap rh rd bs bi hours bn bb bm bc and dk: hk: cd: rh:
--           rd:<kind>; of the fleet dmax hmax; or gd gh (escrow.lua). Counters and
--           credit that stand in `g` are kept.
--
-- Returns   1
local o = open(K .. ARGV[1], true)
for field in pairs(o.f) do
  if not (ARGV[1] == 'g' and (field == 'c' or field == 'e')) then put(o, field, nil) end
end
-- A plan without limits is a plan, too.
if ARGV[1] ~= 'g' then put(o, 'known', 1) end
for i = 2, #ARGV, 2 do
  local value = ARGV[i + 1]
  put(o, ARGV[i], ARGV[i] ~= 'hours' and tonumber(value) or value)
end
-- Whoever has read a plan before reads it anew.
local time = call('TIME')
call('HSET', KEYS[1], 'pv', time[1] .. '.' .. time[2])
return 1
