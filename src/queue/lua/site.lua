-- site.lua: how a site's own breaker stands (guard.lua opens it), and how many accounts it has.
--
-- <prefix>meta  field `broken:<site>`: "<since>|<until>|<times opened>|<who tries>|<why>"; `sites`
--               counts them with what is paused
-- sn            hash of sites to how many accounts they have

-- How the site's breaker stands; nil: closed.
local function broken(site)
  if not site or M.sites == 0 then return nil end
  local field = 'broken:' .. site
  if M[field] == nil then M[field] = call('HGET', K .. 'meta', field) end
  if not M[field] then return nil end
  local since, till, opens, who, why = match(M[field], '^(%d+)|(%d+)|(%d+)|([^|]*)|(.*)$')
  return { since = num(since), till = num(till), opens = num(opens), who = who, why = why }
end

local function write_broken(site, g)
  local field, sites = 'broken:' .. site, nil
  if g then
    M[field] = fmt('%d|%d|%d|%s|%s', g.since, g.till, g.opens, g.who, g.why)
    if call('HSET', K .. 'meta', field, M[field]) == 1 then sites = 1 end
  else
    M[field] = false
    if call('HDEL', K .. 'meta', field) == 1 then sites = -1 end
  end
  if sites then M.sites = call('HINCRBY', K .. 'meta', 'sites', sites) end
end

-- Until when the site's breaker keeps the account shut.
local function site_rest(A)
  local g = broken(A.f.si)
  return g and g.till or 0
end

-- Whether the account is the one that tries for its site.
local function tries(A)
  local g = broken(A.f.si)
  return g and g.who == A.id
end

-- The site goes on; its accounts are put back one by one, by whoever is there to do it.
local function mend_site(site)
  if not broken(site) then return false end
  write_broken(site, nil)
  call('SADD', K .. 'resumed', site)
  return true
end

-- An account goes from one site's to another's; nil and '': none.
local function count_in(from, to)
  if from == to then return end
  if from and from ~= '' then call('HINCRBY', K .. 'sn', from, -1) end
  if to and to ~= '' then call('HINCRBY', K .. 'sn', to, 1) end
end
