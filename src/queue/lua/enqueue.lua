-- enqueue.lua: takes actions into their accounts' lanes.
--
-- KEYS[1]      <prefix>meta
-- ARGV         fifteen words an action, at most a hundred actions:
--   1,2        id, account; or a pool's post, `@<pool>` or `@<pool>/<mission>` (post.lua)
--   3,4        kind, slot
--   5          priority 0-9
--   6,7        not before, expires: ms, 0 for none
--   8,9        idempotency key (empty: none), fingerprint
--   10,11      on_lost (retry|verify|park), effect
--   12,13      target, hash of its text
--   14         intake id
--   15         the action as JSON
--
-- Returns      for each { new | same | conflict, id } or { unknown, '' }: there is no such account
local WORDS, out = 15, {}

-- When it came, in ms; what comes within one ms stays in order by its fraction.
local function arrival()
  LAST.nth = LAST.at == now and min(LAST.nth + 1, 4095) or 0
  LAST.at = now
  return now + LAST.nth / 4096
end

-- Work for an account that is ready already changes nothing about when its turn comes.
local function arrive(A, J)
  -- Its post has been seated already.
  if A.f.po then return end
  local kind, forced = parts(J.f.sl)
  local class = class_of(A, kind, forced)
  local stands = class and A.f[OF.stands[class]] or -1
  if not (stands >= 0 and stands <= now) then reindex(A) end
end

local function enqueue(args)
  local id, key = args[1], args[8] ~= '' and args[8] or nil
  local known = action(id)
  if known then return known.f.fp == args[9] and 'new' or 'conflict', id end
  if key then
    local first, print = match(call('GET', K .. 'i:' .. key) or '', '^([^|]+)|(.*)$')
    if first then return print == args[9] and 'same' or 'conflict', first end
  end
  local A = account(args[2])
  if not A or A.f.st == 'gone' then return 'unknown', '' end
  local rank = arrival() + num(args[5]) * 600000
  local function given(i)
    return args[i] ~= '' and args[i] ~= '0' and args[i] or nil
  end
  local J = new_action(id, { a = args[2], k = args[3], sl = args[4], sc = rank,
    x = tonumber(given(7)), fp = args[9], ol = args[10], ef = args[11], tg = given(12),
    th = given(13), ['in'] = given(14), cr = now, at = 0 }, args[15])
  put(J, 'ik', key)
  put(J, 'nb', given(6))
  put(J, 'po', A.f.po)
  put(J, 'mi', A.f.mi)
  if key then call('SET', K .. 'i:' .. key, id .. '|' .. args[9]) end
  call('ZADD', K .. 'jobs', now, id)
  requeue(A, J, num(args[6]), 'p')
  arrive(A, J)
  emit('queued', A.id, J)
  return 'new', id
end

for from = 1, #ARGV, WORDS do
  local answer, id = enqueue({ unpack(ARGV, from, from + WORDS - 1) })
  out[#out + 1] = answer
  out[#out + 1] = id
end
call('ZREMRANGEBYRANK', K .. 'jobs', 0, -100001)
return out
