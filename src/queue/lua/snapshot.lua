-- snapshot.lua: some accounts with their lanes, each as of one instant, for a forecast.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1…]  accounts
--
-- Returns   for each that is there: its name, how many fields, field, value, … (text.lua), how many
--           lanes, then for each lane its key's rest, how many actions, action, score, …
local out = {}
local function add(value)
  out[#out + 1] = value
end
for _, id in ipairs(ARGV) do
  local A = account(id)
  if A then
    local keys = {}
    add(id)
    spell(A, out)
    for slot in string.gmatch(A.f.ks or '', '%S+') do
      keys[#keys + 1] = 'q:' .. id .. ':' .. slot
      keys[#keys + 1] = 'z:' .. id .. ':' .. slot
    end
    add(#keys)
    for _, key in ipairs(keys) do
      local members = call('ZRANGE', K .. key, 0, -1, 'WITHSCORES')
      add(key)
      add(#members / 2)
      for _, value in ipairs(members) do add(value) end
    end
  end
end
return out
