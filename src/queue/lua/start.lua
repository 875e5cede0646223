-- start.lua: the beginning of each call.

local start
do
-- What a call is told whose queue is gone (somebody emptied Redis under our feet), or was made anew
-- by another version.
local LOST = 'LOST the queue is gone: redis was emptied'
local FORM = 'FORM the queue is of another form than this version knows'

-- What every call begins with; `writes` is false where it only reads. Returns what is
-- wrong with the queue, if something is.
function start(meta, writes)
  if not call then bind() end
  K = sub(meta, 1, -5)
  accounts, actions, changed = {}, {}, {}
  -- `ahead`: entries of an index that are read at once.
  D = { indexed = {}, heads = {}, handed = {}, asked = {}, moved = {}, told = 0, ahead = 2 }
  local opt, ver, epoch, last, mark, resume, paused, sites, pv, due, books, allow, fake =
    unpack(call('HMGET', meta, 'opt', 'ver', 'epoch', 'seq', 'hw', 'resume', 'paused', 'sites',
      'pv', 'due', 'books', 'allow_fake', 'fake'))
  M = { epoch = epoch, seq = num(last), hw = num(mark), resume = num(resume),
    paused = paused or nil, sites = num(sites), pv = pv, due = due, books = books,
    allow_fake = allow }
  O, D.seq = options(opt or ''), M.seq
  local time = call('TIME')
  local server = time[1] * 1000 + floor(time[2] / 1000)
  -- Tests move time by hand (2: and mean its leaps to count); nothing else sets `allow_fake`.
  if allow and fake then server = num(fake) end
  now = max(server, M.hw)
  M.late = now - server
  if not epoch then return LOST end
  if ver ~= SCHEMA then return FORM end
  if writes and server > M.hw + 50 then call('HSET', meta, 'hw', stamp()) end
end
end
