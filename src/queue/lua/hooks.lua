-- hooks.lua: what pools add to the way of an account and of an action; members.lua and post.lua
-- say what each does. Where there are no pools, none of them is called.

local offer, seat, bind, home, leave
