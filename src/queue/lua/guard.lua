-- guard.lua: where many accounts of a site fail at once, it is the site: it rests, not they.
--
-- When more than a tenth of a site's accounts, and five at least, open their breakers within a
-- minute, the site's own breaker opens and theirs are closed again. While it rests none of its
-- accounts is claimed; then one attempt is made, and another each lease and grace as long as it
-- takes. Done, the site goes on; failed, it rests twice as long. A person's resume ends it, too.
--
-- gd:<site>  zset of accounts by when their breakers opened, within the last minute
-- fg         hash of sites to "<from> <to>": breakers that opened then are held against nobody

local guard, is_forgiven, try_site, judge_site
do
local GUARD = { share = 10, least = 5, within = 60000, rest = 60000, longest = 900000 }

local function rest(site, g, opens, why)
  local wait = math.min(GUARD.rest * 2 ^ math.min(opens, 30) / 2, GUARD.longest)
  write_broken(site, { since = g and g.since or now, till = now + wait, opens = opens, who = '',
    why = why })
  emit('breaker', nil, nil, { code = 'open', site = site, why = why })
end

-- An account's breaker has just opened.
function guard(A)
  local site = A.f.si
  if not site then return end
  local key = K .. 'gd:' .. site
  call('ZADD', key, now, A.id)
  call('ZREMRANGEBYSCORE', key, '-inf', '(' .. text(now - GUARD.within))
  call('PEXPIRE', key, GUARD.within * 2)
  local n, all = call('ZCARD', key), num(call('HGET', K .. 'sn', site))
  if n < GUARD.least or n * 100 <= GUARD.share * all then return end
  call('DEL', key)
  -- Put back one by one (site.lua), lest they sleep for as long as they would have rested.
  call('SADD', K .. 'resumed', site)
  call('HSET', K .. 'fg', site, fmt('%d %d', now - GUARD.within, now))
  rest(site, nil, 1, fmt('%d of %d accounts of %s failed within a minute', n, all, site))
end

-- Whether the account's breaker opened when it was the site that failed.
function is_forgiven(A)
  local from, to = match(A.f.si and call('HGET', K .. 'fg', A.f.si) or '', '^(%d+) (%d+)$')
  local at = num(A.f.ba)
  return from ~= nil and num(from) <= at and at <= num(to)
end

-- A lease is about to be taken: where the site has rested, it is the one that tries.
function try_site(A)
  local g = broken(A.f.si)
  if not g or g.till > now then return end
  g.who, g.till = A.id, now + O.lease + O.grace
  write_broken(A.f.si, g)
end

-- How an attempt ended while the site's breaker is open: nothing is held against the account.
function judge_site(A, x)
  local site, g = A.f.si, broken(A.f.si)
  if g.who ~= A.id then return end
  if x.ended == 'done' then
    mend_site(site)
    emit('breaker', nil, nil, { code = 'closed', site = site, why = 'it gets through again' })
  elseif x.ended == 'retry' or x.ended == 'unknown' then
    rest(site, g, g.opens + 1, 'it was tried and failed: ' .. (x.why or x.code or 'unknown'))
  else
    -- That says nothing of the site: the next one tries.
    g.who, g.till = '', now
    write_broken(site, g)
  end
end
end
