-- begin.lua: the side effect is about to happen. Lost after this, the action may have been done.
--
-- `begin(args)` takes a list: account, class, token, action.
--
-- Returns   { go, charge, kind }  act now; what is charged (charge.lua), empty for a reading
--           { fenced }  the lease is lost: do nothing
--           { full }    the window has changed since the claim and its cap is used: settle as
--                       notrun
--           { paused }, { held } or { hours }  so it is since the claim: settle as notrun

local begin
do
-- What has come between the claim and the act.
local function between(A, J)
  if M.paused or site_pause(A) then return 'paused' end
  -- The site's breaker has opened, and another tries.
  if site_rest(A) > now and not tries(A) then return 'paused' end
  if A.f.st ~= 'active' and not (num(A.f.hu) > 0 and num(A.f.hu) <= now) then return 'held' end
  local P = J.f.k ~= 'sign_in' and plan(A)
  local today = P and P.hours and day(A, now)
  if today and opening(P.hours, today, now) > now then return 'hours' end
  if not recharge(A, J) or not recommit(A, J) then return 'full' end
end

function begin(args)
  local A, class = account(args[1]), args[2]
  if not holds(A, class, args[3], args[4]) or now >= A.f[OF.ends[class]] then
    return { 'fenced' }
  end
  local J = action(args[4])
  if J.f.du == 'v' then return { 'go', '', J.f.k } end
  if J.f.bg then return { 'go', charge_words(J), J.f.k } end
  local shut = between(A, J)
  if shut then return { shut } end
  unroll(A, J, true)
  put(J, 'bg', now)
  emit('begun', A.id, J)
  return { 'go', charge_words(J), J.f.k }
end
end
