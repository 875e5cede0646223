-- finish.lua: an attempt has ended: settles its action and ends or keeps the lease.
--
-- `finish(args)` takes a list, as the script of that name gets it:
--   1-4   account, class, token, action
--   5     done | retry | notrun | fatal | unknown
--   6     made | already | none, for done
--   7,8   code, why
--   9     ms to wait at least
--   10    result; empty: none
--   11    findings, `signed_out,limited`
--   12    1: keep the lease for the account's next action
--
-- Returns { state, 1 where the lease is kept }, the same again for the same token; or { fenced }.

local finish
do
local function settle(A, J, x, after)
  if x.ended == 'done' then
    x.outcome = x.effect
    return conclude(J, 'done', x)
  end
  if J.f.du == 'v' then
    -- Only a reading that looked and did not find it says that it is not there.
    if x.ended == 'retry' and x.code == 'not_there' then
      put(J, 'bp', nil)
      return again(A, J, now + max(after, backoff(J, num(J.f.at))), x)
    end
    if x.ended == 'fatal' then return park(J, x) end
    return unread(A, J, after, x)
  end
  if x.ended == 'fatal' then return conclude(J, 'failed', x) end
  local due = now + max(after, backoff(J, num(J.f.at)))
  if x.ended == 'unknown' then return doubt(A, J, due, x) end
  if x.ended == 'notrun' then refund(A, J) unroll(A, J) end
  return again(A, J, due, x)
end

function finish(args)
  local A, class, token, J = account(args[1]), args[2], args[3], action(args[4])
  if J and J.f.ft == token then return { J.f.fa, J.f.fk } end
  if not J or not holds(A, class, token, args[4]) then return { 'fenced' } end
  local effect, code, why, result = args[6], args[7], args[8], args[10]
  local x = { ended = args[5], effect = effect ~= '' and effect or nil,
    code = code ~= '' and code or nil, why = why ~= '' and why or nil,
    result = result ~= '' and result or nil }
  -- The cooldown counts from the end of what was done.
  if J.f.du == 'p' and J.f.k ~= 'sign_in' and x.ended ~= 'notrun' then
    used(A, J.f.k, now)
  end
  if args[11] ~= '' then
    for finding in gmatch(args[11], '[%a_]+') do
      emit('finding', A.id, J, { code = finding })
    end
  end
  judge(A, J, x)
  local keep = args[12] == '1' and max(barred(A, class), tripped(A)) <= now
    and now < A.f[OF.ends[class]]
  J.settled = true
  local j = touch(J)
  j.ft, j.fk = token, keep and 1 or 0
  settle(A, J, x, num(args[9]))
  if keep then
    A.f[OF.job[class]], A.f[OF.kind[class]] = nil, nil
    lease_till(A, class, now + O.lease)
  else
    unlease(A, class)
  end
  J.settled = nil
  reindex(A)
  return { J.f.st, keep and 1 or 0 }
end
end
