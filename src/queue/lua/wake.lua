-- wake.lua: the indexes of a call: read once, written once at its end.
--
-- wake:<class>     zset of accounts with work, by when they may be claimed (NEVER: not as it is);
--                  where that is already, by when they were last used
-- lease            zset of `<account>|<class>` by when the lease ends
--
-- Calls of many workers go as one, and each takes from the front of `wake` and puts something back:
-- so its first entries are kept here as they would be by then. What is behind them stays unread.

local enlist, settle_indexes, head_of, foremost, stand
do
-- As many words as one command is given.
local WORDS = 400

-- The member has this score in the index from now on; nil: it is not in it.
function enlist(key, member, score)
  local entries = D.indexed[key] or {}
  D.indexed[key], entries[member] = entries, score or false
end

local function write(command, key, words)
  for from = 1, #words, WORDS do
    call(command, key, unpack(words, from, min(#words, from + WORDS - 1)))
  end
end

-- Writes what was enlisted.
function settle_indexes()
  for name, entries in pairs(D.indexed) do
    local adds, drops, n = {}, {}, 0
    for member, score in pairs(entries) do
      if score then
        adds[n + 1], adds[n + 2], n = fmt('%d', score), member, n + 2
      else
        drops[#drops + 1] = member
      end
    end
    write('ZADD', K .. name, adds)
    write('ZREM', K .. name, drops)
    D.indexed[name] = nil
  end
end

-- The front of `wake`: { members, their scores, whether that is all }.
local function front(class)
  local known = D.heads[class]
  if known and (known[1][1] or known.all) then return known end
  local key = OF.wake[class]
  if D.indexed[key] then settle_indexes() end
  local words, ids, ats = call('ZRANGE', K .. key, '0', text(D.ahead - 1), 'WITHSCORES'), {}, {}
  for i = 1, #words / 2 do ids[i], ats[i] = words[2 * i - 1], tonumber(words[2 * i]) end
  known = { ids, ats, all = #ids < D.ahead }
  D.heads[class] = known
  return known
end

-- Who stands first, and by which score; nil: nobody.
function head_of(class)
  local known = front(class)
  return known[1][1], known[2][1]
end

-- Adds to `ids` those that may be claimed first, so many of them.
function foremost(ids, many)
  local api, browser, i, j = front('api'), front('browser'), 1, 1
  for _ = 1, many do
    local a, b = api[2][i] or NEVER, browser[2][j] or NEVER
    if min(a, b) > now then return end
    if a <= b then
      ids[#ids + 1], i = api[1][i], i + 1
    else
      ids[#ids + 1], j = browser[1][j], j + 1
    end
  end
end

-- The account stands in `wake` by this score (nil: not at all); it stood there by `stood`.
function stand(acct, class, score, stood)
  enlist(OF.wake[class], acct, score)
  local known = D.heads[class]
  if not known then return end
  local ids, ats = known[1], known[2]
  if stood then
    for i = 1, #ids do
      if ids[i] == acct then
        table.remove(ids, i) table.remove(ats, i)
        break
      end
    end
  end
  if not score then return end
  local at = #ids
  -- Behind what is known there may be others before it.
  if not known.all and (at == 0 or score >= ats[at]) then return end
  while at > 0 and (ats[at] > score or ats[at] == score and ids[at] > acct) do at = at - 1 end
  table.insert(ids, at + 1, acct)
  table.insert(ats, at + 1, score)
end
end
