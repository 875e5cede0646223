-- snapshot.lua: some accounts with their lanes, each as of one instant, for a forecast.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1…]  accounts
--
-- Returns   for each that is there: its name, how many fields, field, value, …, how many lanes,
--           then for each lane its key's rest, how many actions, action, score, …
local out = {}
local function add(value)
  out[#out + 1] = value
end
for _, id in ipairs(ARGV) do
  local fields = call('HGETALL', K .. 'a:' .. id)
  if #fields > 0 then
    local ks, keys = '', {}
    add(id)
    add(#fields / 2)
    for i, value in ipairs(fields) do
      add(value)
      if i % 2 == 1 and value == 'ks' then ks = fields[i + 1] end
    end
    for slot in string.gmatch(ks, '%S+') do
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
