-- pause.lua: what a person has paused, the whole fleet or one site.
--
-- <prefix>meta  fields `paused` and `paused:<site>`: "<since ms>|<who>|<why>", and `sites`, how
--   many of the latter there are: where there are none, looking costs no call
-- a:<acct>      field `si` is the account's site

local site_pause
do
-- By whom, since when and why the account's site is paused; nil: it is not.
local function pause_of(site)
  if not site or M.sites == 0 then return nil end
  local field = 'paused:' .. site
  if M[field] == nil then M[field] = call('HGET', K .. 'meta', field) end
  return M[field] or nil
end

function site_pause(A)
  return pause_of(A.f.si)
end
end

local function pause_parts(text)
  local since, by, why = match(text, '^(%d+)|([^|]*)|(.*)$')
  return num(since), by or '', why or text
end
