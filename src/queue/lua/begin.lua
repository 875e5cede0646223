-- begin.lua: the side effect is about to happen. Lost after this, the action may have been done.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1-4] account, class, token, action
--
-- Returns   go      act now
--           fenced  the lease is lost: do nothing
--           full    the window has changed since the claim and its cap is used: settle as notrun
--           paused, held or hours   so it is since the claim: settle as notrun
local A, class = account(ARGV[1]), ARGV[2]
if not holds(A, class, ARGV[3], ARGV[4]) or now >= num(A.f['x:' .. class]) then return 'fenced' end
local J = action(ARGV[4])
if J.f.du == 'v' or J.f.bg then return 'go' end
if M.paused or site_pause(A) then return 'paused' end
-- The site's breaker has opened, and another tries.
if site_rest(A) > now and not tries(A) then return 'paused' end
if A.f.st ~= 'active' and not (num(A.f.hu) > 0 and num(A.f.hu) <= now) then return 'held' end
local P = J.f.k ~= 'sign_in' and plan(A)
local today = P and P.hours and day(A, now)
if today and opening(P.hours, today, now) > now then return 'hours' end
if not recharge(A, J) then return 'full' end
unroll(A, J, true)
put(J, 'bg', now)
save(J)
save(A)
emit('begun', A.id, J)
return 'go'
