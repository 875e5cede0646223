-- record_action.lua: an action as it is kept (record.lua): its strings, each up to a zero byte; its
-- numbers; its charge (charge.lua); the map of its other fields; then, as JSON, what was sent.

local read_action, write_action, sent
do
local ACTION = '<ssssssssssssssssddHddBddHdBc0I4c0'

function read_action(J, raw)
  local st, a, k, sl, fp, ol, ef, tg, th, intake, du, cl, wk, ft, fa, oc, sc, cr, at, up, x, fk,
    bg, bp, lo, keep, ch, rest, after = unpack_fields(ACTION, raw)
  local f = { st = st, a = a, k = k, sl = sl, fp = fp, ol = ol, ef = ef, tg = tg, th = th,
    ['in'] = intake, du = du, cl = cl, wk = wk, ft = ft, fa = fa,
    oc = oc ~= '' and oc or nil, sc = sc, cr = cr, at = at, up = up, x = x > 0 and x or nil,
    fk = fk, bg = bg > 0 and bg or nil, bp = bp > 0 and bp or nil, lo = lo,
    keep = keep > 0 and keep or nil, ch = ch ~= '' and ch or nil }
  J.f, J.raw, J.after, J.rich = f, raw, after, merge(f, rest)
end

-- The action as JSON, as it was sent.
function sent(J)
  return J.json or sub(J.raw, J.after)
end

function write_action(J)
  local f, rest = J.f, others(J)
  local ch = f.ch or ''
  return pack_fields(ACTION, f.st, f.a, f.k, f.sl, f.fp, f.ol, f.ef, f.tg or '', f.th or '',
    f['in'] or '', f.du, f.cl or '', f.wk or '', f.ft or '', f.fa or '', f.oc or '',
    f.sc, f.cr, f.at, f.up, f.x or 0, f.fk or 0, f.bg or 0, f.bp or 0, f.lo or 0, f.keep or 0, #ch,
    ch, #rest, rest) .. sent(J)
end
end
