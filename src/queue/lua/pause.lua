-- pause.lua: what a person has paused, the whole fleet or one site.
--
-- <prefix>meta  fields `paused` and `paused:<site>`: "<since ms>|<who>|<why>". They are read with
--   the rest of meta, so that looking costs no call.
-- a:<acct>      field `si` is the account's site

-- By whom, since when and why the account's site is paused; nil: it is not.
local function site_pause(A)
  return A.f.si and M['paused:' .. A.f.si] or nil
end

local function pause_parts(text)
  local since, by, why = match(text, '^(%d+)|([^|]*)|(.*)$')
  return num(since), by or '', why or text
end
