-- claim_next.lua: the second half of claim.lua: whoever of all is first, or when somebody will be.

-- The class asked for whose first ready account has waited longest.
local function first()
  local acct, class, used
  for name in string.gmatch(ARGV[3], '%a+') do
    local head = call('ZRANGE', K .. 'ready:' .. name, 0, 0, 'WITHSCORES')
    if head[1] and (not used or num(head[2]) < used) then
      acct, class, used = head[1], name, num(head[2])
    end
  end
  return acct, class
end

for _ = 1, scans do
  local acct, class = first()
  if not acct then break end
  local A = account(acct)
  local work = A and try(A, class)
  if work then return work end
  if not A then forget(acct) end
end
if first() then return { 'none', 0 } end
for class in string.gmatch(ARGV[3], '%a+') do
  local head = call('ZRANGE', K .. 'wake:' .. class, 0, 0, 'WITHSCORES')
  if head[1] then soonest = math.min(soonest, num(head[2])) end
end
return { 'none', soonest < NEVER and math.max(0, soonest - now) or -1 }
