-- erase.lua: an account is erased: its actions leave Redis. The account itself has left before.
--
-- KEYS[1]   <prefix>meta
-- ARGV[1]   account
-- ARGV[2…]  actions; those of others are left
--
-- Returns   { how many left, how many were ended instead: to be asked for again }
local left, ended = 0, 0
for i = 2, #ARGV do
  local J = action(ARGV[i])
  local own = J and J.f.a == ARGV[1]
  if own and J.f.st == 'unknown' then
    -- Nobody is left who could look whether it was done.
    conclude(J, 'cancelled', { code = 'account_erased', why = 'its account was erased' })
    ended = ended + 1
  elseif own and J.f.st ~= 'waiting' and J.f.st ~= 'running' then
    call('DEL', J.key)
    if J.f.ik then call('DEL', K .. 'i:' .. J.f.ik) end
    for _, list in ipairs({ 'jobs', 'dlq', 'parked' }) do call('ZREM', K .. list, J.id) end
    left = left + 1
  end
end
return { text(left), text(ended) }
