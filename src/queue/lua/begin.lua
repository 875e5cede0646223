-- begin.lua: the side effect is about to happen. Lost after this, the action may have been done.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1-4] account, class, token, action
--
-- Returns   { go, charge, kind }  act now; what is charged (charge.lua), empty for a reading
--           { fenced }  the lease is lost: do nothing
--           { full }    the window has changed since the claim and its cap is used: settle as
--                       notrun
local A, class = account(ARGV[1]), ARGV[2]
if not holds(A, class, ARGV[3], ARGV[4]) or now >= num(A.f['x:' .. class]) then
  return { 'fenced' }
end
local J = action(ARGV[4])
if J.f.du == 'v' then return { 'go', '', J.f.k } end
if J.f.bg then return { 'go', J.f.ch or '', J.f.k } end
if not recharge(A, J) then return { 'full' } end
put(J, 'bg', now)
save(J)
save(A)
emit('begun', A.id, J)
return { 'go', J.f.ch or '', J.f.k }
