-- pool.lua: how some accounts stand, as if each were asked to act now.
--
-- KEYS[1]  <prefix>meta
-- ARGV[1]  only accounts of this site; empty: of any
-- ARGV[2]  only accounts on this plan; empty: on any
-- ARGV[3]  only members of this pool; empty: of any or none
-- ARGV[4…] accounts
--
-- Returns  { stand, code, until ms (-1: not as things are), 1 with work | 0 without, … }: stand is
--          available, leased, paused, quarantined, cooling, capped or waiting
local CAPS = { daily_cap = 1, hourly_cap = 1, kind_daily_cap = 1, kind_hourly_cap = 1,
  global_daily_cap = 1, global_hourly_cap = 1, hourly_rolling_cap = 1, daily_rolling_cap = 1,
  kind_hourly_rolling_cap = 1, kind_daily_rolling_cap = 1 }
local COOLS = { cooldown = 1, burst = 1, hours = 1, fenced = 1, breaker = 1, site_breaker = 1 }
local PERSON = { challenge = 1, block = 1, health = 1 }
local out = {}

-- The latest of what is shut decides; `rows` as `limits` gives them.
local function latest(rows)
  local worst
  for _, row in ipairs(rows) do
    if not worst or row[2] > worst[2] then worst = row end
  end
  return worst
end

local function held(A)
  local code, till = A.f.co or A.f.st, num(A.f.hu) > 0 and num(A.f.hu) or NEVER
  if till <= now then till = NEVER end
  if PERSON[code] then return 'quarantined', code, till end
  if code == 'operator' then return 'paused', code, till end
  return 'cooling', code, till
end

-- When the account may act at the soonest: by its waiting work, or without any by what limits all
-- kinds alike. Returns the row that keeps it, or nil, and that instant.
local function soonest(A)
  local best, why
  local function see(at, row)
    if not best or at < best then best, why = at, row end
  end
  for slot in string.gmatch(A.f.ks or '', '%S+') do
    local kind, forced, verify = parts(slot)
    local due = call('EXISTS', K .. 'q:' .. A.id .. ':' .. slot) == 1
    local head = due and {} or call('ZRANGE', K .. 'z:' .. A.id .. ':' .. slot, 0, 0, 'WITHSCORES')
    -- While its last action is being done, a slot is still named.
    local empty = not due and not head[1]
    local from = math.max(now, num(head[2]))
    if not empty and not class_of(A, kind, forced) then
      see(NEVER, { 'route', NEVER })
    elseif not empty then
      local at, rows = from, {}
      local row = from > now and { 'not_before', from } or nil
      if verify == '' and kind ~= 'sign_in' then
        limits(A, kind, now, rows)
        at = limits(A, kind, from)
      end
      see(at, at > now and (latest(rows) or row or { 'limits', at }) or nil)
    end
  end
  if best then return why, best, 1 end
  local rows = {}
  local at = limits(A, '', now, rows)
  return latest(rows), at, 0
end

local function stand(A)
  local pause = M.paused or site_pause(A)
  local row, at, work = soonest(A)
  if pause then return 'paused', 'paused', NEVER, work end
  if A.f.st ~= 'active' then
    local what, code, till = held(A)
    return what, code, till, work
  end
  if A.f['t:api'] or A.f['t:browser'] then return 'leased', 'lease', now, work end
  local fence = math.max(num(A.f['f:api']), num(A.f['f:browser']))
  if fence > now then row, at = { 'fenced', fence }, math.max(at, fence) end
  local rest = tripped(A)
  if rest > now then row, at = { 'breaker', rest }, math.max(at, rest) end
  local site = site_rest(A)
  if site > now then row, at = { 'site_breaker', site }, math.max(at, site) end
  if at <= now then return 'available', '', now, work end
  local code = row[1]
  return CAPS[code] and 'capped' or COOLS[code] and 'cooling' or 'waiting', code, at, work
end

for i = 4, #ARGV do
  local A = account(ARGV[i])
  if A and A.f.st ~= 'gone' and (ARGV[1] == '' or A.f.si == ARGV[1])
    and (ARGV[2] == '' or A.f.pl == ARGV[2])
    and (ARGV[3] == '' or has(A.f.ps or '', ARGV[3])) then
    local what, code, till, work = stand(A)
    out[#out + 1] = what
    out[#out + 1] = code
    out[#out + 1] = till < NEVER and till or -1
    out[#out + 1] = work
  end
end
return out
