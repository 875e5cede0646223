-- tally.lua: counts what is taken from every cap, and tells of those that are nearly full.

local fleet_counters, bump, tally
do
function fleet_counters()
  local g = touch(global())
  g.c = g.c or { 0, 0, 0, 0, 0, 0, 0 }
  return g.c
end

local LEVELS = { 100, 95, 80 }

-- Tells of a cap that has just reached 80, 95 or 100 percent, once a window.
local function alarm(A, J, code, c, at, most)
  local used = c[at + 1]
  for _, level in ipairs(LEVELS) do
    if used * 100 >= level * most and (used - 1) * 100 < level * most and c[at + 2] < level then
      c[at + 2] = level
      local why = fmt('%d of %d used: %d %%', used, most, level)
      return emit('quota', A.id, J, { code = code, why = why })
    end
  end
end

-- Adds to one counter. With `J`, which is charged, tells of its cap.
function bump(c, at, window, by, A, J, code, most)
  if not window then return end
  local n = by
  if c[at] == window then n = c[at + 1] + by else c[at], c[at + 2] = window, 0 end
  if n < 0 then n = 0 end
  c[at + 1] = n
  if J and most and n * 100 >= 80 * most then alarm(A, J, code, c, at, most) end
end

local NO_PLAN = { kinds = {}, f = {}, rolls = {} }

function tally(A, kind, de, he, gd, gh, by, J)
  local c, k, g = touch(A).c, own_counters(A, kind), fleet_counters()
  local P, G = plan(A) or NO_PLAN, global().f
  local L = limit(P, kind)
  bump(c, DAY, de, by, A, J, 'daily_cap', P.dcap)
  bump(k, DAY, de, by, A, J, 'kind_daily_cap', L.dk)
  bump(c, HOURLY, he, by, A, J, 'hourly_cap', P.hcap)
  bump(k, HOURLY, he, by, A, J, 'kind_hourly_cap', L.hk)
  bump(g, DAY, gd, by, A, J, 'global_daily_cap', G.dmax)
  bump(g, HOURLY, gh, by, A, J, 'global_hourly_cap', G.hmax)
end
end
