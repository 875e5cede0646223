-- take.lua: hands out one action: its lease, its charge, its answer.
--
-- lease       zset of `<account>|<class>` by when the lease ends
-- w:<worker>  string "<nonce> <action> <account> <class> <token>": the last it was handed

local function work_of(A, J, class, token)
  local live = A and holds(A, class, token, J.id)
  local ttl = live and math.max(0, num(A.f['x:' .. class]) - now) or 0
  local begun = J.f.du == 'v' and J.f.bg or J.f.bp
  return { 'work', J.f.a, class, token, ttl, J.id, J.f.du or 'p', num(J.f.at), num(begun),
    call('GET', K .. 'p:' .. J.id) or '' }
end

local function take(A, lane, J, ask)
  local class = lane.class
  pull(A, J.id, lane.slot)
  if num(J.f.x) > 0 then call('ZREM', K .. 'exp', J.id) end
  local seq = call('HINCRBY', K .. 'meta', 'seq', 1)
  local token = fmt('%016d-%012d', num(M.epoch), seq)
  if J.f.du == 'p' then
    put(J, 'at', num(J.f.at) + 1)
    if lane.kind ~= 'sign_in' then
      put(J, 'ch', charge(A, J))
      roll(A, J)
    end
    put(A, 'k:' .. class, lane.kind)
    try_again(A)
    move(J, 'running')
  end
  put(J, 'cl', class)
  if J.f.hb then put(J, 'hb', nil) end
  put(J, 'wk', ask.worker)
  save(J)
  local ends = text(now + O.lease)
  put(A, 't:' .. class, token)
  put(A, 'x:' .. class, ends)
  put(A, 'j:' .. class, J.id)
  put(A, 'w:' .. class, ask.worker)
  put(A, 'lu', stamp())
  call('ZADD', K .. 'lease', ends, A.id .. '|' .. class)
  -- Charging makes nothing due sooner: where the account stands in the other class may stay as it
  -- is, for `try` looks again.
  place(A, class, nil)
  save(A)
  local told = table.concat({ ask.nonce, J.id, A.id, class, token }, ' ')
  call('SET', K .. 'w:' .. ask.worker, told, 'PX', '86400000')
  emit('claimed', A.id, J, { worker = ask.worker, duty = J.f.du == 'v' and 'verify' or 'perform' })
  return work_of(A, J, class, token)
end
