-- record.lua: accounts and actions as they are kept: strings of fixed fields, those that every
-- claim needs, then a msgpack map of the others. (As hashes of Redis they would cost a claim
-- three times as much to read and to write; as msgpack alone twice.)
--
-- Fixed strings hold no zero byte: what others may write as they like is in the map.
-- What is not there is an empty string, or 0; for i:<class>, where 0 is a score, -1.

local own_standing
local touch, put, merge, others
do
-- The fixed fields; written out, for a library has no functions yet while it is loaded.
local FIXED = { st = 1, si = 1, pl = 1, tz = 1, rt = 1, ks = 1, zs = 1, cs = 1, lu = 1, tat = 1,
  y = 1, c = 1, ['t:api'] = 1, ['j:api'] = 1, ['w:api'] = 1, ['k:api'] = 1, ['x:api'] = 1,
  ['i:api'] = 1, ['t:browser'] = 1, ['j:browser'] = 1, ['w:browser'] = 1, ['k:browser'] = 1,
  ['x:browser'] = 1, ['i:browser'] = 1, a = 1, k = 1, sl = 1, fp = 1, ol = 1, ef = 1, tg = 1,
  th = 1, ['in'] = 1, du = 1, cl = 1, wk = 1, ft = 1, fa = 1, oc = 1, sc = 1, cr = 1,
  at = 1, up = 1, x = 1, fk = 1, bg = 1, bp = 1, lo = 1, keep = 1, ch = 1 }
-- An account's standing (record_account.lua).
local STANDING = { st = 1, si = 1, pl = 1, tz = 1, rt = 1, ks = 1, zs = 1, cs = 1 }

-- Its fields are about to be changed, none but fixed ones; returns them.
function touch(o)
  if not o.changed then
    o.changed = true
    changed[#changed + 1] = o
  end
  return o.f
end

-- Sets a field, or takes it away with nil.
function put(o, field, value)
  local f = touch(o)
  if o.kinds and STANDING[field] then f = own_standing(o) end
  if value ~= nil and not FIXED[field] then o.rich = true end
  f[field] = value
end

function merge(f, rest)
  if rest == '' then return false end
  for name, value in pairs(unpack_object(rest)) do f[name] = value end
  return true
end

-- The map of the fields that are not fixed.
function others(o)
  if not o.rich then return '' end
  local rest, any = {}, false
  for name, value in pairs(o.f) do
    if not FIXED[name] then rest[name], any = value, true end
  end
  return any and pack(rest) or ''
end
end
