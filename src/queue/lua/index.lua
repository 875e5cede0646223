-- index.lua: `reindex` and `place`, the one place that writes `wake`, and that rings.
--
-- Account fields: i:<class> is the score in wake, or TOLD_AT less the instant that the worker which
-- keeps the lease has been told; t: j: w: x: k:<class> are the lease's token, action, worker, end
-- and the kind being performed.

local ring, place
do
-- How many wake-up calls may wait.
local BELLS = 64
local TOLD_AT = -2

function ring(name)
  local bell = K .. 'bell:' .. name
  local waiting = call('LPUSH', bell, '1')
  if waiting == 1 then call('PEXPIRE', bell, HOUR) end
  if waiting > BELLS then call('LTRIM', bell, 0, BELLS - 1) end
end

-- Puts the account into `wake` for when it may be claimed (`at`; nil: nowhere). Whoever may be
-- claimed already stands there by its last use, which has passed: who rested longest goes first.
function place(A, class, at)
  local f = A.f
  local was, is = f[OF.stands[class]], at
  if at and at <= now then is = f.lu or 0 end
  if f[OF.token[class]] then
    -- Leased: in no index. A worker that keeps the lease hears of what comes due.
    local idle = not f[OF.job[class]] and at and at < NEVER
    is = idle and TOLD_AT - (at <= now and 0 or at) or nil
    if is and is ~= was then ring('w:' .. f[OF.worker[class]]) end
  end
  if is == was then return end
  local stood, stands = was and was >= 0 and was or nil, is and is >= 0 and is or nil
  if stands ~= stood then
    if stands and stands < NEVER then
      if stands > now then
        local _, head = head_of(class)
        if not head or stands < head then ring(class) end
      elseif not (stood and stood <= now) then
        ring(class)
      end
    end
    stand(A.id, class, stands, stood)
  end
  put(A, OF.stands[class], is)
end
end

-- Puts the account where it belongs, in each class.
local function reindex(A)
  if A.f.po then return seat(A) end
  local found = lanes(A)
  for i = 1, 2 do
    local class, at = CLASSES[i], nil
    for j = 1, #found do
      local lane = found[j]
      if lane.class == class and (not at or lane.at < at) then at = lane.at end
    end
    -- Held until somebody acts, or removed: in no index.
    if at and barred(A, class) >= NEVER then at = nil end
    if at or A.f[OF.stands[class]] then place(A, class, at) end
  end
  if A.f.ps then offer(A) end
end

-- Mends an index that names an account which is gone; nothing of ours leaves one so.
local function forget(acct)
  for _, class in ipairs(CLASSES) do stand(acct, class, nil, 0) end
end

-- The lease ends then; nil: it has ended.
local function lease_till(A, class, ends)
  enlist('lease', A.id .. '|' .. class, ends)
  touch(A)[OF.ends[class]] = ends
end

local function unlease(A, class)
  if class == 'browser' then leave_origin(A) end
  lease_till(A, class, nil)
  local a = A.f
  a[OF.token[class]], a[OF.job[class]], a[OF.worker[class]], a[OF.kind[class]] = nil, nil, nil, nil
end

-- Whether `token` is the live lease's, for `action` (nil: a kept lease without one).
local function holds(A, class, token, action)
  return A ~= nil and A.f[OF.token[class]] == token and A.f[OF.job[class]] == action
end
