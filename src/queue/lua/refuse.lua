-- refuse.lua: an entry of the intake is refused: it leaves, and its event is told, in one step.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1,2] the intake's stream (it is outside the shard's tag, on the same server), its group
-- ARGV[3]   the entry
-- ARGV[4…]  name and value of each of the event's fields beside version, type and time
--
-- Returns   1 told, 0 somebody has dealt with the entry before
if call('XACK', ARGV[1], ARGV[2], ARGV[3]) == 0 then return 0 end
call('XDEL', ARGV[1], ARGV[3])
D.moved.refused = (D.moved.refused or 0) + 1
local e = { 'v', 1, 'type', 'refused', 'at', stamp() }
for i = 4, #ARGV do e[#e + 1] = ARGV[i] end
call('XADD', K .. 'ev', '*', unpack(e))
return 1
