//! Mutants of what is counted in windows that roll, and of what is told when a cap is nearly used.

use super::table::{Mutant, mutant};

pub(super) const WINDOWS: &[Mutant] = &[
    // Rolling caps.
    mutant(
        "a rolling cap lets one more pass",
        "rolling.lua",
        "if sum >= most then",
        "if sum > most then",
        &[1],
    ),
    mutant(
        "the oldest bucket of a rolling cap is not counted",
        "ring.lua",
        "if bucket >= first then",
        "if bucket > first then",
        &[1],
    ),
    mutant(
        "a refund leaves the rolling caps as they were",
        "rolling.lua",
        "turn(A, name, tonumber(at), -1)",
        "if anew then turn(A, name, tonumber(at), -1) end",
        &[8, 18],
    ),
    mutant(
        "an act counts from its claim in rolling caps",
        "rolling.lua",
        "turn(A, name, tonumber(at), -1)\n    if anew then turn(A, name, now, 1) end",
        "if not anew then turn(A, name, tonumber(at), -1) end",
        &[1, 8, 18],
    ),
    // Alarms.
    mutant(
        "a cap is told of again after a refund",
        "tally.lua",
        " and c[at + 2] < level then",
        " then",
        &[16],
    ),
    mutant(
        "a window that begins with an act tells nothing",
        "charge.lua",
        "fresh(3), fresh(4), 1, J)",
        "fresh(3), fresh(4), 1)",
        &[13, 16],
    ),
    mutant(
        "a new window remembers what was told in the old",
        "tally.lua",
        "c[at], c[at + 2] = window, 0",
        "c[at] = window",
        &[13, 16],
    ),
];
