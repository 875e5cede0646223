-- cancel.lua: somebody takes an action back.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1]   action
-- ARGV[2,3] why, who
--
-- Returns   its state after: cancelled; running or unknown: it is cancelled unless it was done; or
--           the state it had already ended in. Empty: there is no such action.
local J = action(ARGV[1])
if not J then return '' end
local A = account(J.f.a)
local act = { code = 'cancel', by = ARGV[3], why = ARGV[2] }
if J.f.st == 'waiting' then
  emit('act', J.f.a, J, act)
  pull(A, J.id, J.f.sl)
  if J.f.x then call('ZREM', K .. 'exp', J.id) end
  put(J, 'cx', ARGV[2])
  again(A, J, now, { code = 'cancelled', why = ARGV[2] })
  reindex(A)
elseif J.f.st == 'running' or J.f.st == 'unknown' then
  emit('act', J.f.a, J, act)
  put(J, 'cx', ARGV[2])
end
return J.f.st
