-- origin.lua: what an account's work takes of its origin's ceilings (ceiling.lua): a browser as
-- long as its lease, a place among the accounts of a day, a commit.

local enter_origin, leave_origin, recommit
do
-- A claim has taken the action: its browser and its commit are counted.
function enter_origin(A, J)
  local name = A.f.og
  local C = name and MINUTE.origin(name)
  if not C then return end
  call('ZREMRANGEBYSCORE', K .. 'ses:' .. name, '-inf', stamp())
  call('ZADD', K .. 'ses:' .. name, text(NEVER), A.id)
  call('ZREMRANGEBYSCORE', K .. 'who:' .. name, '-inf', text(now - 86400000))
  call('ZADD', K .. 'who:' .. name, stamp(), A.id)
  put(A, 'ob', name)
  if J.f.du == 'p' and C.f.ms and MINUTE.commits(C, J.f.k) then
    MINUTE.count(C, 's', now, 1)
    put(J, 'ce', now)
  end
end

-- The account's browser is gone, or, where the lease was taken away, will be when that would have
-- ended.
function leave_origin(A)
  local name = A.f.ob
  if not name then return end
  put(A, 'ob', nil)
  local till = A.ousted and (A.f['x:browser'] or 0) + O.grace or 0
  if till > now then
    call('ZADD', K .. 'ses:' .. name, text(till), A.id)
  else
    call('ZREM', K .. 'ses:' .. name, A.id)
  end
end

-- The commit comes later than its claim: it counts from now on. Returns whether there is room.
function recommit(A, J)
  local name = A.f.og
  if J.f.cl ~= 'browser' or not name then return true end
  local C = MINUTE.origin(name)
  if not C then return false end
  local most = C.f.ms
  if not most or not MINUTE.commits(C, J.f.k) then return true end
  local counted = J.f.ce and (floor(J.f.ce / 1000) + 1) * 1000 + MINUTE.counts > now
  local sum = MINUTE.charged(C, 's', now, most)
  if sum + (counted and 0 or 1) > most then return false end
  if counted then MINUTE.count(C, 's', J.f.ce, -1) end
  MINUTE.count(C, 's', now, 1)
  put(J, 'ce', now)
  return true
end
end
