-- slot.lua: by which class an account's work goes, and what keeps it from going at all.
--
-- A slot is <kind>, <kind>@api or <kind>@browser (where the asker forces the route), with `!`
-- behind it for work that is only to be read.

local parts
do
local SLOTS = {}

-- A slot's kind, forced class (or empty) and `!` (or empty).
function parts(slot)
  local p = SLOTS[slot]
  if not p then
    p = slot_of(SLOTS, slot, 512)
    p[1], p[2], p[3] = match(slot, '^([%w_]+)@?(%a*)(!?)$')
  end
  return p[1], p[2], p[3]
end
end

-- The class a slot's work falls to at present; nil: nobody may claim it.
local function class_of(A, kind, forced)
  local class = route(A, kind)
  if not class or class == '-' then return nil end
  if forced == '' then return class end
  return route(A, kind .. '@' .. forced) ~= '-' and forced or nil
end

-- Until when the account (not its limits) keeps a class shut; NEVER: until somebody acts.
local function barred(A, class)
  local f = A.f
  local till = f[OF.fenced[class]] or 0
  if f.st == 'held' then
    till = max(till, num(A.f.hu) > 0 and num(A.f.hu) or NEVER)
  elseif f.st ~= 'active' then
    till = NEVER
  end
  if M.sites == 0 then return till end
  if site_pause(A) then till = NEVER end
  return max(till, site_rest(A))
end

-- Whether one of this kind is being performed: two at once, by two routes, would know no cooldown
-- between them. When that one ends, the account is indexed anew.
local function is_busy(A, kind)
  return A.f['k:api'] == kind or A.f['k:browser'] == kind
end
