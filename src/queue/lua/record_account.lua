-- record_account.lua: an account as it is kept (record.lua): its strings, each up to a zero byte;
-- its numbers; the map of its other fields; then for each kind in `cs`, in that order, its counters
-- (caps.lua).

local read_account, write_account, counters_of, own_counters
do
local ACCOUNT = '<ssssssssssssssssddddhhdddddI4BdI4BdI4c0'
local COUNTERS, WIDTH = '<dI4BdI4Bd', 34

function read_account(A, raw)
  local st, si, pl, tz, rt, ks, zs, cs, ta, ja, wa, ka, tb, jb, wb, kb, lu, tat, y1, y2, y3, y4,
    xa, ia, xb, ib, c1, c2, c3, c4, c5, c6, c7, rest, after = unpack_fields(ACCOUNT, raw)
  local f = { st = st, si = si ~= '' and si or nil, pl = pl, tz = tz, rt = rt, ks = ks, zs = zs,
    cs = cs, lu = lu, tat = tat, y = y2 > 0 and { y1, y2, y3, y4 } or nil,
    c = { c1, c2, c3, c4, c5, c6, c7 },
    ['t:api'] = ta ~= '' and ta or nil, ['j:api'] = ja ~= '' and ja or nil, ['w:api'] = wa,
    ['k:api'] = ka, ['x:api'] = xa, ['i:api'] = ia ~= -1 and ia or nil,
    ['t:browser'] = tb ~= '' and tb or nil, ['j:browser'] = jb ~= '' and jb or nil,
    ['w:browser'] = wb, ['k:browser'] = kb, ['x:browser'] = xb,
    ['i:browser'] = ib ~= -1 and ib or nil }
  A.f, A.raw, A.after, A.rich = f, raw, after, merge(f, rest)
end

-- The counters of all kinds, in the order of `cs`; those that were not looked at as they came.
local function all_counters(A)
  if not A.counted then return sub(A.raw, A.after) end
  local out, at = '', A.after
  for kind in gmatch(A.f.cs, '%S+') do
    local c = A.kinds[kind]
    out = out .. (c and pack_fields(COUNTERS, unpack(c, 1, 7)) or sub(A.raw, at, at + WIDTH - 1))
    at = at + WIDTH
  end
  return out
end

function write_account(A)
  local f, rest = A.f, others(A)
  local y, c = f.y or UNUSED, f.c or UNUSED
  return pack_fields(ACCOUNT, f.st or '', f.si or '', f.pl or '', f.tz or '', f.rt or '',
    f.ks or '', f.zs or '', f.cs or '',
    f['t:api'] or '', f['j:api'] or '', f['w:api'] or '', f['k:api'] or '',
    f['t:browser'] or '', f['j:browser'] or '', f['w:browser'] or '', f['k:browser'] or '',
    f.lu or 0, f.tat or 0, y[1], y[2], y[3], y[4], f['x:api'] or 0, f['i:api'] or -1,
    f['x:browser'] or 0, f['i:browser'] or -1, c[1], c[2], c[3], c[4], c[5], c[6], c[7], #rest,
    rest) .. all_counters(A)
end

-- The counters of one kind, to be looked at only.
function counters_of(A, kind)
  local c, at = A.kinds[kind], A.after
  if c then return c end
  for name in gmatch(A.f.cs, '%S+') do
    if name == kind then
      c = { unpack_fields(COUNTERS, A.raw, at) }
      A.kinds[kind] = c
      return c
    end
    at = at + WIDTH
  end
  return UNUSED
end

-- The same, to be written.
function own_counters(A, kind)
  touch(A)
  A.counted = true
  local c = counters_of(A, kind)
  if c == UNUSED then
    c = { 0, 0, 0, 0, 0, 0, 0 }
    A.kinds[kind] = c
    A.f.cs = A.f.cs == '' and kind or A.f.cs .. ' ' .. kind
  end
  return c
end
end
