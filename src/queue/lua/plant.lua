-- plant.lua: makes what peek.lua told of, in the virtual time of a forecast.
--
-- KEYS[1]  <prefix>meta
-- ARGV     for each: a:<account> | j:<action> | plan:<name> | g, how many fields, name, value, …
--
-- Returns  1
local LISTS = { y = 1, c = 1, ch = 1 }
-- Of an account or an action; of plans and caps all are numbers but the hours.
local NUMBERS = { lu = 1, tat = 1, hu = 1, hs = 1, bf = 1, bu = 1, bo = 1, bk = 1, vt = 1, sc = 1,
  cr = 1, at = 1, up = 1, x = 1, fk = 1, bg = 1, bp = 1, lo = 1, keep = 1 }

local function list(text)
  local out = {}
  for one in gmatch(text, '%S+') do out[#out + 1] = tonumber(one) end
  return out
end

local function plant(what, id, at, n)
  local o = what == 'a' and new_account(id) or what == 'j' and new_action(id, {}, '')
    or { key = K .. id, f = {} }
  for i = at, at + 2 * n - 1, 2 do
    local name, value = ARGV[i], ARGV[i + 1]
    local kind = match(name, '^c:(.+)$')
    if kind then
      own_counters(o, kind)
      o.kinds[kind] = list(value)
    elseif name == 'js' then
      o.json = value
    elseif LISTS[name] then
      put(o, name, list(value))
    elseif name ~= 'cs' then
      local number = NUMBERS[name] or match(name, '^[xf]:') or not what and name ~= 'hours'
      put(o, name, number and tonumber(value) or value)
    end
  end
  if o.f.ch then o.f.ch = pack_fields(CHARGE, unpack(o.f.ch, 1, 8)) end
end

local at = 1
while at <= #ARGV do
  local what, id = match(ARGV[at], '^([aj]):(.+)$')
  plant(what, id or ARGV[at], at + 2, num(ARGV[at + 1]))
  at = at + 2 + 2 * num(ARGV[at + 1])
end
return 1
