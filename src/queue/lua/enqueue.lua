-- enqueue.lua: takes an action into its account's lane.
--
-- KEYS[1]     <prefix>meta
-- ARGV[1,2]   id, account
-- ARGV[3,4]   kind, slot
-- ARGV[5]     priority 0-9
-- ARGV[6,7]   not before, expires: ms, 0 for none
-- ARGV[8,9]   idempotency key (empty: none), fingerprint
-- ARGV[10,11] on_lost (retry|verify|park), effect
-- ARGV[12,13] target, hash of its text
-- ARGV[14]    intake id
-- ARGV[15]    the action as JSON
--
-- Returns     { new | same | conflict, id }  or  { unknown }: there is no such account
local id, key = ARGV[1], ARGV[8] ~= '' and ARGV[8] or nil
local known = call('HGET', K .. 'j:' .. id, 'fp')
if known then return { known == ARGV[9] and 'new' or 'conflict', id } end
if key then
  local first, print = match(call('GET', K .. 'i:' .. key) or '', '^([^|]+)|(.*)$')
  if first then return { print == ARGV[9] and 'same' or 'conflict', first } end
end
local A = account(ARGV[2])
if not A or A.f.st == 'gone' then return { 'unknown' } end
local rank = now + num(ARGV[5]) * 600000
local function given(i)
  return ARGV[i] ~= '' and ARGV[i] ~= '0' and ARGV[i] or nil
end
local J = { key = K .. 'j:' .. id, id = id, w = {}, f = {} }
local f = { a = ARGV[2], k = ARGV[3], sl = ARGV[4], sc = rank, nb = given(6), x = given(7),
  ik = key, fp = ARGV[9], ol = ARGV[10], ef = ARGV[11], tg = given(12), th = given(13),
  ['in'] = given(14), cr = now, at = 0 }
for field, value in pairs(f) do put(J, field, value) end
call('SET', K .. 'p:' .. id, ARGV[15])
if key then call('SET', K .. 'i:' .. key, id .. '|' .. ARGV[9]) end
call('ZADD', K .. 'jobs', now, id)
call('ZREMRANGEBYRANK', K .. 'jobs', 0, -100001)
requeue(A, J, num(ARGV[6]), 'p')
reindex(A)
emit('queued', A.id, J)
return { 'new', id }
