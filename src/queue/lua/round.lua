-- round.lua: calls of several workers, one after the other, as of one instant.
--
-- KEYS[1]  <prefix>meta
-- ARGV     for each: claim | begin | finish, how many words, the words that the script of that name
--          takes
--
-- Returns  for each what that script returns
local out, at = {}, 1
while at <= #ARGV do
  local verb, n = ARGV[at], num(ARGV[at + 1])
  local args = { unpack(ARGV, at + 2, at + 1 + n) }
  if verb == 'claim' then
    out[#out + 1] = claim(args[1], args[2], args[3], args[4])
  elseif verb == 'begin' then
    out[#out + 1] = begin(args)
  else
    local settled = finish(args)
    settled[#settled + 1] = stamp()
    out[#out + 1] = settled
  end
  at = at + 2 + n
end
return out
