-- recall.lua: what the books know of an action that a queue which was set back holds as open.
--
-- KEYS[1]    <prefix>meta
-- ARGV[1]    action
-- ARGV[2]    the state it has ended in; or `begun`: it may have been done
-- ARGV[3-5]  code, why, outcome
-- ARGV[6]    of `begun`: when it may have begun at the earliest, ms; empty: now
--
-- Returns    1 it is as the books say now, 0 there was nothing to change
local J = action(ARGV[1])
local A = J and account(J.f.a)
local is_open = J and (J.f.st == 'waiting' or J.f.st == 'running' or J.f.st == 'unknown')
if not A or not is_open then return 0 end
local function given(i)
  return ARGV[i] ~= '' and ARGV[i] or nil
end
local x = { code = given(3), why = given(4), outcome = given(5) }
local held
for _, class in ipairs(CLASSES) do
  if A.f[OF.job[class]] == J.id then held = class end
end
if ARGV[2] == 'begun' then
  if J.f.st == 'unknown' or J.f.bg then return 0 end
  put(J, 'bg', tonumber(ARGV[6]) or now)
  if held then
    -- The lease it knows of ends by itself: what has begun is in doubt then.
    return 1
  end
  pull(A, J.id, J.f.sl)
  if J.f.x then call('ZREM', K .. 'exp', J.id) end
  doubt(A, J, now, x)
else
  if held then unlease(A, held) end
  pull(A, J.id, J.f.sl)
  pull(A, J.id, J.f.sl .. '!')
  conclude(J, ARGV[2], x)
end
reindex(A)
return 1
