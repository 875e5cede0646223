-- wanting.lua: why a pool's action waits for an account.

local want
do
-- How many members' reasons are looked at.
local LOOKED_AT = 20

-- What keeps a member from the slot's work, and until when; nil: nothing.
local function kept_by(A, slot)
  local kind, forced = parts(slot)
  local class = A.f.rt and class_of(A, kind, forced)
  if not class then return 'route' end
  if site_pause(A) then return 'paused' end
  if A.f.st ~= 'active' then return 'held' end
  if A.f[OF.token[class]] or is_busy(A, kind) then return 'lease' end
  if site_rest(A) > now then return 'site_breaker' end
  if tripped(A) > now then return 'breaker' end
  if num(A.f[OF.fenced[class]]) > now then return 'fenced' end
  if ceiling(A, class, kind, false, now) > now then return 'rate_ceiling' end
  local rows = {}
  if kind ~= 'sign_in' then limits(A, kind, now, rows) end
  return rows[1] and rows[1][1]
end

-- The members that may be first, and what keeps them: `3 cooldown, 1 lease`; how many were looked
-- at, and the first instant at which one may act.
local function members_say(P, slot)
  local counts, names, words, looked, total, at = {}, {}, {}, 0, 0, NEVER
  for _, pool in ipairs(draws(P)) do
    total = total + call('ZCARD', K .. 'pa:' .. pool.name)
    for _, id in ipairs(call('ZRANGE', K .. 'pa:' .. pool.name, 0, LOOKED_AT - 1)) do
      local A = looked < LOOKED_AT and account(id)
      if A then
        looked = looked + 1
        local _, may = able(A, slot)
        at = math.min(at, may)
        local why = kept_by(A, slot) or 'free'
        if not counts[why] then names[#names + 1] = why end
        counts[why] = (counts[why] or 0) + 1
      end
    end
    for _, class in ipairs(CLASSES) do
      -- What an index says that is not made yet is that somebody should look.
      local known = pool.f['o:' .. slot] == '~'
      if known then at = math.min(at, (soonest_of(pool, slot, class))) end
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do words[#words + 1] = counts[name] .. ' ' .. name end
  local of = total > looked and fmt('of %d, the first %d: ', total, looked) or ''
  return of .. table.concat(words, ', '), total, at
end

-- As explain.lua, for work that no account has taken; `gate` and `rows` are that script's.
function want(P, J, slot, gate, rows)
  local function row(code, used, most, words, since)
    rows[#rows + 1] = { code, -1, used, most, words, since }
  end
  if J then
    local due = call('ZSCORE', K .. 'z:' .. P.id .. ':' .. slot, J.id)
    local failed = num(J.f.at) > 0
    local since = failed and J.f.up or J.f.cr
    if due then gate(failed and 'backoff' or 'not_before', num(due), nil, since) end
    local ahead = call('ZRANK', K .. 'q:' .. P.id .. ':' .. slot, J.id)
    if ahead and ahead > 0 then row('queue', ahead, -1, '', J.f.cr) end
    if J.f.hb then row('handed_back', -1, -1, J.f.hb) end
  end
  if is_under_way(P) then
    row('mission', call('SCARD', K .. 'un:' .. P.id), P.f.mo, 'mission ' .. (P.f.mi or ''))
  end
  local words, total, free = members_say(P, slot)
  if total == 0 then
    gate('no_member', NEVER, 'pool ' .. P.f.po)
  elseif free > now then
    gate('pool', free, fmt('pool %s: %s', P.f.po, words))
  end
end
end
