-- emit.lua: events: one entry in the stream `ev` for each change, by the script that makes it.
--
-- <prefix>ev  stream; the fields are those of walkon_core::event::Event

-- What every event of an action tells of it, and in which field that is.
local TOLD = { 'kind', 'k', 'target', 'tg', 'text_hash', 'th', 'effect', 'ef', 'class', 'cl',
  'intake', 'in' }

local ENTRY, filled = { 'v', '1', 'type', '', 'at', '' }, 6

local function tell(name, value)
  if not value or value == '' then return end
  ENTRY[filled + 1], ENTRY[filled + 2] = name, value
  filled = filled + 2
end

-- One entry in the stream of events. `J` is the action it is about, `more` further fields.
local function emit(what, acct, J, more)
  ENTRY[4], ENTRY[6], filled = what, stamp(), 6
  tell('account', acct)
  if J then
    local f = J.f
    for i = 1, #TOLD, 2 do tell(TOLD[i], f[TOLD[i + 1]]) end
    tell('action', J.id)
    if (f.at or 0) > 0 then tell('attempt', f.at) end
  end
  if more then
    for name, value in pairs(more) do tell(name, value) end
  end
  call('XADD', K .. 'ev', '*', unpack(ENTRY, 1, filled))
end
