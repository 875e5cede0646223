-- reap.lua: takes back leases that ended a grace ago, and ends waiting work whose time passed.
--
-- KEYS[1]  <prefix>meta
-- ARGV[1]  how many of each at most
-- ARGV[2]  the server's time as of the caller's last round, ms; 0: this is its first
-- ARGV[3]  ms since then by the caller's own steady clock
--
-- Returns  { leases taken back, actions expired, ms until the next of either (-1: none), time }
local limit, grace = num(ARGV[1]), O.grace

-- A clock that has leapt forward would end every lease under its worker's hands: they all get
-- their full length anew, and claims wait until those that are lost have ended.
local leapt = num(ARGV[2]) > 0 and now - num(ARGV[2]) > num(ARGV[3]) + 2000
if leapt and M.allow_fake ~= '1' then
  for _, member in ipairs(call('ZRANGE', K .. 'lease', 0, -1)) do
    local acct, class = match(member, '^([^|]+)|(.+)$')
    local A = account(acct)
    lease_till(A, class, now + O.lease)
  end
  settle_indexes()
  call('HSET', KEYS[1], 'resume', now + O.lease)
end
local gone = call('ZRANGEBYSCORE', K .. 'lease', '-inf', now - grace, 'LIMIT', 0, limit)
for _, member in ipairs(gone) do
  local acct, class = match(member, '^([^|]+)|(.+)$')
  local A = account(acct)
  if A then
    lose(A, class, 'lost', 'its worker went silent')
    reindex(A)
  else
    enlist('lease', member, nil)
  end
end
local stale = call('ZRANGEBYSCORE', K .. 'exp', '-inf', now, 'LIMIT', 0, limit)
for _, id in ipairs(stale) do
  local J = action(id)
  local A = J and account(J.f.a)
  if A and expire(A, J) then reindex(A) else call('ZREM', K .. 'exp', id) end
end
-- Of what workers were handed, some at a time: what is old is asked for no more.
local some = call('HRANDFIELD', K .. 'w', '16', 'WITHVALUES')
for i = 1, #some, 2 do
  if now - num(match(some[i + 1], '%d+$')) > 86400000 then call('HDEL', K .. 'w', some[i]) end
end
settle_indexes()
local next = NEVER
for key, wait in pairs({ lease = grace, exp = 0 }) do
  local head = call('ZRANGE', K .. key, 0, 0, 'WITHSCORES')
  if head[1] then next = math.min(next, num(head[2]) + wait) end
end
return { #gone, #stale, next < NEVER and math.max(0, next - now) or -1,
  text(now) }
