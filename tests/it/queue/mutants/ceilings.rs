//! Mutants of what counts the ceilings of origins; tried by that simulation.

use super::table::{Mutant, mutant};

pub(super) const CEILINGS: &[Mutant] = &[
    mutant(
        "a minute is as long as a clock says",
        "minute.lua",
        "counts = 65000",
        "counts = 57000",
        &[42],
    ),
    mutant(
        "a slice is as large as was asked for",
        "minute.lua",
        "math.max(0, min(many, most - sum, ",
        "math.max(0, min(many, most, ",
        &[42],
    ),
    mutant(
        "a commit counts from its claim on",
        "origin.lua",
        "if sum + (counted and 0 or 1) > most then return false end",
        "if counted or sum < most then return true end",
        &[42],
    ),
    mutant(
        "a commit that begins late needs no room",
        "origin.lua",
        "(counted and 0 or 1) > most",
        "(counted and 0 or 0) > most",
        &[42],
    ),
    mutant(
        "one browser more than there may be",
        "ceiling.lua",
        "if used < most then return end",
        "if used <= most then return end",
        &[40, 41, 42],
    ),
    mutant(
        "a browser whose lease was taken away is forgotten",
        "origin.lua",
        "local till = A.ousted and",
        "local till = false and",
        &[40],
    ),
    mutant(
        "a browser that is gone is counted for good",
        "origin.lua",
        "call('ZREM', K .. 'ses:' .. name, A.id)",
        "call('ZCARD', K .. 'ses:' .. name)",
        &[18],
    ),
    mutant(
        "who has acted is not written down",
        "origin.lua",
        "call('ZADD', K .. 'who:' .. name, stamp(), A.id)",
        "call('ZCARD', K .. 'who:' .. name)",
        &[41],
    ),
];
