-- finish.lua: an attempt has ended: settles its action and ends or keeps the lease.
--
-- KEYS[1]    <prefix>meta
-- ARGV[1-4]  account, class, token, action
-- ARGV[5]    done | retry | notrun | fatal | unknown
-- ARGV[6]    made | already | none, for done
-- ARGV[7,8]  code, why
-- ARGV[9]    ms to wait at least
-- ARGV[10]   result; empty: none
-- ARGV[11]   findings, `signed_out,limited`
-- ARGV[12]   1: keep the lease for the account's next action
--
-- Returns    { state, 1 where the lease is kept }, the same again for the same token
--            { fenced }
local A, class, token, J = account(ARGV[1]), ARGV[2], ARGV[3], action(ARGV[4])
local outcome, after = ARGV[5], num(ARGV[9])
if J and J.f.ft == token then return { J.f.fa, num(J.f.fk) } end
if not J or not holds(A, class, token, ARGV[4]) then return { 'fenced' } end
local function given(i)
  return ARGV[i] ~= '' and ARGV[i] or nil
end
local x = { code = given(7), why = given(8), result = given(10) }

local function settle()
  if outcome == 'done' then
    x.outcome = given(6)
    return conclude(J, 'done', x)
  end
  if J.f.du == 'v' then
    -- Only a reading that looked and did not find it says that it is not there.
    if outcome == 'retry' and x.code == 'not_there' then
      put(J, 'bp', nil)
      return again(A, J, now + math.max(after, backoff(J, num(J.f.at))), x)
    end
    if outcome == 'fatal' then return park(J, x) end
    return unread(A, J, after, x)
  end
  if outcome == 'fatal' then return conclude(J, 'failed', x) end
  local due = now + math.max(after, backoff(J, num(J.f.at)))
  if outcome == 'unknown' then return doubt(A, J, due, x) end
  if outcome == 'notrun' then refund(A, J) end
  return again(A, J, due, x)
end

-- The cooldown counts from the end of what was done.
if J.f.du == 'p' and J.f.k ~= 'sign_in' and outcome ~= 'notrun' then put(A, 'l:' .. J.f.k, now) end
for finding in string.gmatch(ARGV[11], '[%a_]+') do emit('finding', A.id, J, { code = finding }) end
settle()
local keep = ARGV[12] == '1' and barred(A, class) <= now and now < num(A.f['x:' .. class])
if keep then
  put(A, 'j:' .. class, nil)
  put(A, 'k:' .. class, nil)
  put(A, 'x:' .. class, now + num(M.lease))
  call('ZADD', K .. 'lease', now + num(M.lease), A.id .. '|' .. class)
else
  unlease(A, class)
end
reindex(A)
put(J, 'ft', token)
put(J, 'fa', J.f.st)
put(J, 'fk', keep and 1 or 0)
save(J)
return { J.f.st, keep and 1 or 0 }
