-- start.lua: the beginning of each call.

-- What every call begins with; `writes` is false where it only reads. Returns what is
-- wrong with the queue, if something is.
local function start(meta, writes)
  if not call then bind() end
  K, fleet, kept, written = sub(meta, 1, -5), nil, nil, nil
  accounts, actions, changed, moved, told = {}, {}, {}, {}, 0
  local opt, ver, epoch, last, mark, resume, paused, sites, pv, due, books, allow, fake =
    unpack(call('HMGET', meta, 'opt', 'ver', 'epoch', 'seq', 'hw', 'resume', 'paused', 'sites',
      'pv', 'due', 'books', 'allow_fake', 'fake'))
  M = { epoch = epoch, seq = num(last), hw = num(mark), resume = num(resume),
    paused = paused or nil, sites = num(sites), pv = pv, due = due, books = books,
    allow_fake = allow }
  O, seq = options(opt or ''), M.seq
  local time = call('TIME')
  local server = time[1] * 1000 + floor(time[2] / 1000)
  -- Tests move time by hand (2: and mean its leaps to count); nothing else sets `allow_fake`.
  if allow and fake then server = num(fake) end
  now = max(server, M.hw)
  late = now - server
  if not epoch then return LOST end
  if ver ~= SCHEMA then return FORM end
  if writes and server > M.hw + 50 then call('HSET', meta, 'hw', stamp()) end
end
