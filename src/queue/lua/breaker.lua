-- breaker.lua: an account that fails again and again rests, then tries once.
--
-- Fields of an account: bf failures in a row; bs `o` open, `h` half open (one attempt at a time);
-- bu open until; ba since; bo how often it opened in a row; bk successes since it is half open. Of
-- its plan: bn failures that open it (0: nothing does), bb its first rest, bm its longest, bc
-- successes that close it. A failure is an attempt that acted and did not get through (`retry`,
-- `unknown`): `notrun` is our own fault, `fatal` the action's.

local is_acting, heal, tripped, try_again, judge
do
function is_acting(A)
  return A.f['j:api'] or A.f['j:browser']
end

function heal(A)
  for _, field in ipairs({ 'bf', 'bs', 'bu', 'bo', 'bk', 'ba' }) do
    if A.f[field] then put(A, field, nil) end
  end
end

-- Until when the breaker keeps the account shut; NEVER: until the attempt that tries has ended.
function tripped(A)
  if not A.f.bs then return 0 end
  if is_forgiven(A) then
    heal(A)
    return 0
  end
  if A.f.bs == 'o' then return num(A.f.bu) end
  return is_acting(A) and NEVER or 0
end

local function trip(A, P, J, x)
  local opens = num(A.f.bo) + 1
  local wait = min(num(P.f.bb) * 2 ^ min(opens - 1, 30), num(P.f.bm))
  -- Accounts that failed together do not come back together.
  local chance = tonumber(sub(redis.sha1hex(A.id .. opens), 1, 6), 16) / 0xffffff
  local till = floor(now + wait * (0.9 + 0.2 * chance))
  put(A, 'bs', 'o')
  put(A, 'bo', opens)
  put(A, 'bu', till)
  put(A, 'bk', nil)
  put(A, 'ba', now)
  local why = num(A.f.bf) .. ' failures in a row, the last: ' .. (x.why or x.code or 'unknown')
  emit('breaker', A.id, J, { code = 'open', why = why })
  guard(A)
end

-- The attempt of a lease that is about to be taken is the one that tries.
function try_again(A)
  if A.f.bs == 'o' then put(A, 'bs', 'h') end
  try_site(A)
end

-- Takes note of how an attempt ended.
function judge(A, J, x)
  local P = plan(A)
  if J.f.du ~= 'p' then return end
  if broken(A.f.si) then return judge_site(A, x) end
  if not P or not P.opens then return end
  if x.ended == 'done' then
    if not A.f.bs then
      if A.rich and A.f.bf then put(A, 'bf', nil) end
    elseif num(A.f.bk) + 1 >= num(P.f.bc) then
      heal(A)
      emit('breaker', A.id, J, { code = 'closed', why = 'it gets through again' })
    else
      put(A, 'bk', num(A.f.bk) + 1)
    end
  elseif x.ended == 'retry' or x.ended == 'unknown' then
    put(A, 'bf', num(A.f.bf) + 1)
    if A.f.bs or num(A.f.bf) >= num(P.f.bn) then trip(A, P, J, x) end
  end
end
end
