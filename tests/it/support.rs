//! What the tests stand on: a small site, sessions against it, a Redis, and what is left afterwards.

pub(crate) mod fixture;
pub(crate) mod processes;
pub(crate) mod redis;
pub(crate) mod site;

/// Says loudly that a test was skipped, or fails it where everything is required.
#[expect(clippy::disallowed_methods, reason = "a test's own switch; there is no config here")]
pub(crate) fn skip(why: &str) {
    let required = std::env::var("WALKON_TEST_REQUIRE").is_ok_and(|word| word == "all");
    assert!(!required, "WALKON_TEST_REQUIRE=all, but: {why}");
    eprintln!("SKIPPED: {why}");
}
