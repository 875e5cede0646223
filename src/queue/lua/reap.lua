-- reap.lua: takes back leases that ended a grace ago, and ends waiting work whose time passed.
--
-- KEYS[1]  <prefix>meta
-- ARGV[1]  how many of each at most
--
-- Returns  { leases taken back, actions expired, ms until the next of either (-1: none) }
local limit, grace = num(ARGV[1]), num(M.grace)
local gone = call('ZRANGEBYSCORE', K .. 'lease', '-inf', now - grace, 'LIMIT', 0, limit)
for _, member in ipairs(gone) do
  local acct, class = match(member, '^([^|]+)|(.+)$')
  local A = account(acct)
  lose(A, class, 'lost', 'its worker went silent')
  reindex(A)
end
local stale = call('ZRANGEBYSCORE', K .. 'exp', '-inf', now, 'LIMIT', 0, limit)
for _, id in ipairs(stale) do
  local J = action(id)
  local A = J and account(J.f.a)
  if A and expire(A, J) then reindex(A) else call('ZREM', K .. 'exp', id) end
end
local next = NEVER
for key, wait in pairs({ lease = grace, exp = 0 }) do
  local head = call('ZRANGE', K .. key, 0, 0, 'WITHSCORES')
  if head[1] then next = math.min(next, num(head[2]) + wait) end
end
return { #gone, #stale, next < NEVER and math.max(0, next - now) or -1 }
