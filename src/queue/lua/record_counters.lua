-- record_counters.lua: an account's counters of each kind (caps.lua), behind its record: unpacked
-- when they are looked at, packed again when they were.

local all_counters, counters_of, own_counters
do
local COUNTERS, WIDTH = '<dI4BdI4Bd', 34

-- The counters of all kinds, in the order of `cs`; those that were not looked at as they came.
function all_counters(A)
  if not A.counted then return sub(A.raw, A.after) end
  local out, at = '', A.after
  for kind in gmatch(A.f.cs, '%S+') do
    local c = A.kinds[kind]
    out = out .. (c and pack_fields(COUNTERS, unpack(c, 1, 7)) or sub(A.raw, at, at + WIDTH - 1))
    at = at + WIDTH
  end
  return out
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
    local cs = A.f.cs
    own_standing(A).cs = cs == '' and kind or cs .. ' ' .. kind
  end
  return c
end
end
