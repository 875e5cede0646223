//! Mutants of what is done where a whole site fails.

use super::table::{Mutant, mutant};

pub(super) const GUARD: &[Mutant] = &[
    mutant(
        "four accounts that fail are a site that fails",
        "guard.lua",
        "if n < GUARD.least or",
        "if n + 1 < GUARD.least or",
        &[1, 9, 15, 18],
    ),
    mutant(
        "nobody is forgiven where the site failed",
        "breaker.lua",
        "if is_forgiven(A) then",
        "if is_forgiven(A) and now < 0 then",
        &[7, 9, 18],
    ),
    mutant(
        "who is forgiven sleeps on",
        "guard.lua",
        "  call('SADD', K .. 'resumed', site)\n  call('HSET'",
        "  call('HSET'",
        &[9, 18],
    ),
    mutant(
        "several try a site at once",
        "guard.lua",
        "g.who, g.till = A.id, now + O.lease + O.grace",
        "g.who = A.id",
        &[15],
    ),
    mutant(
        "who did not try tells of the site",
        "guard.lua",
        "if g.who ~= A.id then return end",
        "",
        &[9, 15, 18],
    ),
    mutant(
        "a site that still fails rests as long as before",
        "guard.lua",
        "rest(site, g, g.opens + 1,",
        "rest(site, g, g.opens,",
        &[15],
    ),
    mutant(
        "a failing site is held against its accounts",
        "breaker.lua",
        "if broken(A.f.si) then return judge_site(A, x) end",
        "if broken(A.f.si) then judge_site(A, x) end",
        &[7, 9, 15, 18],
    ),
    mutant(
        "what was claimed begins though the site rests",
        "begin.lua",
        "if site_rest(A) > now and not tries(A) then return 'paused' end",
        "",
        &[14],
    ),
    mutant(
        "whoever tries a site may not begin",
        "begin.lua",
        "site_rest(A) > now and not tries(A)",
        "site_rest(A) > now",
        &[1],
    ),
];
