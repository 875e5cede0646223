-- zones.lua: writes the packed table of a time zone's local days (zone.lua says how it is packed).
--
-- KEYS[1]  <prefix>meta
-- ARGV[1]  zone
-- ARGV[2]  table
--
-- Returns  1
call('SET', K .. 'tz:' .. ARGV[1], ARGV[2])
return 1
