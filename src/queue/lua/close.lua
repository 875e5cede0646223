-- close.lua: the end of each call that writes.

local close
do
-- As many words as one command is given at most.
local MOST = 400

-- What every call that writes ends with: whatever has changed, indexes, the last token, what
-- workers were told, the counts by state, the events.
function close(answer)
  local sets, n = {}, 0
  settle_indexes()
  for i = 1, #changed do
    local o = changed[i]
    local raw, keep = o.write and o.write(o) or pack(o.f), o.f.keep
    if keep then
      call('SET', o.key, raw, 'PX', fmt('%d', keep))
    else
      sets[n + 1], sets[n + 2] = o.key, raw
      n = n + 2
      if n == MOST then
        call('MSET', unpack(sets, 1, n))
        n = 0
      end
    end
  end
  if n > 0 then call('MSET', unpack(sets, 1, n)) end
  if D.seq > M.seq then call('HSET', K .. 'meta', 'seq', text(D.seq)) end
  if D.handed[1] then call('HSET', K .. 'w', unpack(D.handed)) end
  for state, by in pairs(D.moved) do
    if by ~= 0 then call('HINCRBY', K .. 'n', state, text(by)) end
  end
  flush()
  return answer
end
end
