-- resolve.lua: a person settles a dead letter: one that failed, or one that is parked as unknown.
--
-- KEYS[1]     <prefix>meta
-- ARGV[1]     action
-- ARGV[2]     retry | done | failed (the last two only for what is parked)
-- ARGV[3,4]   who, why, for the events
--
-- Returns     its state after; empty: it is no dead letter
local J, verb = action(ARGV[1]), ARGV[2]
local parked = J and call('ZSCORE', K .. 'parked', J.id)
local dead = J and call('ZSCORE', K .. 'dlq', J.id)
if not (parked or dead and verb == 'retry') then return '' end
local A, x = account(J.f.a), { code = 'resolved', why = 'settled by ' .. ARGV[3] }
-- A pool's work outlives the account that had it.
if J.f.po and (not A or A.f.st == 'gone') then
  A = post_of(J)
  put(J, 'bp')
end
if verb == 'retry' and (not A or A.f.st == 'gone') then return '' end
emit('act', J.f.a, J, { code = verb == 'retry' and 'retry' or 'settle', outcome = verb,
  by = ARGV[3], why = ARGV[4] })
call('ZREM', K .. 'dlq', J.id)
call('ZREM', K .. 'parked', J.id)
if verb ~= 'retry' then
  if verb == 'done' then x.outcome = 'made' end
  conclude(J, verb, x)
  return J.f.st
end
for _, field in ipairs({ 'lo', 'vt', 'ch', 'bg', 'cx', 'ft', 'x', 'keep' }) do
  put(J, field, nil)
end
put(J, 'at', 0)
if J.f.ik then call('PERSIST', K .. 'i:' .. J.f.ik) end
requeue(A, J, now, 'p')
reindex(A)
emit('retrying', A.id, J, x)
return J.f.st
