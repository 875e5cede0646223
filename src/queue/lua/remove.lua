-- remove.lua: an account leaves: its leases are revoked, its waiting work is cancelled.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1]   account
-- ARGV[2]   how many actions to end at most
--
-- Returns   how many are left: call again until 0; -1: there is no such account
local A, left, budget = account(ARGV[1]), 0, num(ARGV[2])
if not A then return -1 end
local x = { code = 'account_removed', why = 'its account was removed' }
if A.f.st ~= 'gone' then count_in(A.f.si, nil) end
put(A, 'st', 'gone')
join(A, '')
put(A, 'wy', nil)
for _, class in ipairs(CLASSES) do
  if A.f[OF.token[class]] then revoke(A, class, 'account_removed', x.why) end
end
for slot in string.gmatch(A.f.ks or '', '%S+') do
  for _, key in ipairs({ 'q:', 'z:' }) do
    local lane = K .. key .. A.id .. ':' .. slot
    for _, id in ipairs(call('ZRANGE', lane, 0, budget - 1)) do
      local J = action(id)
      call('ZREM', lane, id)
      -- What may have been done can no longer be read: a person must look.
      local perhaps = slot:sub(-1) == '!' or J.f.bp and J.f.ef ~= 'none'
      if perhaps then park(J, x) else conclude(J, 'cancelled', x) end
      budget = budget - 1
    end
    left = left + call('ZCARD', lane)
    if budget <= 0 then break end
  end
  if budget <= 0 then break end
end
reindex(A)
if budget <= 0 then return math.max(left, 1) end
call('SREM', K .. 'acc', A.id)
-- Its counters stay until its day is over: taken up again, it has not a second quota.
put(A, 'keep', 2 * 86400000)
return 0
