-- record_account.lua: an account as it is kept (record.lua): its numbers; its standing, strings
-- that many accounts have alike; a lease of each class; the map of its other fields; then for each
-- kind in `cs`, in that order, its counters (record_counters.lua).

local read_account, write_account
do
local ACCOUNT = '<ddddhhdddI4BdI4BdI2c0I2c0I2c0I4c0'
local STANDING, LEASE = '<ssssssss', '<ssssd'
-- Standings by their text, each with its names, and what reads them as an account's own fields.
local ALIKE = {}

local function standing(words)
  local s = ALIKE[words]
  if s then return s end
  s = slot_of(ALIKE, words, 2048)
  s.st, s.si, s.pl, s.tz, s.rt, s.ks, s.zs, s.cs = unpack_fields(STANDING, words)
  if s.si == '' then s.si = nil end
  s.meta = { __index = s }
  return s
end

-- Its standing, to be written.
function own_standing(A)
  local own = A.own
  if not own then
    local f = A.f
    own = { st = f.st, si = f.si, pl = f.pl, tz = f.tz, rt = f.rt, ks = f.ks, zs = f.zs, cs = f.cs }
    A.own = own
    setmetatable(f, { __index = own })
  end
  return own
end

local function read_lease(f, class, words)
  local token, job, worker, kind, ends = unpack_fields(LEASE, words)
  f[OF.token[class]], f[OF.worker[class]] = token, worker
  f[OF.kind[class]], f[OF.ends[class]] = kind, ends
  if job ~= '' then f[OF.job[class]] = job end
end

local function lease_words(f, class)
  local token = f[OF.token[class]]
  if not token then return '' end
  return pack_fields(LEASE, token, f[OF.job[class]] or '', f[OF.worker[class]] or '',
    f[OF.kind[class]] or '', f[OF.ends[class]] or 0)
end

function read_account(A, raw)
  local lu, tat, y1, y2, y3, y4, ia, ib, c1, c2, c3, c4, c5, c6, c7, words, api, browser, rest,
    after = unpack_fields(ACCOUNT, raw)
  local f = setmetatable({ lu = lu, tat = tat, y = y2 > 0 and { y1, y2, y3, y4 } or nil,
    c = { c1, c2, c3, c4, c5, c6, c7 }, ['i:api'] = ia ~= -1 and ia or nil,
    ['i:browser'] = ib ~= -1 and ib or nil }, standing(words).meta)
  if api ~= '' then read_lease(f, 'api', api) end
  if browser ~= '' then read_lease(f, 'browser', browser) end
  A.f, A.words, A.raw, A.after, A.rich = f, words, raw, after, merge(f, rest)
end

function write_account(A)
  local f, own, words, rest = A.f, A.own, A.words, others(A)
  if own then
    words = pack_fields(STANDING, own.st or '', own.si or '', own.pl or '', own.tz or '',
      own.rt or '', own.ks or '', own.zs or '', own.cs or '')
  end
  local y, c = f.y or UNUSED, f.c or UNUSED
  local api, browser = lease_words(f, 'api'), lease_words(f, 'browser')
  return pack_fields(ACCOUNT, f.lu or 0, f.tat or 0, y[1], y[2], y[3], y[4], f['i:api'] or -1,
    f['i:browser'] or -1, c[1], c[2], c[3], c[4], c[5], c[6], c[7], #words, words, #api, api,
    #browser, browser, #rest, rest) .. all_counters(A)
end
end
