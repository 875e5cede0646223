-- limits.lua: what an account may do and when: cooldowns, caps, burst, hours, the fleet's caps.
--
-- Counters are fields `<window's end>:<count>`: D and H (all kinds), d:<kind> and h:<kind>; each
-- carries its own window, so that none needs resetting. `l:<kind>` is when the kind last acted,
-- `tat` the burst's theoretical arrival time (GCRA). They are charged when work is claimed, never
-- when it is done: what was performed can only be less.

-- The counter in a field, as { window's end, count }, read once a call; false: there is none.
local function counter(o, field)
  local c = o.c[field]
  if c == nil then
    local window, n = match(o.f[field] or '', '^(%d+):(%d+)$')
    c = window and { tonumber(window), tonumber(n) } or false
    o.c[field] = c
  end
  return c
end

local function count(o, field, window)
  local c = counter(o, field)
  return c and c[1] == window and c[2] or 0
end

local function bump(o, field, window, by)
  local n = math.max(0, count(o, field, window) + by)
  o.c[field] = { window, n }
  put(o, field, fmt('%d:%d', window, n))
end

-- Where the day and the hour that hold `t` end. An open window stays open until its end, also when
-- the account has moved to another zone meanwhile.
local function windows(A, t)
  local d = day(A, t)
  if not d then return nil end
  local D, H = counter(A, 'D'), counter(A, 'H')
  local de, he = D and D[1] or 0, H and H[1] or 0
  if t >= de then de = d[2] end
  if t >= he then he = math.min(d[1] + (floor((t - d[1]) / HOUR) + 1) * HOUR, d[2]) end
  return de, he
end

local function fleet_windows(t)
  return (floor(t / 86400000) + 1) * 86400000, (floor(t / HOUR) + 1) * HOUR
end

-- Calls `see(code, object, field, window's end, most)` for every cap on `kind` at `t`. False where
-- the day is not known.
local function caps(A, kind, t, see)
  local de, he = windows(A, t)
  if not de then return false end
  local P, G = plan(A), global()
  local L = limit(P, kind)
  if P.dcap then see('daily_cap', A, 'D', de, P.dcap) end
  if P.hcap then see('hourly_cap', A, 'H', he, P.hcap) end
  if L.dk then see('kind_daily_cap', A, L.d, de, L.dk) end
  if L.hk then see('kind_hourly_cap', A, L.h, he, L.hk) end
  if G.f.dmax or G.f.hmax then
    local gd, gh = fleet_windows(t)
    if G.f.dmax then see('global_daily_cap', G, 'd', gd, num(G.f.dmax)) end
    if G.f.hmax then see('global_hourly_cap', G, 'h', gh, num(G.f.hmax)) end
  end
  return true
end

-- The earliest instant from `from` on at which `kind` may be claimed; NEVER when none is known.
-- With `out` also a row { code, until, used, most } for each limit that is shut at `from`.
local function limits(A, kind, from, out)
  local P, t = plan(A), from
  if not P then
    if out then out[#out + 1] = { 'plan', NEVER, -1, -1 } end
    return NEVER
  end
  local L = limit(P, kind)
  for _ = 1, 12 do
    local s = t
    local function gate(code, till, used, most)
      if till <= s then return end
      if out then out[#out + 1] = { code, till, used or -1, most or -1 } end
      t = math.max(t, till)
    end
    local known = caps(A, kind, s, function(code, o, field, window, most)
      local used = count(o, field, window)
      if used >= most then gate(code, most == 0 and NEVER or window, used, most) end
    end)
    if not known then
      gate('zone', NEVER)
      return NEVER
    end
    rolling(A, P, kind, s, gate)
    if L.cd > 0 then gate('cooldown', num(A.f[L.last]) + L.cd) end
    if P.bi then gate('burst', num(A.f.tat) - P.room) end
    if P.hours then gate('hours', opening(P.hours, day(A, s), s)) end
    if t == s or t >= NEVER then return t end
    out = nil
  end
  return t
end
