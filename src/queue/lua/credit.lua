-- credit.lua: a shard's part of one of the fleet's caps (escrow.lua): looks at it, adds a slice, or
-- takes some back. Steps are numbered, and each is taken once, in its order: repeated, late or out
-- of turn it changes nothing.
--
-- KEYS[1]  <prefix>meta
-- ARGV[1]  look    at the window that is open now
--          credit  adds ARGV[5]
--          back    takes back what is unspent, ARGV[5] at most, for the ledger
--          skip    the steps up to ARGV[4] will never come; with ARGV[5] 1 what is unspent is void
-- ARGV[2]  d | h, day or hour
-- ARGV[3]  the window's end; look: empty
-- ARGV[4]  the number of the step
--
-- Returns  { window's end, credited, used, number of the last step, what that gave back, the
--            fleet's cap (-1: none) }
local verb, at, i = ARGV[1], DAY, 1
if ARGV[2] == 'h' then at, i = HOURLY, 5 end
local g = global()
local e = g.f.e or { 0, 0, 0, 0, 0, 0, 0, 0 }
local gd, gh = fleet_windows(now)
local window = verb == 'look' and (at == DAY and gd or gh) or num(ARGV[3])
local number, many = num(ARGV[4]), num(ARGV[5])

local function step(credited, back)
  e[i + 1], e[i + 2], e[i + 3] = credited, number, back
  put(g, 'e', e)
end

-- A window before the last one is over: nothing is added to it any more.
if verb ~= 'look' and window > e[i] then e[i], e[i + 1], e[i + 2], e[i + 3] = window, 0, 0, 0 end
local is_it = e[i] == window
local used = count(g.f.c or UNUSED, at, window)
if is_it and number == e[i + 2] + 1 and (verb == 'credit' or verb == 'back') then
  local back = verb == 'back' and max(0, min(many, e[i + 1] - used)) or 0
  step(verb == 'credit' and e[i + 1] + many or e[i + 1] - back, back)
elseif is_it and verb == 'skip' and number >= e[i + 2] then
  step(many == 1 and min(e[i + 1], used) or e[i + 1], 0)
end
local most = g.f.gh
if at == DAY then most = g.f.gd end
local function stand(j)
  return is_it and e[i + j] or 0
end
return { text(window), stand(1), used, stand(2), stand(3), most or -1 }
