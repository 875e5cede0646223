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
    f = { c = { 0, 0, 0, 0, 0, 0, 0 } }, write = write_account }
  own_standing(A).cs = ''
  accounts[id] = A
  return A
end

local account, action, read_ahead, new_action
do
local function account_from(id, key, raw)
  local A = raw and { key = key, id = id, kinds = {}, write = write_account } or false
  if A then read_account(A, raw) end
  accounts[id] = A
  return A
end

function account(id)
  local A = accounts[id]
  if A == nil then
    local key = K .. 'a:' .. id
    A = account_from(id, key, call('GET', key))
  end
  return A or nil
end

function new_action(id, fields, json)
  local J = { key = K .. 'j:' .. id, id = id, f = fields, json = json, write = write_action }
  actions[id] = J
  return J
end

local function action_from(id, key, raw)
  local J = raw and { key = key, id = id, write = write_action } or false
  if J then read_action(J, raw) end
  actions[id] = J
  return J
end

function action(id)
  local J = actions[id]
  if J == nil then
    local key = K .. 'j:' .. id
    J = action_from(id, key, call('GET', key))
  end
  return J or nil
end

-- Reads what several calls will look at, at once.
function read_ahead(accts, acts)
  local keys, n = {}, 0
  for i = 1, #accts do keys[i] = K .. 'a:' .. accts[i] end
  n = #accts
  for i = 1, #acts do keys[n + i] = K .. 'j:' .. acts[i] end
  if not keys[1] then return end
  local raws = call('MGET', unpack(keys))
  for i = 1, n do
    if accounts[accts[i]] == nil then account_from(accts[i], keys[i], raws[i]) end
  end
  for i = 1, #acts do
    if actions[acts[i]] == nil then action_from(acts[i], keys[n + i], raws[n + i]) end
  end
end
end
