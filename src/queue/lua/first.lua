-- first.lua: who is claimed next, of the classes that a worker brings.

local first, classes_of
do
-- Lists of classes, by the words that name them.
local SETS = {}

-- The account that may be claimed and has waited longest, of all classes asked for; where there is
-- none, `ask.soonest` is when there will be.
function first(ask)
  local acct, class, since
  for i = 1, #ask.classes do
    local name = ask.classes[i]
    local id, at = head_of(name)
    if at and at > now then
      if at < ask.soonest then ask.soonest = at end
    elseif at and at < (since or NEVER) then
      acct, class, since = id, name, at
    end
  end
  return acct, class
end

-- The classes a worker names, comma between.
function classes_of(words)
  local list = slot_of(SETS, words, 16)
  if not list[1] then
    for class in gmatch(words, '%a+') do list[#list + 1] = class end
  end
  return list
end
end
