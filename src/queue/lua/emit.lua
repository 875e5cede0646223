-- emit.lua: events: one entry in the stream `ev` for each change, by the script that makes it.
--
-- <prefix>ev  stream; the fields are those of walkon_core::event::Event

-- What every event of an action tells of it, and in which field that is.
local TOLD = { 'kind', 'k', 'target', 'tg', 'text_hash', 'th', 'effect', 'ef', 'class', 'cl',
  'intake', 'in' }

-- One entry in the stream of events. `J` is the action it is about, `more` further fields.
local function emit(what, acct, J, more)
  local e = { 'v', 1, 'type', what, 'at', now }
  local function add(name, value)
    if value and value ~= '' then
      e[#e + 1] = name
      e[#e + 1] = value
    end
  end
  add('account', acct)
  if J then
    for i = 1, #TOLD, 2 do add(TOLD[i], J.f[TOLD[i + 1]]) end
    add('action', J.id)
    if num(J.f.at) > 0 then add('attempt', J.f.at) end
  end
  for name, value in pairs(more or {}) do add(name, value) end
  call('XADD', K .. 'ev', '*', unpack(e))
end
