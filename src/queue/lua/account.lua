-- account.lua: an account's standing, as the coordinator last judged it.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1]   account
-- ARGV[2]   active | held
-- ARGV[3]   held until, ms; 0: until somebody acts
-- ARGV[4,5] code and sentence of why it is held
-- ARGV[6,7] plan, time zone
-- ARGV[8]   1: revoke its leases (the worker's next extend or finish is refused)
-- ARGV[9]   site
-- ARGV[10]  the pools it is a member of, spaces between
-- ARGV[11]  its origin, where that lets the fleet do only so much (ceiling.lua)
-- ARGV[12…] kind or kind@class, `api` | `browser` | `-`: all its routes
--
-- Returns   1 written, 0 its zone has no table
local id, st, zone = ARGV[1], ARGV[2], ARGV[7]
if not lookup(zone, now) then return 0 end
local A = account(id) or new_account(id)
local was = A.f.st

-- A move to another zone: what was counted stays counted until the new zone's day is over, too.
if A.f.tz and A.f.tz ~= zone then
  local ends = {}
  for _, w in ipairs({ { DAY, 86400000 }, { HOURLY, HOUR } }) do
    local old = A.f.c[w[1]]
    local d = old > now and lookup(zone, old - 1)
    if old > now and not d then return 0 end
    if d and w[1] == DAY then ends[old] = d[2] end
    if d and w[1] == HOURLY then
      local hour = d[1] + (floor((old - 1 - d[1]) / HOUR) + 1) * HOUR
      ends['h' .. old] = math.min(hour, d[2])
    end
  end
  local function move_windows(c)
    c[DAY] = ends[c[DAY]] or c[DAY]
    c[HOURLY] = ends['h' .. c[HOURLY]] or c[HOURLY]
  end
  move_windows(A.f.c)
  for kind in string.gmatch(A.f.cs, '%S+') do move_windows(own_counters(A, kind)) end
  put(A, 'y', nil)
end

-- A person who lets it go on has looked at it.
if was == 'held' and st == 'active' then heal(A) end
-- Since when: another reason for a hold begins anew.
if st ~= 'held' or was ~= st or A.f.co ~= ARGV[4] then
  put(A, 'hs', st == 'held' and now or nil)
end
put(A, 'st', st)
put(A, 'hu', st == 'held' and num(ARGV[3]) or nil)
put(A, 'co', st == 'held' and ARGV[4] or nil)
put(A, 'wy', st == 'held' and ARGV[5] or nil)
count_in(was and was ~= 'gone' and A.f.si, ARGV[9])
put(A, 'si', ARGV[9] ~= '' and ARGV[9] or nil)
put(A, 'pl', ARGV[6])
put(A, 'tz', zone)
local rt = string.sub(redis.sha1hex(table.concat(ARGV, ' ', 12)), 1, 16)
if ARGV[12] and call('EXISTS', K .. 'rt:' .. rt) == 0 then
  call('HSET', K .. 'rt:' .. rt, unpack(ARGV, 12))
end
put(A, 'rt', rt)
put(A, 'og', ARGV[11] ~= '' and ARGV[11] or nil)
put(A, 'keep', nil)
join(A, ARGV[10])
if M.due and call('HEXISTS', KEYS[1], 'held') == 1 then fill_rolls(A) end
if ARGV[8] == '1' then
  for _, class in ipairs(CLASSES) do
    if A.f[OF.token[class]] then revoke(A, class, 'fenced', 'its lease was revoked') end
  end
end
reindex(A)
call('SADD', K .. 'acc', id)
if st == 'held' and was ~= 'held' then emit('held', id, nil, { code = ARGV[4], why = ARGV[5] }) end
if st == 'active' and was == 'held' then emit('released', id) end
return 1
