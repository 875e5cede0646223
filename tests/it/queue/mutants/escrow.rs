//! Mutants of what hands the fleet's caps out to the shards; tried by that simulation.

use super::table::{Mutant, mutant};

pub(super) const ESCROW: &[Mutant] = &[
    mutant(
        "a slice is credited as often as it comes",
        "credit.lua",
        "number == e[i + 2] + 1",
        "number >= e[i + 2]",
        &[4],
    ),
    mutant(
        "the ledger forgets what it has granted",
        "ledger.lua",
        "local left = most - granted",
        "local left = most",
        &[4],
    ),
    mutant(
        "what a shard gives back it keeps",
        "credit.lua",
        "or e[i + 1] - back, back)",
        "or e[i + 1], back)",
        &[4],
    ),
    mutant(
        "a shard uses one more than it was credited",
        "escrow.lua",
        "return most and unspent(at, window) <= 0",
        "return most and unspent(at, window) < 0",
        &[4],
    ),
    mutant(
        "an act in another hour takes nothing from its cap",
        "charge.lua",
        "new[4] ~= ch[4] and spent(HOURLY, new[4])",
        "new[4] ~= new[4] and spent(HOURLY, new[4])",
        &[4],
    ),
    mutant(
        "a ledger that has forgotten grants on",
        "ledger.lua",
        "if not is_whole or number > seen + 1 then",
        "if false then",
        &[4],
    ),
    mutant(
        "a shard keeps for good what it does not use",
        "credit.lua",
        "max(0, min(many, e[i + 1] - used)) or 0",
        "0 or 0",
        &[18],
    ),
];
