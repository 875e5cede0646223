-- again.lua: work that goes back into its lane, to be performed again or to be read.

local function backoff(J, n)
  local wait = min(O.base * 2 ^ min(n - 1, 30), O.max)
  local chance = tonumber(sub(redis.sha1hex(J.id .. ':' .. n), 1, 6), 16) / 0xffffff
  return floor(wait * (0.8 + 0.4 * chance))
end

-- Back into its lane, to be performed or (duty `v`) read.
local function requeue(A, J, due, duty)
  put(J, 'du', duty)
  move(J, duty == 'v' and 'unknown' or 'waiting')
  if duty == 'p' and J.f.x then call('ZADD', K .. 'exp', J.f.x, J.id) end
  push(A, J.id, J.f.sl .. (duty == 'v' and '!' or ''), J.f.sc, due)
end

-- The effect may be there: the site is read before anything else is done.
local function look(A, J, due, x)
  put(J, 'bg', J.f.bp or J.f.bg)
  put(J, 'vt', nil)
  note(J, x)
  requeue(A, J, due, 'v')
  emit('unknown', A.id, J, x)
end

-- To be performed again, unless that was tried or lost too often, or somebody took it back. What an
-- earlier attempt may have made is read before it is told as not done.
local function again(A, J, due, x)
  local worn = num(J.f.at) >= O.attempts or num(J.f.lo) >= O.losses
  put(J, 'ch', nil)
  put(J, 'bg', nil)
  if (J.f.cx or worn) and J.f.bp and J.f.ef ~= 'none' then return look(A, J, due, x) end
  if J.f.cx then return conclude(J, 'cancelled', { code = 'cancelled', why = J.f.cx }) end
  if worn then return conclude(J, 'failed', x) end
  note(J, x)
  requeue(A, J, due, 'p')
  emit('retrying', A.id, J, { code = x.code, why = x.why, outcome = x.outcome })
end
