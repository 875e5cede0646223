-- ledger.lua: how much of one of the fleet's caps is handed out to the shards (escrow.lua). Only
-- the first shard keeps it.
--
-- KEYS[1]  <prefix>meta
-- ARGV[1]  grant  ARGV[4] shard, [5] number of its step, [6] the cap, [7] how many shards
--          back   ARGV[4] shard, [5] number of its step, [6] how many it gave back
--          raise  ARGV[4] at least so many are out, [5] 1: all shards were asked, [6…] the last
--                 step of each
--          look   ARGV[4] shard
-- ARGV[2]  d | h, day or hour
-- ARGV[3]  the window's end
--
-- cap:<d|h>:<window's end>  hash: granted, epoch in which all that is out was known, and of each
--   shard s<n> the last step and a<n> its answer
--
-- Returns  grant: { granted, how many }, the same again for the same step
--                 { lost }: it may have forgotten what is out: raise it first
--                 { behind, the last step }: the shard has forgotten that step
--          back:  { back } or { lost }
--          raise, look: { granted in all, the last step of that shard (raise: 0) }
local verb, name, window = ARGV[1], ARGV[2], num(ARGV[3])
local key = K .. 'cap:' .. name .. ':' .. ARGV[3]
local shard, number = ARGV[4], num(ARGV[5])
local row = call('HMGET', key, 'granted', 'epoch', 's' .. shard, 'a' .. shard)
local granted, seen = num(row[1]), num(row[3])

local function keep(...)
  call('HSET', key, 'epoch', M.epoch, ...)
  call('PEXPIRE', key, text(max(0, window - now) + HOUR))
end

if verb == 'look' then return { granted, seen } end
if verb == 'raise' then
  granted = max(granted, num(ARGV[4]))
  call('HSET', key, 'granted', granted)
  call('PEXPIRE', key, text(max(0, window - now) + HOUR))
  for i = 6, ARGV[5] == '1' and #ARGV or 0 do
    local s = 's' .. (i - 6)
    keep(s, max(num(ARGV[i]), num(call('HGET', key, s))))
  end
  return { granted, 0 }
end

-- In a window that began in this epoch it has seen all that was handed out; else somebody asks all
-- shards first.
local began = window - (name == 'd' and 86400000 or HOUR)
local is_whole = row[2] == M.epoch or not row[2] and num(M.epoch) <= began
if not is_whole or number > seen + 1 then return { 'lost' } end

if verb == 'back' then
  if number == seen + 1 then
    keep('granted', max(0, granted - num(ARGV[6])), 's' .. shard, number, 'a' .. shard, 0)
  end
  return { 'back' }
end
if number < seen then return { 'behind', seen } end
if number == seen then return { 'granted', num(row[4]) } end

-- Half of a fair share: who asks first leaves something for all others.
local most = num(ARGV[6])
local left = most - granted
local slice = min(left, max(1, floor(left / (2 * num(ARGV[7])))))
if slice <= 0 then return { 'granted', 0 } end
keep('granted', granted + slice, 's' .. shard, number, 'a' .. shard, slice)
for _, level in ipairs({ 100, 95, 80 }) do
  if (granted + slice) * 100 >= level * most and granted * 100 < level * most then
    local why = fmt('%d of %d handed out to the shards: %d %%', granted + slice, most, level)
    emit('quota', nil, nil,
      { code = name == 'd' and 'global_daily_cap' or 'global_hourly_cap', why = why })
    break
  end
end
return { 'granted', slice }
