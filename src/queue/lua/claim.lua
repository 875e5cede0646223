-- claim.lua: the next action that may be carried out, under a lease; or when to ask again.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1,2] worker, nonce: the same nonce gets the same answer
-- ARGV[3]   classes the worker can do, `api,browser`
-- ARGV[4]   accounts whose browser it keeps, comma after each
--
-- Returns   { work, account, class, token, ttl ms, id, duty p|v, attempt, begun ms, json }
--           { none, ms until something may be due (-1: not before something arrives) }
--           { shut, ms, why }
local worker, nonce, lease = ARGV[1], ARGV[2], num(M.lease)
local W, scans = K .. 'w:' .. worker, 16

local function answer(id, acct, class, token)
  local J, A = call('HMGET', K .. 'j:' .. id, 'du', 'at', 'bg', 'bp'), account(acct)
  local live = A and holds(A, class, token, id)
  local ttl = live and math.max(0, num(A.f['x:' .. class]) - now) or 0
  local json = call('GET', K .. 'p:' .. id) or ''
  local begun = J[1] == 'v' and J[3] or J[4]
  return { 'work', acct, class, token, ttl, id, J[1] or 'p', num(J[2]), num(begun), json }
end

local last = call('HMGET', W, 'n', 'id', 'acct', 'class', 'token')
if last[1] == nonce and call('EXISTS', K .. 'j:' .. last[2]) == 1 then
  return answer(last[2], last[3], last[4], last[5])
end
if now < num(M.resume) then return { 'shut', num(M.resume) - now, 'restarted' } end
if late > 1000 then return { 'shut', late, 'clock' } end
if M.paused then return { 'shut', 60000, 'paused: ' .. M.paused } end

local function take(A, lane)
  local class, J = lane.class, action(lane.id)
  pull(A, J.id, lane.slot)
  call('ZREM', K .. 'exp', J.id)
  local token = fmt('%016.0f-%012.0f', num(M.epoch), call('HINCRBY', KEYS[1], 'seq', 1))
  if J.f.du == 'p' then
    put(J, 'at', num(J.f.at) + 1)
    if lane.kind ~= 'sign_in' then put(J, 'ch', charge(A, lane.kind)) end
    put(A, 'k:' .. class, lane.kind)
    move(J, 'running')
  end
  put(J, 'cl', class)
  put(J, 'hb', nil)
  put(J, 'wk', worker)
  save(J)
  put(A, 't:' .. class, token)
  put(A, 'x:' .. class, now + lease)
  put(A, 'j:' .. class, J.id)
  put(A, 'w:' .. class, worker)
  put(A, 'lu', now)
  call('ZADD', K .. 'lease', now + lease, A.id .. '|' .. class)
  reindex(A)
  call('HSET', W, 'n', nonce, 'id', J.id, 'acct', A.id, 'class', class, 'token', token)
  call('PEXPIRE', W, 86400000)
  emit('claimed', A.id, J, { worker = worker, duty = J.f.du == 'v' and 'verify' or 'perform' })
  return answer(J.id, A.id, class, token)
end

-- Takes the account's most urgent due action of the class, if there is one; else indexes it anew.
local soonest = NEVER
local function try(A, class)
  local held = A.f['t:' .. class]
  if held and (A.f['j:' .. class] or A.f['w:' .. class] ~= worker) then return nil end
  for _ = 1, 8 do
    local best
    for _, lane in ipairs(lanes(A)) do
      local mine = lane.class == class
      if mine and lane.at > now then soonest = math.min(soonest, lane.at) end
      if mine and lane.at <= now and (not best or lane.rank < best.rank) then best = lane end
    end
    if not best then break end
    if not expire(A, action(best.id)) then return take(A, best) end
  end
  reindex(A)
end

for acct in string.gmatch(ARGV[4], '[^,]+') do
  local A = account(acct)
  local work = A and try(A, 'browser')
  if work then return work end
end
for class in string.gmatch(ARGV[3], '%a+') do
  for _, acct in ipairs(call('ZRANGEBYSCORE', K .. 'wake:' .. class, '-inf', now, 'LIMIT', 0, 8)) do
    local A = account(acct)
    if A then reindex(A) else forget(acct) end
  end
end
