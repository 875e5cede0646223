-- limits.lua: what an account may do and when: cooldowns, caps, burst, hours, the fleet's caps.
--
-- Counters are fields `<window's end>:<count>`: D and H (all kinds), d:<kind> and h:<kind>; each
-- carries its own window, so that none needs resetting. `l:<kind>` is when the kind last acted,
-- `tat` the burst's theoretical arrival time (GCRA). They are charged when work is claimed, never
-- when it is done: what was performed can only be less.

local function count(o, field, window)
  local id, n = match(o.f[field] or '', '^(%d+):(%d+)$')
  return tonumber(id) == window and tonumber(n) or 0
end

local function bump(o, field, window, by)
  put(o, field, fmt('%.0f:%d', window, math.max(0, count(o, field, window) + by)))
end

-- Where the day and the hour that hold `t` end. An open window stays open until its end, also when
-- the account has moved to another zone meanwhile.
local function windows(A, t)
  local d = day(A, t)
  if not d then return nil end
  local de, he = num(match(A.f.D or '', '^%d+')), num(match(A.f.H or '', '^%d+'))
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
  local p, G, gd, gh = plan(A).f, global(), fleet_windows(t)
  local dk, hk = p['dk:' .. kind], p['hk:' .. kind]
  if p.dcap then see('daily_cap', A, 'D', de, num(p.dcap)) end
  if p.hcap then see('hourly_cap', A, 'H', he, num(p.hcap)) end
  if dk then see('kind_daily_cap', A, 'd:' .. kind, de, num(dk)) end
  if hk then see('kind_hourly_cap', A, 'h:' .. kind, he, num(hk)) end
  if G.f.dmax then see('global_daily_cap', G, 'd', gd, num(G.f.dmax)) end
  if G.f.hmax then see('global_hourly_cap', G, 'h', gh, num(G.f.hmax)) end
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
    gate('cooldown', num(A.f['l:' .. kind]) + num(P.f['cd:' .. kind]))
    if P.f.bi then gate('burst', num(A.f.tat) - (num(P.f.bs) - 1) * num(P.f.bi)) end
    if P.f.hours then gate('hours', opening(P.f.hours, day(A, s), s)) end
    if t == s or t >= NEVER then return t end
    out = nil
  end
  return t
end
