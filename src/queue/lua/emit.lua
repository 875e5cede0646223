-- emit.lua: events: one entry in the stream `ev` for each change, by the script that makes it.
--
-- <prefix>ev  stream; the fields are those of walkon_core::event::Event

-- What every event of an action tells of it, and in which field that is.
local TOLD = { 'kind', 'k', 'target', 'tg', 'text_hash', 'th', 'effect', 'ef', 'class', 'cl',
  'intake', 'in', 'pool', 'po', 'mission', 'mi' }

-- One entry in the stream of events. `J` is the action it is about, `more` further fields.
local function emit(what, acct, J, more)
  local e, n = { 'v', '1', 'type', what, 'at', stamp() }, 6
  local function add(name, value)
    if value and value ~= '' then
      e[n + 1] = name
      e[n + 2] = value
      n = n + 2
    end
  end
  -- A post is no account.
  if acct and string.sub(acct, 1, 1) ~= '@' then add('account', acct) end
  if J then
    local f = J.f
    for i = 1, #TOLD, 2 do add(TOLD[i], f[TOLD[i + 1]]) end
    add('action', J.id)
    if num(f.at) > 0 then add('attempt', f.at) end
  end
  if more then
    for name, value in pairs(more) do add(name, value) end
  end
  call('XADD', K .. 'ev', '*', unpack(e))
end
