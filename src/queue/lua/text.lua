-- text.lua: things as text, for whoever only looks, and for a forecast, which copies them.

local thing, spell
do
local function words(value)
  if type(value) == 'number' then return fmt(value == floor(value) and '%.0f' or '%.17g', value) end
  if type(value) ~= 'table' then return value end
  local list = {}
  for i, one in ipairs(value) do list[i] = words(one) end
  return table.concat(list, ' ')
end

-- What stands at the key that ends so: a:<account>, j:<action>, plan:<name> or g.
function thing(rest)
  local what, id = match(rest, '^([aj]):(.+)$')
  if what == 'a' then return account(id) end
  if what == 'j' then return action(id) end
  return open(K .. rest)
end

-- Writes into `out` how many fields there are (0: no such thing), then name, value, …; a list's
-- values have spaces between them.
function spell(o, out)
  local at, n = #out + 1, 0
  out[at] = 0
  if not o then return end
  local f = o.f
  if o.kinds then
    for kind in gmatch(f.cs, '%S+') do f['c:' .. kind] = counters_of(o, kind) end
    for name, value in pairs(own_standing(o)) do f[name] = value end
  end
  if o.write == write_action then f.js = sent(o) end
  if f.ch then f.ch = charged(o) end
  for name, value in pairs(f) do
    if value ~= '' then
      out[#out + 1] = name
      out[#out + 1] = words(value)
      n = n + 1
    end
  end
  out[at] = n
end
end
