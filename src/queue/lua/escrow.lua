-- escrow.lua: what a shard may use of the fleet's caps, where there are several shards.
--
-- The caps themselves stand in the first shard's ledger (ledger.lua), which grants them in slices.
-- Here a slice counts once it is credited (credit.lua): so what all shards have used is never more
-- than what they were credited, that never more than was granted, and that not than the cap. What
-- of a slice is not used when its window ends lapses with it.
--
-- g  fields gd, gh: the fleet's caps on a day and an hour of UTC, where they are handed out so;
--    e: what this shard was credited: { day's end, how many, number of the last step, how many it
--    gave back in that step, hour's end, … }

local spent, short
do
-- How many more the shard may take in the window that ends then.
local function unspent(at, window)
  local f, i = global().f, at == DAY and 1 or 5
  local credited = f.e and f.e[i] == window and f.e[i + 1] or 0
  return credited - count(f.c or UNUSED, at, window)
end

-- Whether the fleet has a cap on that window, and the shard nothing left of it.
function spent(at, window)
  local most
  if at == DAY then most = global().f.gd else most = global().f.gh end
  return most and unspent(at, window) <= 0
end

-- The answer to a claim of `J` where nothing is left: { dry, ms until the next window }.
function short(J)
  local G = global().f
  if not (G.gd or G.gh) or J.f.du ~= 'p' or J.f.k == 'sign_in' then return nil end
  local gd, gh = fleet_windows(now)
  if spent(DAY, gd) then return { 'dry', gd - now } end
  if spent(HOURLY, gh) then return { 'dry', gh - now } end
end
end
