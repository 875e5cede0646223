-- index.lua: `reindex` and `place`, the one place that writes `wake`, and that rings.
--
-- Account fields: i:<class> is the score in wake, or TOLD_AT less the instant that the worker which
-- keeps the lease has been told; t: j: w: x: k:<class> are the lease's token, action, worker, end
-- and the kind being performed.

-- How many wake-up calls may wait.
local BELLS = 64
local TOLD_AT = -2

local function ring(name)
  local bell = K .. 'bell:' .. name
  local waiting = call('LPUSH', bell, '1')
  if waiting == 1 then call('PEXPIRE', bell, HOUR) end
  if waiting > BELLS then call('LTRIM', bell, 0, BELLS - 1) end
end

-- Puts the account into `wake` for when it may be claimed (`at`; nil: nowhere). Whoever may be
-- claimed already stands there by its last use, which has passed: who rested longest goes first.
local function place(A, class, at)
  local was, wake = A.f['i:' .. class], K .. 'wake:' .. class
  local is = at and (at <= now and (A.f.lu or 0) or at) or nil
  if A.f['t:' .. class] then
    -- Leased: in no index. A worker that keeps the lease hears of what comes due.
    local idle = not A.f['j:' .. class] and at and at < NEVER
    is = idle and TOLD_AT - (at <= now and 0 or at) or nil
    if is and is ~= was then ring('w:' .. A.f['w:' .. class]) end
  end
  local stood, stands = was and was >= 0 and was, is and is >= 0 and is
  if is == was or stands and stands == stood then return end
  if stood and not stands then call('ZREM', wake, A.id) end
  if stands then
    local head = stands > now and stands < NEVER and call('ZRANGE', wake, '0', '0', 'WITHSCORES')
    call('ZADD', wake, text(stands), A.id)
    if stands <= now and not (stood and stood <= now) then ring(class) end
    if head and (not head[1] or stands < num(head[2])) then ring(class) end
  end
  put(A, 'i:' .. class, is)
end

-- Puts the account where it belongs, in each class.
local function reindex(A)
  local at = {}
  for _, lane in ipairs(lanes(A)) do
    at[lane.class] = min(at[lane.class] or NEVER, lane.at)
  end
  for _, class in ipairs(CLASSES) do
    -- Held until somebody acts, or removed: in no index.
    local shut = barred(A, class) >= NEVER
    place(A, class, not shut and at[class] or nil)
  end
end

-- Mends an index that names an account which is gone; nothing of ours leaves one so.
local function forget(acct)
  for _, class in ipairs(CLASSES) do call('ZREM', K .. 'wake:' .. class, acct) end
end

local function unlease(A, class)
  call('ZREM', K .. 'lease', A.id .. '|' .. class)
  local a = touch(A)
  a['t:' .. class], a['x:' .. class], a['j:' .. class] = nil, nil, nil
  a['w:' .. class], a['k:' .. class] = nil, nil
end

-- Whether `token` is the live lease's, for `action` (nil: a kept lease without one).
local function holds(A, class, token, action)
  return A ~= nil and A.f['t:' .. class] == token and A.f['j:' .. class] == action
end
