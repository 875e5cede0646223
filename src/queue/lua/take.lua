-- take.lua: hands out one action: its lease, its charge, its answer.
--
-- w  hash of workers to what each was handed last, `<nonce> <action> <account> <class> <token>
--    <ms>`; what is older than a day goes (reap.lua)

local function work_of(A, J, class, token)
  local live = A and holds(A, class, token, J.id)
  local ttl = live and max(0, A.f[OF.ends[class]] - now) or 0
  local j = J.f
  local begun = j.du == 'v' and j.bg or j.bp
  return { 'work', j.a, class, token, ttl, J.id, j.du or 'p', j.at, begun or 0, sent(J),
    charge_words(J) }
end

local function take(A, lane, J, ask)
  local class = lane.class
  pull(A, J.id, lane.slot)
  if J.f.x then call('ZREM', K .. 'exp', J.id) end
  if class == 'browser' then enter_origin(A, J) end
  D.seq = D.seq + 1
  local token = fmt('%016d-%012d', M.epoch, D.seq)
  local a, j = touch(A), touch(J)
  if j.du == 'p' then
    j.at = j.at + 1
    if lane.kind ~= 'sign_in' then
      j.ch = charge(A, J)
      roll(A, J)
    end
    a[OF.kind[class]] = lane.kind
    try_again(A)
    move(J, 'running')
  end
  j.cl, j.wk, j.hb = class, ask.worker, nil
  lease_till(A, class, now + O.lease)
  a[OF.token[class]], a[OF.job[class]], a[OF.worker[class]], a.lu = token, J.id, ask.worker, now
  -- Charging makes nothing due sooner: where the account stands in the other class may stay as it
  -- is, for `try` looks again.
  place(A, class, nil)
  local told = ask.nonce .. ' ' .. J.id .. ' ' .. A.id .. ' ' .. class .. ' ' .. token .. ' '
    .. stamp()
  local n = #D.handed
  D.handed[n + 1], D.handed[n + 2], D.asked[ask.worker] = ask.worker, told, told
  emit('claimed', A.id, J, { worker = ask.worker, duty = j.du == 'v' and 'verify' or 'perform' })
  return work_of(A, J, class, token)
end
