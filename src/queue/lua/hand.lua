-- hand.lua: a person pauses the fleet or a site, or lets it go on.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1]   pause | resume
-- ARGV[2]   site; empty: the whole fleet
-- ARGV[3,4] who, why
-- ARGV[5]   1: the event is told by another shard
--
-- Returns   1 done, 0 there was nothing to resume
local field = ARGV[2] ~= '' and 'paused:' .. ARGV[2] or 'paused'
if ARGV[1] == 'pause' then
  local since, by, why = pause_parts(call('HGET', KEYS[1], field) or '')
  -- The same again, since its answer was lost.
  if now - since < 10000 and by == ARGV[3] and why == ARGV[4] then return 1 end
  local who = string.gsub(ARGV[3], '|', '/')
  local new = call('HSET', KEYS[1], field, fmt('%d|%s|%s', now, who, ARGV[4]))
  if ARGV[2] ~= '' then call('HINCRBY', KEYS[1], 'sites', new) end
else
  local was = call('HDEL', KEYS[1], field)
  -- A person who lets it go on has looked at it: its breaker is closed, too.
  local rested = ARGV[2] ~= '' and mend_site(ARGV[2])
  if was == 0 and not rested then return 0 end
  -- Its accounts are in no index: they are put back one by one, by whoever is there to do it.
  if ARGV[2] ~= '' and was == 1 then
    call('HINCRBY', KEYS[1], 'sites', -1)
    call('SADD', K .. 'resumed', ARGV[2])
  end
  for _, class in ipairs(CLASSES) do
    for _ = 1, 16 do ring(class) end
  end
end
if ARGV[5] == '1' then return 1 end
emit('act', nil, nil, { code = ARGV[1], site = ARGV[2], by = ARGV[3], why = ARGV[4] })
return 1
