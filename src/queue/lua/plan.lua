-- plan.lua: writes a plan, or the fleet's caps, whole.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1]   `plan:<name>`, or `g` for the fleet's caps
-- ARGV[2]   its revision, of which a later one stays; 0: it has none, and is written in any case
-- ARGV[3]   1; 0: there is no such plan any more
-- ARGV[4…]  field, value, …: of a plan dcap hcap rh rd bs bi hours bn bb bm bc and dk: hk: cd: rh:
--           rd:<kind>; of the fleet dmax hmax; or gd gh (escrow.lua). Counters and
--           credit that stand in `g` are kept.
--
-- Returns   1 written, 0 a later revision is there
local o, revision = open(K .. ARGV[1], true), num(ARGV[2])
if revision > 0 and num(o.f.revision) > revision then return 0 end
for field in pairs(o.f) do
  if not (ARGV[1] == 'g' and (field == 'c' or field == 'e')) then put(o, field, nil) end
end
-- A plan without limits is a plan, too.
if ARGV[1] ~= 'g' and ARGV[3] == '1' then put(o, 'known', 1) end
if revision > 0 then put(o, 'revision', revision) end
for i = 4, #ARGV, 2 do
  local value = ARGV[i + 1]
  put(o, ARGV[i], ARGV[i] ~= 'hours' and tonumber(value) or value)
end
-- Whoever has read a plan before reads it anew.
local time = call('TIME')
call('HSET', KEYS[1], 'pv', time[1] .. '.' .. time[2])
return 1
