-- claim.lua: the next action that may be carried out, under a lease; or when to ask again.
--
-- `claim(worker, nonce, classes, holds)`: the same nonce gets the same answer; `classes` is what
-- the worker can do, `api,browser`; `holds` the accounts whose browser it keeps, comma between.
--
-- Returns   { work, account, class, token, ttl ms, id, duty p|v, attempt, begun ms, json }
--           { dry, ms }: the shard's part of the fleet's caps is used up (escrow.lua)
--           { none, ms until something may be due (-1: not before something arrives) }
--           { shut, ms, why }

local claim
do
-- Accounts looked at in one call.
local SCANS = 16

local function rank(lane)
  lane.rank = lane.rank or num(call('ZSCORE', lane.q, lane.id))
  return lane.rank
end

-- Takes the account's most urgent due action of the class, if there is one; else indexes it anew.
local function try(A, class, ask)
  if A.f.po then return bind(A, class, ask, try) end
  local held = A.f[OF.token[class]]
  if held and (A.f[OF.job[class]] or A.f[OF.worker[class]] ~= ask.worker) then return nil end
  for _ = 1, 8 do
    local best
    local found = lanes(A)
    for i = 1, #found do
      local lane = found[i]
      if lane.class == class then
        if lane.at > now then
          ask.soonest = min(ask.soonest, lane.at)
        elseif not best or rank(lane) < rank(best) then
          best = lane
        end
      end
    end
    if not best then break end
    local J = action(best.id)
    -- With several shards the fleet's caps are asked here (escrow.lua).
    if not expire(A, J) then return short(J) or take(A, best, J, ask) end
  end
  reindex(A)
end

function claim(worker, nonce, classes, held)
  -- Redis was started and not yet compared with the books (boot.lua).
  if M.due and M.books then return { 'shut', 1000, 'restoring' } end
  local last = D.asked[worker]
  if last == nil then last = call('HGET', K .. 'w', worker) end
  if last and sub(last, 1, #nonce + 1) == nonce .. ' ' then
    local id, acct, class, token = match(last, ' (%S+) (%S+) (%S+) (%S+) %d+$')
    local J = action(id)
    if J then return work_of(account(acct), J, class, token) end
  end
  if now < M.resume then return { 'shut', M.resume - now, 'restarted' } end
  if M.late > 1000 then return { 'shut', M.late, 'clock' } end
  if M.paused then
    local _, by, why = pause_parts(M.paused)
    -- Asked again soon: a resume takes hold within 2 s.
    return { 'shut', 1000, fmt('paused by %s: %s', by, why) }
  end
  local ask = { worker = worker, nonce = nonce, classes = classes_of(classes), soonest = NEVER }
  if held ~= '' then
    for acct in gmatch(held, '[^,]+') do
      local A = account(acct)
      local work = A and try(A, 'browser', ask)
      if work then return work end
    end
  end
  for _ = 1, SCANS do
    local acct, class = first(ask)
    if not acct then
      return { 'none', ask.soonest < NEVER and max(0, ask.soonest - now) or -1 }
    end
    local A = account(acct)
    local work = A and try(A, class, ask)
    if work then return work end
    if not A then forget(acct) end
  end
  return { 'none', 0 }
end
end
