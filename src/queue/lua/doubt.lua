-- doubt.lua: actions that may have been done, and workers that are gone.

-- Reading did not tell: read again later, a bounded number of times.
local function unread(A, J, after, x)
  put(J, 'vt', num(J.f.vt) + 1)
  if num(J.f.vt) >= O.attempts then return park(J, x) end
  note(J, x)
  requeue(A, J, now + max(after, backoff(J, num(J.f.vt))), 'v')
  emit('unknown', A.id, J, x)
end

local doubt
do
-- Whether a cap leaves no room for one more of the kind.
local function is_full(A, kind, t)
  if is_rolled(A, kind, t) then return true end
  for i = 1, caps(A, kind, t) or 0, 5 do
    if count(CAPS[i + 1], CAPS[i + 2], CAPS[i + 3]) >= CAPS[i + 4] then return true end
  end
  return false
end

-- The effect may be there: its kind says what is done about that. What would be made again but
-- finds no room under a cap is read instead, or nobody would know before tomorrow.
function doubt(A, J, due, x)
  if J.f.ol == 'retry' and (J.f.ef == 'none' or not is_full(A, J.f.k, due)) then
    -- Found there by the next attempt, the effect is this one's.
    put(J, 'bp', J.f.bp or J.f.bg)
    return again(A, J, due, x)
  end
  if J.f.ol == 'park' then return park(J, x) end
  look(A, J, due, x)
end
end

-- The worker that held this lease is gone, or was told to stop. What it took from the limits stays
-- taken; what it had not begun was not done.
local function lose(A, class, code, why)
  local J = A.f[OF.job[class]] and action(A.f[OF.job[class]])
  A.ousted = true
  unlease(A, class)
  if not J then return end
  local x = { code = code, why = why }
  put(J, 'lo', num(J.f.lo) + 1)
  emit('lost', A.id, J, x)
  if J.f.du == 'v' then return unread(A, J, 0, x) end
  -- Not begun, it was not done: another worker takes it up at once. One that takes its workers
  -- with it again and again must wait.
  local wait = num(J.f.lo) > 1 and backoff(J, num(J.f.lo) - 1) or 0
  if not J.f.bg then return again(A, J, now + wait, x) end
  used(A, J.f.k, now)
  doubt(A, J, now, x)
end

-- Takes a lease away. Whoever held it may act until it would have ended: nobody else starts before.
local function revoke(A, class, code, why)
  put(A, OF.fenced[class], A.f[OF.ends[class]] + O.grace)
  lose(A, class, code, why)
end

-- Ends a waiting action whose time has passed; returns whether it did. One that an earlier attempt
-- may have made is read first: what stands on the site must not be told as never done.
local function expire(A, J)
  if J.f.st ~= 'waiting' or not J.f.x or J.f.x > now then return false end
  pull(A, J.id, J.f.sl)
  local x = { code = 'expired', why = 'its time passed while it waited' }
  if not J.f.bp or J.f.ef == 'none' then
    conclude(J, 'expired', x)
  else
    call('ZREM', K .. 'exp', J.id)
    look(A, J, now, x)
  end
  return true
end
