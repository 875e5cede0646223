-- fate.lua: what becomes of an action: requeued, ended, parked, or in doubt.
--
-- j:<id>   object of an action (fields below), small fields only
-- i:<key>  string "<id>|<fingerprint>", as long as the action is kept
-- n        hash of counts by state: they add up to all that was ever planned
-- exp      zset of waiting actions by when they expire
-- dlq      zset of failed actions, parked zset of those a person must settle
--
-- a account  k kind  sl slot (never with `!`)  sc rank  st state  at attempts  lo losses
-- vt verify tries  ol on_lost  ef effect  x expires  du duty (p|v)  ch charge
-- bg when this attempt began  bp when an earlier one did that was lost and is repeated
-- ik key  tg target  th hash of text  in intake
-- ft fa fk last token settled and its answer, cx cancel wished  cl class  nb not before
-- hb why a host handed it back  po mi pool and mission (post.lua)  js what was sent, as JSON

local function move(J, state)
  local was = J.f.st
  if was ~= state then
    if was then D.moved[was] = (D.moved[was] or 0) - 1 end
    D.moved[state] = (D.moved[state] or 0) + 1
  end
  local j = touch(J)
  j.st, j.up = state, now
  -- Being settled: this is the answer, should it be asked for again.
  if J.settled then j.fa = state end
end

-- `x` is { code, why, outcome, result }: kept with the action and told in its event.
local function note(J, x)
  if x.code or x.why or J.rich then
    put(J, 'co', x.code)
    put(J, 'wy', x.why)
  end
  if x.outcome then touch(J).oc = x.outcome end
  if x.result then put(J, 'rs', x.result) end
end

-- The action ends in `state`: its one terminal event. It is kept for a while, to be looked at.
local function conclude(J, state, x)
  local keep, was = O.retention, J.f.st
  move(J, state)
  note(J, x)
  if J.f.x then call('ZREM', K .. 'exp', J.id) end
  if J.f.mi then leave(J) end
  if was == 'unknown' then call('ZREM', K .. 'parked', J.id) end
  if state == 'failed' then
    keep = keep * 7
    call('ZADD', K .. 'dlq', now, J.id)
    call('ZREMRANGEBYSCORE', K .. 'dlq', '-inf', now - keep)
  end
  J.f.keep = keep
  if J.rich and J.f.ik then call('PEXPIRE', K .. 'i:' .. J.f.ik, text(keep)) end
  emit(state, J.f.a, J, x)
end

-- Nobody can tell by machine: it waits for a person, and is kept until then.
local function park(J, x)
  move(J, 'unknown')
  note(J, x)
  put(J, 'du', 'p')
  call('ZADD', K .. 'parked', now, J.id)
  if J.f.mi then leave(J) end
  emit('unknown', J.f.a, J, x)
end
