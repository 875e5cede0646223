-- limits.lua: what an account may do and when: caps, rolling caps, cooldowns, burst, hours.
--
-- An account's field `tat` is its burst's theoretical arrival time (GCRA).

local limits
do
-- What a counter has of a window, or an empty one, is below the cap.
local function is_below(most, c, at, window)
  return not most or (c[at] == window and c[at + 1] or 0) < most
end

-- Whether no cap is full at `t` and the hours are open, which nearly every look finds, quickly.
-- Says no where it is not sure.
local function is_open(A, P, L, k, t)
  local y, c, G = A.f.y, A.f.c, global().f
  if not y or t < y[1] or t >= y[2] then return false end
  local de, he = c[1], c[4]
  if t >= de then de = y[2] end
  if t >= he then
    he = t - (t - y[1]) % HOUR + HOUR
    if he > y[2] then he = y[2] end
  end
  local most = P.dcap
  if most and (c[1] == de and c[2] or 0) >= most then return false end
  most = P.hcap
  if most and (c[4] == he and c[5] or 0) >= most then return false end
  most = L.dk
  if most and (k[1] == de and k[2] or 0) >= most then return false end
  most = L.hk
  if most and (k[4] == he and k[5] or 0) >= most then return false end
  if G.dmax or G.hmax then
    local g = G.c or UNUSED
    if not is_below(G.dmax, g, DAY, t - t % 86400000 + 86400000)
      or not is_below(G.hmax, g, HOURLY, t - t % HOUR + HOUR) then
      return false
    end
  end
  return not P.hours or is_within(P, y, t)
end

-- The earliest instant from `from` on at which `kind` may be claimed; NEVER when none is known.
-- With `out` also a row { code, until, used, most } for each limit that is shut at `from`.
function limits(A, kind, from, out)
  local P, t = plan(A), from
  if not P then return gate(t, from, out, 'plan', NEVER) end
  local L = limit(P, kind)
  local k = counters_of(A, kind)
  local cool = L.cd > 0 and k[LAST_USE] + L.cd or 0
  local drip = P.bi and (A.f.tat or 0) - P.room or 0
  -- Nothing is claimed before these two are over; where nothing else is shut then, that is all.
  if not out and not L.rolls[1] then
    local first = from
    if cool > first then first = cool end
    if drip > first then first = drip end
    if is_open(A, P, L, k, first) then return first end
  end
  for _ = 1, 12 do
    local s, n = t, caps(A, kind, t)
    if not n then return gate(t, s, out, 'zone', NEVER) end
    for i = 1, n, 5 do
      local window, most = CAPS[i + 3], CAPS[i + 4]
      local used = count(CAPS[i + 1], CAPS[i + 2], window)
      if used >= most then
        t = gate(t, s, out, CAPS[i], most == 0 and NEVER or window, used, most)
      end
    end
    t = rolling(A, P, kind, t, s, out)
    t = gate(t, s, out, 'cooldown', cool)
    t = gate(t, s, out, 'burst', drip)
    if P.hours then t = gate(t, s, out, 'hours', opening(P.hours, day(A, s), s)) end
    if t == s or t >= NEVER then return t end
    out = nil
  end
  return t
end
end
