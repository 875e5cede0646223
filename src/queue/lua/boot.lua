-- boot.lua: a coordinator has connected: takes note of a restart of Redis, and of its options.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1]   the server's run id
-- ARGV[2]   1: writes it has acknowledged may be gone after a crash
-- ARGV[3-9] lease ms, grace ms, base ms, max ms, attempts, losses, retention ms
-- ARGV[10]  1: books are kept beside it (then so for good)
-- ARGV[11]  how many shards the queue has, fixed when it is made
-- ARGV[12]  which of them this is, from 0 on: an epoch, and so a token, is one shard's alone
--
-- After each start the field `due` says what Redis remembered, "<its last token> <ms>". Where books
-- are kept claims wait until it was compared with them (mend.lua).
--
-- Returns   { epoch, ms until claims open }
--           { schema, the form of what is kept, the one that we know }
--           { shards, how many it has, how many we were told }
-- So long that Redis keeps the hash as a table, which is asked a dozen things by each call.
local ABOUT = 'the queue of a walkon fleet: what stands under its prefix, its scripts alone write'
local was = call('HMGET', KEYS[1], 'run_id', 'clean', 'ver', 'shards')
local run, clean = was[1], was[2]
if run and was[3] ~= SCHEMA then return { 'schema', was[3] or '1', SCHEMA } end
local shards, part = ARGV[11] or '1', num(ARGV[12])
if run and (was[4] or '1') ~= shards then return { 'shards', was[4] or '1', shards } end
call('HSET', KEYS[1], 'ver', SCHEMA, 'shards', shards, 'opt', table.concat(ARGV, ' ', 3, 9),
  'about', ABOUT)
if ARGV[10] == '1' then call('HSET', KEYS[1], 'books', 1) end
local resume, epoch = M.resume, num(M.epoch)
if run ~= ARGV[1] then
  if not M.due then
    local seen = fmt('%016d-%012d %d', epoch, M.seq, M.hw)
    call('HSET', KEYS[1], 'due', seen)
  end
  -- Tokens go on from a later epoch even if the log has lost its end.
  epoch = math.max(epoch + 1, now)
  epoch = epoch + (part - epoch) % num(shards)
  resume = 0
  if run and clean ~= '1' then
    local last = call('ZREVRANGE', K .. 'lease', 0, 0, 'WITHSCORES')
    if last[2] then resume = num(last[2]) end
    -- Leases that the log no longer knows cannot outlast this.
    if ARGV[2] == '1' then resume = now + math.max(O.lease or 0, num(ARGV[3])) + num(ARGV[4]) end
  end
  call('HSET', KEYS[1], 'run_id', ARGV[1], 'epoch', epoch, 'seq', 0, 'resume', resume, 'hw',
    stamp())
  call('HDEL', KEYS[1], 'clean')
end
return { text(epoch), math.max(0, resume - now) }
