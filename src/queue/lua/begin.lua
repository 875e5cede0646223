-- begin.lua: the side effect is about to happen. Lost after this, the action may have been done.
--
-- `begin(args)` takes a list: account, class, token, action.
--
-- Returns   { go, charge, kind }  act now; what is charged (charge.lua), empty for a reading
--           { fenced }  the lease is lost: do nothing
--           { full }    the window has changed since the claim and its cap is used: settle as
--                       notrun
local function begin(args)
  local A, class = account(args[1]), args[2]
  if not holds(A, class, args[3], args[4]) or now >= A.f['x:' .. class] then return { 'fenced' } end
  local J = action(args[4])
  if J.f.du == 'v' then return { 'go', '', J.f.k } end
  if J.f.bg then return { 'go', charge_words(J), J.f.k } end
  if not recharge(A, J) then return { 'full' } end
  put(J, 'bg', now)
  emit('begun', A.id, J)
  return { 'go', charge_words(J), J.f.k }
end
