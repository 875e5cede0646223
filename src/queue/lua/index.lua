-- index.lua: `reindex`, the one place that writes `ready` and `wake`, and that rings.
--
-- Account fields: i:<class> is `r` (in ready), a number (in wake, until then) or `k<ms>` (a worker
-- keeps the lease and has been told); t: j: w: x: k:<class> are the lease's token, action, worker,
-- end and the kind being performed.

local function ring(name)
  local bell = K .. 'bell:' .. name
  call('LPUSH', bell, 1)
  call('LTRIM', bell, 0, 63)
  call('PEXPIRE', bell, HOUR)
end

local function place(A, class, at)
  local was, ready, wake = A.f['i:' .. class], K .. 'ready:' .. class, K .. 'wake:' .. class
  local is = at and (at <= now and 'r' or at) or nil
  if A.f['t:' .. class] then
    -- Leased: in no index. A worker that keeps the lease hears of what comes due.
    local idle = not A.f['j:' .. class] and at and at < NEVER
    is = idle and 'k' .. (at <= now and 0 or fmt('%.0f', at)) or nil
    if is and is ~= was then ring('w:' .. A.f['w:' .. class]) end
  end
  if is == was or is and tonumber(was) == is then return end
  if was == 'r' and is ~= 'r' then call('ZREM', ready, A.id) end
  if tonumber(was) and not tonumber(is) then call('ZREM', wake, A.id) end
  if is == 'r' then
    call('ZADD', ready, num(A.f.lu), A.id)
    ring(class)
  elseif tonumber(is) then
    local head = call('ZRANGE', wake, 0, 0, 'WITHSCORES')
    call('ZADD', wake, is, A.id)
    if is < NEVER and (not head[1] or is < num(head[2])) then ring(class) end
  end
  put(A, 'i:' .. class, is)
end

-- Puts the account where it belongs, in each class, and writes it.
local function reindex(A)
  local at = {}
  for _, lane in ipairs(lanes(A)) do
    at[lane.class] = math.min(at[lane.class] or NEVER, lane.at)
  end
  for _, class in ipairs(CLASSES) do
    -- Held until somebody acts, or removed: in no index.
    local shut = barred(A, class) >= NEVER
    place(A, class, not shut and at[class] or nil)
  end
  save(A)
end

-- Mends an index that names an account which is gone; nothing of ours leaves one so.
local function forget(acct)
  for _, class in ipairs(CLASSES) do
    call('ZREM', K .. 'ready:' .. class, acct)
    call('ZREM', K .. 'wake:' .. class, acct)
  end
end

local function unlease(A, class)
  call('ZREM', K .. 'lease', A.id .. '|' .. class)
  for _, field in ipairs({ 't:', 'x:', 'j:', 'w:', 'k:' }) do put(A, field .. class, nil) end
end

-- Whether `token` is the live lease's, for `action` (nil: a kept lease without one).
local function holds(A, class, token, action)
  return A ~= nil and A.f['t:' .. class] == token and A.f['j:' .. class] == action
end
