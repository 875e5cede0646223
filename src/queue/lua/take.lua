-- take.lua: hands out one action: its lease, its charge, its answer.
--
-- lease       zset of `<account>|<class>` by when the lease ends
-- w:<worker>  string "<nonce> <action> <account> <class> <token>": the last it was handed

local function work_of(A, J, class, token)
  local live = A and holds(A, class, token, J.id)
  local ttl = live and max(0, A.f['x:' .. class] - now) or 0
  local begun = J.f.du == 'v' and J.f.bg or J.f.bp
  return { 'work', J.f.a, class, token, ttl, J.id, J.f.du or 'p', J.f.at, begun or 0,
    call('GET', K .. 'p:' .. J.id) or '', charge_words(J) }
end

local function take(A, lane, J, ask)
  local class = lane.class
  pull(A, J.id, lane.slot)
  if J.f.x then call('ZREM', K .. 'exp', J.id) end
  seq = seq + 1
  local token = fmt('%016d-%012d', M.epoch, seq)
  local a, j = touch(A), touch(J)
  if j.du == 'p' then
    j.at = j.at + 1
    if lane.kind ~= 'sign_in' then j.ch = charge(A, J) end
    a['k:' .. class] = lane.kind
    try_again(A)
    move(J, 'running')
  end
  j.cl, j.wk, j.hb = class, ask.worker, nil
  local ends = now + O.lease
  a['t:' .. class], a['x:' .. class], a['j:' .. class] = token, ends, J.id
  a['w:' .. class], a.lu = ask.worker, now
  call('ZADD', K .. 'lease', text(ends), A.id .. '|' .. class)
  -- Charging makes nothing due sooner: where the account stands in the other class may stay as it
  -- is, for `try` looks again.
  place(A, class, nil)
  local told = ask.nonce .. ' ' .. J.id .. ' ' .. A.id .. ' ' .. class .. ' ' .. token
  call('SET', K .. 'w:' .. ask.worker, told, 'PX', '86400000')
  emit('claimed', A.id, J, { worker = ask.worker, duty = J.f.du == 'v' and 'verify' or 'perform' })
  return work_of(A, J, class, token)
end
