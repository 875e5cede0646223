-- mend.lua: the steps by which a queue that was compared with the books is opened.
--
-- KEYS[1]  <prefix>meta
-- ARGV[1]  shut  it remembers less than the books: claims wait until every lease has ended that it
--                may have forgotten
--          open  it remembers what they do, or was told: claims go on
-- ARGV[2]  open: the least epoch
-- ARGV[3]  open: the least time, ms: the clock must not be behind what it has seen
-- ARGV[4]  open: code and
-- ARGV[5]  sentence of the event; empty: nothing was lost
--
-- Returns  shut: { ms until those leases have ended, 1 where this is the first time }
--          open: { the epoch, 1 where it was due }
if ARGV[1] == 'shut' then
  local first = call('HSETNX', KEYS[1], 'held', 1)
  local resume = M.resume
  if first == 1 then
    resume = math.max(resume, now + O.lease + O.grace)
    call('HSET', KEYS[1], 'resume', resume)
  end
  return { text(math.max(0, resume - now)), first }
end
if not M.due then return { M.epoch, 0 } end
local epoch = math.max(num(M.epoch), num(ARGV[2]))
call('HSET', KEYS[1], 'epoch', text(epoch), 'hw', text(math.max(now, num(ARGV[3]))))
call('HDEL', KEYS[1], 'due', 'held')
if ARGV[4] ~= '' then
  call('HSET', KEYS[1], 'loss', stamp() .. ' ' .. ARGV[5])
  emit('restored', nil, nil, { code = ARGV[4], why = ARGV[5] })
end
for _, class in ipairs(CLASSES) do
  for _ = 1, 16 do ring(class) end
end
return { text(epoch), 1 }
