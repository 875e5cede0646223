-- release.lua: hands work back untouched, or lets a kept lease go.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1-3] account, class, token
-- ARGV[4]   action; empty: the lease is kept without one
-- ARGV[5,6] code, why, where the worker's host cannot do it; missing: the worker stops
--
-- Returns   { 1 given back (also when repeated), 0 the lease was lost; 1 its charge was, too }
local A, class, token = account(ARGV[1]), ARGV[2], ARGV[3]
local id = ARGV[4] ~= '' and ARGV[4] or nil
local J = id and action(id)
if J and J.f.ft == token then return { 1, 0 } end
if not holds(A, class, token, id) then return { 0, 0 } end
local refunded = 0
unlease(A, class)
if J then
  put(J, 'ft', token)
  put(J, 'fa', 'waiting')
  local x = { code = ARGV[5] or 'released', why = ARGV[6] or 'the worker gave it back' }
  put(J, 'hb', ARGV[6])
  if J.f.du == 'v' then
    requeue(A, J, now, 'v')
  elseif J.f.bg then
    used(A, J.f.k, now)
    doubt(A, J, now, x)
  else
    refund(A, J)
    refunded = 1
    put(J, 'at', num(J.f.at) - 1)
    again(A, J, now, x)
  end
end
reindex(A)
return { 1, refunded }
