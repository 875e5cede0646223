-- explain.lua: why an action is not running, or why and until when a new one would wait.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1]   action; or empty, then
-- ARGV[2-4] account, slot, not before ms
--
-- Returns   { state, earliest ms (-1: not as things are),
--             code, until, used, most, words, since (-1: not known), … }
--           { unknown }: there is no such action, or no such account
local J = ARGV[1] ~= '' and action(ARGV[1])
local A = account(J and J.f.a or ARGV[2])
if ARGV[1] ~= '' and not J or not A then return { 'unknown' } end
local kind, forced = parts(J and J.f.sl or ARGV[3])
local verify = J and J.f.du == 'v'
local rows, at = {}, now
local function told(id, field)
  local of = id and action(id)
  return of and num(of.f[field]) or 0
end

local function gate(code, till, words, since)
  if till <= now then return end
  rows[#rows + 1] = { code, till, -1, -1, words or '', since }
  at = math.max(at, till)
end

local function answer(state)
  local out = { state, at < NEVER and at or -1 }
  for _, row in ipairs(rows) do
    row[2], row[6] = row[2] < NEVER and row[2] or -1, num(row[6]) > 0 and row[6] or -1
    for i = 1, 6 do out[#out + 1] = row[i] end
  end
  return out
end

local state = J and J.f.st or 'waiting'
if J and state ~= 'waiting' and state ~= 'unknown' then
  return { state, -1, 'state', -1, -1, -1, state, told(J.id, 'up') }
end
local parked = J and call('ZSCORE', K .. 'parked', J.id)
if parked then
  return { state, -1, 'parked', -1, -1, -1, J.f.wy or '', parked }
end
gate('restarted', M.resume)
if M.late > 1000 then gate('clock', now + M.late) end
for scope, text in pairs({ fleet = M.paused, site = site_pause(A) }) do
  local since, by, why = pause_parts(text)
  local what = scope == 'site' and 'site ' .. A.f.si or 'the fleet'
  gate('paused', NEVER, fmt('%s by %s: %s', what, by, why), since)
end
if site_rest(A) > now then gate('site_breaker', site_rest(A), broken(A.f.si).why) end
-- No account has taken it yet.
if A.f.po then
  want(A, J, J and J.f.sl or ARGV[3], gate, rows)
  return answer(state)
end
local class = class_of(A, kind, forced)
if not class then gate('route', NEVER, kind) end
if A.f.st ~= 'active' then
  local till = A.f.st == 'held' and num(A.f.hu) > 0 and num(A.f.hu) or NEVER
  gate('held', till, (A.f.co or A.f.st) .. ': ' .. (A.f.wy or ''), num(A.f.hs))
end
if A.f.bs == 'o' then gate('breaker', num(A.f.bu), A.f.bf .. ' failures in a row') end
if class then
  gate('fenced', num(A.f[OF.fenced[class]]))
  local busy = A.f[OF.job[class]]
  if A.f[OF.token[class]] and busy ~= (J and J.id) then
    gate('lease', num(A.f[OF.ends[class]]), busy or 'kept by ' .. A.f[OF.worker[class]],
      num(A.f.lu))
  elseif is_busy(A, kind) or A.f.bs and is_acting(A) then
    rows[#rows + 1] = { 'busy', -1, -1, -1, kind, num(A.f.lu) }
  end
end
if class then at = math.max(at, MINUTE.rows(A, class, kind, verify, rows)) end
if J then
  local slot = J.f.sl .. (verify and '!' or '')
  local due = call('ZSCORE', K .. 'z:' .. A.id .. ':' .. slot, J.id)
  local failed = num(J.f.at) > 0
  local since = due and told(J.id, failed and 'up' or 'cr')
  if due then gate(failed and 'backoff' or 'not_before', num(due), nil, since) end
  local ahead = call('ZRANK', K .. 'q:' .. A.id .. ':' .. slot, J.id)
  if ahead and ahead > 0 then rows[#rows + 1] = { 'queue', -1, ahead, -1, '', told(J.id, 'cr') } end
  if J.f.hb then rows[#rows + 1] = { 'handed_back', -1, -1, -1, J.f.hb } end
else
  gate('not_before', num(ARGV[4]))
end
if not verify and kind ~= 'sign_in' then
  local shut = {}
  limits(A, kind, now, shut)
  -- A cap has been full, and a cooldown has run, since the last that was charged.
  local of = counters_of(A, kind)[LAST_USE]
  local last = { cooldown = of, burst = A.f.lu, daily_cap = A.f.lu, hourly_cap = A.f.lu,
    kind_daily_cap = of, kind_hourly_cap = of }
  for _, row in ipairs(shut) do
    local since = row[4] ~= 0 and num(last[row[1]]) or 0
    rows[#rows + 1] = { row[1], row[2], row[3], row[4], '', since }
  end
  if at < NEVER then at = limits(A, kind, at) end
end
return answer(state)
