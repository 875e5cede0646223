-- spread.lua: a site's breaker has opened in another shard: it opens here, too, once for each time.
--
-- KEYS[1]   <prefix>meta; field spread:<site>: since when the last one was open that was heard of
-- ARGV[1-4] site, since ms, until ms, why
--
-- Returns   1 it is open here by that; 0 it was heard of before, or this one's own is open
local site, since, field = ARGV[1], num(ARGV[2]), 'spread:' .. ARGV[1]
if num(call('HGET', KEYS[1], field)) >= since then return 0 end
call('HSET', KEYS[1], field, ARGV[2])
if broken(site) then return 0 end
-- As guard.lua does: what failed with the site is held against nobody.
call('DEL', K .. 'gd:' .. site)
call('SADD', K .. 'resumed', site)
call('HSET', K .. 'fg', site, fmt('%d %d', now - 60000, now))
write_broken(site, { since = since, till = num(ARGV[3]), opens = 1, who = '', why = ARGV[4] })
return 1
