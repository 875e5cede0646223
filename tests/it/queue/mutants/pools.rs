//! Mutants of the scripts that only pools come to. Their invariants are those of
//! `queue/pools/crew.rs`, too.

use super::table::{Mutant, mutant};

pub(super) const POOLS: &[Mutant] = &[
    mutant(
        "one more of a mission at once",
        "post.lua",
        "call('SCARD', K .. 'un:' .. P.id) >= num(P.f.mo)",
        "call('SCARD', K .. 'un:' .. P.id) > num(P.f.mo)",
        &[24],
    ),
    mutant(
        "what is bound of a mission is not counted",
        "bind.lua",
        "if P.f.mo then call('SADD', K .. 'un:' .. P.id, J.id) end",
        "",
        &[24],
    ),
    mutant(
        "nobody hears that a mission has room again",
        "post.lua",
        "== 1 and P.f.ks then seat(P)",
        "== 1 and false then seat(P)",
        &[18],
    ),
    mutant(
        "what an account may have made goes to another",
        "post.lua",
        "if J.f.bp and J.f.ef ~= 'none' then return nil end",
        "",
        &[8, 25, 26],
    ),
    mutant(
        "the fallback comes first",
        "post.lua",
        "if pool then out[#out + 1] = pool end",
        "if pool then table.insert(out, 1, pool) end",
        &[25],
    ),
    mutant(
        "a busy member is given more",
        "members.lua",
        "if A.f[OF.token[class]] or is_busy(A, kind) then return class, NEVER end",
        "",
        &[5],
    ),
    mutant(
        "a member's limits are not asked",
        "members.lua",
        "and kind ~= 'sign_in' then at = limits(A, kind, at) end",
        "and kind == '' then at = limits(A, kind, at) end",
        &[1],
    ),
    mutant(
        "a member rests a minute longer than it must",
        "members.lua",
        "at <= now and order(A, pool) or at",
        "at <= now and order(A, pool) or at + 60000",
        &[18, 25],
    ),
    mutant(
        "whoever has left the pool is still asked",
        "members.lua",
        "for _, class in ipairs(CLASSES) do call('ZREM', index_of(pool, slot, class), A.id) end",
        "",
        &[25],
    ),
    mutant(
        "nobody hears that a member is free",
        "choose.lua",
        "if sooner then",
        "if sooner and false then",
        &[18],
    ),
    mutant(
        "whoever has rested is never asked again",
        "choose.lua",
        "'(' .. text(HORIZON), stamp(), 'LIMIT', 0, 32",
        "'(' .. text(HORIZON), '-inf', 'LIMIT', 0, 32",
        &[18],
    ),
    mutant(
        "given to an account, it is still at its post",
        "bind.lua",
        "call('ZREM', lane.q, J.id)",
        "",
        &[8, 26],
    ),
];
