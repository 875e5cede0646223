-- emit.lua: events, one for each change; written to the stream `ev` when their call ends.
--
-- <prefix>ev  stream; an entry holds the events of one call, fields `0`, `1`, …, each a string of
--             fixed fields (strings up to a zero byte), then of others by name and length; what
--             they are is said by walkon_core::event::Event, and src/queue/packed.rs reads them

local emit, flush
do
local EVENT, OTHER = '<dHssssssssssss', '<sI4c0'
-- What may hold a zero byte or is seldom there.
local OTHERS = { code = 1, why = 1, result = 1, by = 1, site = 1 }
-- As many as one entry holds at most.
local MOST = 200
local NONE, ENTRY = {}, {}

local function other(name, value)
  return pack_fields(OTHER, name, #value, value)
end

-- `J` is the action it is about, `more` further fields.
function emit(what, acct, J, more)
  local f, x, rest = J and J.f or NONE, more or NONE, ''
  for name, value in pairs(x) do
    if value and OTHERS[name] and value ~= '' then rest = rest .. other(name, value) end
  end
  if f.po then rest = rest .. other('pool', f.po) .. (f.mi and other('mission', f.mi) or '') end
  -- A post is no account.
  local at = told * 2
  ENTRY[at + 1] = ENTRY[at + 1] or text(told)
  ENTRY[at + 2] = pack_fields(EVENT, now, f.at or 0, what,
    acct and sub(acct, 1, 1) ~= '@' and acct or '', J and J.id or '', f.k or '', f.tg or '',
    f.th or '', f.ef or '', f.cl or '', f['in'] or '', x.worker or '', x.duty or '',
    x.outcome or '') .. rest
  told = told + 1
  if told == MOST then flush() end
end

-- Writes what was told so far.
function flush()
  if told > 0 then call('XADD', K .. 'ev', '*', unpack(ENTRY, 1, told * 2)) end
  told = 0
end
end
