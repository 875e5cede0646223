-- begin.lua: the side effect is about to happen. Lost after this, the action may have been done.
--
-- `begin(args)` takes a list: account, class, token, action.
--
-- Returns   go      act now
--           fenced  the lease is lost: do nothing
--           full    the window has changed since the claim and its cap is used: settle as notrun
local function begin(args)
  local A, class = account(args[1]), args[2]
  if not holds(A, class, args[3], args[4]) or now >= A.f['x:' .. class] then return 'fenced' end
  local J = action(args[4])
  if J.f.du == 'v' or J.f.bg then return 'go' end
  if not recharge(A, J) then return 'full' end
  put(J, 'bg', now)
  emit('begun', A.id, J)
  return 'go'
end
