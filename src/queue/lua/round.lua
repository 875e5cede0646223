-- round.lua: calls of several workers, one after the other, as of one instant.
--
-- KEYS[1]  <prefix>meta
-- ARGV     for each: claim | begin | finish, how many words, the words that the script of that name
--          takes
--
-- Returns  for each what that script returns
local out, at, calls, n = {}, 1, {}, 0
local workers, accts, acts = {}, {}, {}
while at <= #ARGV do
  local args = { unpack(ARGV, at + 2, at + 1 + num(ARGV[at + 1])) }
  n = n + 1
  calls[n] = args
  if ARGV[at] == 'claim' then
    workers[#workers + 1] = args[1]
  else
    accts[#accts + 1], acts[#acts + 1] = args[1], args[4]
  end
  args.verb, at = ARGV[at], at + 2 + #args
end
-- What they will look at is read at once.
if workers[1] then
  D.ahead = #workers + 1
  local last = call('HMGET', K .. 'w', unpack(workers))
  for i = 1, #workers do D.asked[workers[i]] = last[i] end
  foremost(accts, #workers)
end
read_ahead(accts, acts)
for i = 1, n do
  local args = calls[i]
  if args.verb == 'claim' then
    out[i] = claim(args[1], args[2], args[3], args[4])
  elseif args.verb == 'begin' then
    out[i] = begin(args)
  else
    local settled = finish(args)
    settled[#settled + 1] = stamp()
    out[i] = settled
  end
end
return out
