-- limits.lua: what an account may do and when: caps, rolling caps, cooldowns, burst, hours.
--
-- An account's field `tat` is its burst's theoretical arrival time (GCRA).

-- The earliest instant from `from` on at which `kind` may be claimed; NEVER when none is known.
-- With `out` also a row { code, until, used, most } for each limit that is shut at `from`.
local function limits(A, kind, from, out)
  local P, t = plan(A), from
  if not P then return gate(t, from, out, 'plan', NEVER) end
  local L = limit(P, kind)
  local k = counters_of(A, kind)
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
    if L.cd > 0 then t = gate(t, s, out, 'cooldown', k[LAST_USE] + L.cd) end
    if P.bi then t = gate(t, s, out, 'burst', (A.f.tat or 0) - P.room) end
    if P.hours then t = gate(t, s, out, 'hours', opening(P.hours, day(A, s), s)) end
    if t == s or t >= NEVER then return t end
    out = nil
  end
  return t
end
