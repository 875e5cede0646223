-- object.lua: accounts and actions, read once a call and written once, by `close`.
--
-- a:<account>  record (record.lua): st co wy hu standing, pl plan, tz zone, rt routes, ks zs slots,
--              lu last use; counters (caps.lua), breaker (breaker.lua), leases (index.lua)
-- j:<action>   record; fate.lua tells its fields
--
-- A field `keep` says for how many ms a thing is kept from its last change on.

-- The map at `key`; nil when there is none, unless `maybe`.
local function open(key, maybe)
  local raw = call('GET', key)
  if not raw and not maybe then return nil end
  return { key = key, f = raw and unpack_object(raw) or {} }
end

-- One that is not there yet.
local function new_account(id)
  local A = { key = K .. 'a:' .. id, id = id, kinds = {}, after = 1, raw = '',
    f = { cs = '', c = { 0, 0, 0, 0, 0, 0, 0 } }, write = write_account }
  accounts[id] = A
  return A
end

local function account(id)
  local A = accounts[id]
  if A == nil then
    local key = K .. 'a:' .. id
    local raw = call('GET', key)
    A = raw and { key = key, id = id, kinds = {}, write = write_account } or false
    if A then read_account(A, raw) end
    accounts[id] = A
  end
  return A or nil
end

local function new_action(id, fields)
  local J = { key = K .. 'j:' .. id, id = id, f = fields, write = write_action }
  actions[id] = J
  return J
end

local function action(id)
  local J = actions[id]
  if J == nil then
    local key = K .. 'j:' .. id
    local raw = call('GET', key)
    J = raw and { key = key, id = id, write = write_action } or false
    if J then read_action(J, raw) end
    actions[id] = J
  end
  return J or nil
end

local close
do
-- As many words as one command is given at most.
local MOST = 400

-- What every call that writes ends with: whatever has changed, the last token, the counts by state,
-- the events.
function close(answer)
  local sets, n = {}, 0
  for i = 1, #changed do
    local o = changed[i]
    local raw, keep = o.write and o.write(o) or pack(o.f), o.f.keep
    if keep then
      call('SET', o.key, raw, 'PX', text(keep))
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
  if seq > M.seq then call('HSET', K .. 'meta', 'seq', text(seq)) end
  for state, by in pairs(moved) do
    if by ~= 0 then call('HINCRBY', K .. 'n', state, text(by)) end
  end
  flush()
  return answer
end
end
