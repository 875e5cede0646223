-- explain.lua: why an action is not running, or why and until when a new one would wait.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1]   action; or empty, then
-- ARGV[2,3] account, slot
-- ARGV[4]   not before, ms
--
-- Returns   { state, earliest ms (-1: not as things are), code, until, used, most, words, … }
--           { unknown }: there is no such action, or no such account
local J = ARGV[1] ~= '' and action(ARGV[1])
local A = account(J and J.f.a or ARGV[2])
if ARGV[1] ~= '' and not J or not A then return { 'unknown' } end
local kind, forced = parts(J and J.f.sl or ARGV[3])
local verify = J and J.f.du == 'v'
local rows, at = {}, now
local function gate(code, till, words, used, most)
  if till <= now then return end
  rows[#rows + 1] = { code, till, used or -1, most or -1, words or '' }
  at = math.max(at, till)
end

local state = J and J.f.st or 'waiting'
if J and state ~= 'waiting' and state ~= 'unknown' then
  return { state, -1, 'state', -1, -1, -1, state }
end
if J and call('ZSCORE', K .. 'parked', J.id) then
  return { state, -1, 'parked', -1, -1, -1, call('HGET', J.key, 'wy') or '' }
end
gate('restarted', num(M.resume))
if late > 1000 then gate('clock', now + late) end
if M.paused then gate('paused', NEVER, M.paused) end
local class = class_of(A, kind, forced)
if not class then gate('route', NEVER, kind) end
if A.f.st ~= 'active' then
  local till = A.f.st == 'held' and num(A.f.hu) > 0 and num(A.f.hu) or NEVER
  gate('held', till, (A.f.co or A.f.st) .. ': ' .. (A.f.wy or ''))
end
if A.f.bs == 'o' then gate('breaker', num(A.f.bu), A.f.bf .. ' failures in a row') end
if class then
  gate('fenced', num(A.f['f:' .. class]))
  local busy = A.f['j:' .. class]
  if A.f['t:' .. class] and busy ~= (J and J.id) then
    gate('lease', num(A.f['x:' .. class]), busy or 'kept by ' .. A.f['w:' .. class])
  elseif is_busy(A, kind) or A.f.bs and is_acting(A) then
    rows[#rows + 1] = { 'busy', -1, -1, -1, kind }
  end
end
if J then
  local slot = J.f.sl .. (verify and '!' or '')
  local due = call('ZSCORE', K .. 'z:' .. A.id .. ':' .. slot, J.id)
  if due then gate(num(J.f.at) > 0 and 'backoff' or 'not_before', num(due)) end
  local ahead = call('ZRANK', K .. 'q:' .. A.id .. ':' .. slot, J.id)
  if ahead and ahead > 0 then rows[#rows + 1] = { 'queue', -1, ahead, -1, '' } end
else
  gate('not_before', num(ARGV[4]))
end
if not verify and kind ~= 'sign_in' then
  local shut = {}
  limits(A, kind, now, shut)
  for _, row in ipairs(shut) do rows[#rows + 1] = { row[1], row[2], row[3], row[4], '' } end
  if at < NEVER then at = limits(A, kind, at) end
end
local out = { state, at < NEVER and at or -1 }
for _, row in ipairs(rows) do
  out[#out + 1] = row[1]
  out[#out + 1] = row[2] < NEVER and row[2] or -1
  for i = 3, 5 do out[#out + 1] = row[i] end
end
return out
