-- emit.lua: events, one for each change; written to the stream `ev` when their call ends.
--
-- <prefix>ev  stream; an entry holds the events of one call, fields `0`, `1`, …, each a string of
--             fixed fields (strings up to a zero byte), then of others by name and length; what
--             they are is said by walkon_core::event::Event, and src/queue/packed.rs reads them

local emit, flush
do
local EVENT, OTHER, AT = '<dHssssssssssss', '<sI4c0', 64
-- As many as one entry holds at most.
local MOST = 200
local NONE, ENTRY = {}, {}

local function other(name, value)
  if not value or value == '' then return '' end
  return pack_fields(OTHER, name, #value, value)
end

-- `J` is the action it is about, `more` further fields.
function emit(what, acct, J, more)
  local f, x, rest = J and J.f or NONE, more or NONE, nil
  -- What may hold a zero byte or is seldom there.
  if x.code or x.why or x.result or x.by or x.site then
    rest = other('code', x.code) .. other('why', x.why) .. other('result', x.result)
      .. other('by', x.by) .. other('site', x.site)
  end
  if f.po then rest = (rest or '') .. other('pool', f.po) .. other('mission', f.mi) end
  -- A post is no account.
  if acct and byte(acct) == AT then acct = nil end
  local at = D.told * 2
  ENTRY[at + 1] = ENTRY[at + 1] or text(D.told)
  local event = pack_fields(EVENT, now, f.at or 0, what, acct or '', J and J.id or '', f.k or '',
    f.tg or '', f.th or '', f.ef or '', f.cl or '', f['in'] or '', x.worker or '', x.duty or '',
    x.outcome or '')
  ENTRY[at + 2] = rest and event .. rest or event
  D.told = D.told + 1
  if D.told == MOST then flush() end
end

-- Writes what was told so far.
function flush()
  if D.told > 0 then call('XADD', K .. 'ev', '*', unpack(ENTRY, 1, D.told * 2)) end
  D.told = 0
end
end
