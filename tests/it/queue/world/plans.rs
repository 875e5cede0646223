//! The accounts of a world, and when it begins.

/// Accounts: each with its plan and zone.
pub(super) const PLANS: [(&str, &str, &str); 5] = [
    ("ada", "daily = 12\nhourly = 4\n[kinds.like]\ncooldown = \"90s\"\ndaily = 5", "Europe/Berlin"),
    ("ben", "burst = { size = 3, interval = \"40s\" }\n[kinds.comment]\nhourly = 2", "UTC"),
    (
        "cyd",
        "hours = [\"22:00-06:00\"]\ndaily = 8\n[kinds.comment]\ncooldown = \"10m\"",
        "Asia/Kathmandu",
    ),
    (
        "dan",
        "hourly_rolling = 5\ndaily_rolling = 20\n\
         [kinds.scroll_feed]\ncooldown = \"30s\"\nhourly = 10",
        "America/New_York",
    ),
    // One an hour: what is claimed in one and begun in the next finds that one full.
    ("eve", "hourly = 1\n[kinds.like]\ndaily = 1", "UTC"),
];
/// Where accounts move to.
pub(super) const ZONES: [&str; 4] = ["Europe/Berlin", "UTC", "Asia/Kathmandu", "America/New_York"];
/// Shortly before clocks change in Berlin (to summer, to winter) and in New York.
pub(super) const STARTS: [&str; 3] =
    ["2026-03-27T20:00:00Z", "2026-10-23T20:00:00Z", "2026-10-30T20:00:00Z"];
/// Breakers of most worlds: one account's opens soon.
const STURDY: &str = "breaker = { failures = 2, rest = \"60s\", longest = \"10m\" }\n";
/// Breakers that open at the first failure: where all fail, the site's own does.
const FRAGILE: &str = "breaker = { failures = 1, rest = \"3m\", longest = \"10m\" }\n";

/// The accounts with their whole plans; in every other world breakers are fragile.
pub(super) fn plans(seed: u64) -> Vec<(&'static str, String, &'static str)> {
    let breaker = |id| match id {
        _ if seed.is_multiple_of(2) => FRAGILE,
        "dan" => STURDY,
        _ => "",
    };
    let whole = |(id, limits, zone): &(_, _, _)| (*id, format!("{}{limits}", breaker(*id)), *zone);
    PLANS.iter().map(whole).collect()
}
