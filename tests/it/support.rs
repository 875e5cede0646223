//! What the tests stand on: a site, sessions against it, a Redis, a fleet, and what is left after.

use std::time::Duration;

pub(crate) mod cluster;
pub(crate) mod databases;
pub(crate) mod fixture;
#[cfg(feature = "demo")]
pub(crate) mod fleet;
pub(crate) mod peek;
pub(crate) mod ports;
pub(crate) mod processes;
#[cfg(feature = "demo")]
pub(crate) mod receiver;
pub(crate) mod redis;
pub(crate) mod site;
pub(crate) mod wire;

/// Says loudly that a test was skipped, or fails it where everything is required.
#[expect(clippy::disallowed_methods, reason = "a test's own switch; there is no config here")]
pub(crate) fn skip(why: &str) {
    let required = std::env::var("WALKON_TEST_REQUIRE").is_ok_and(|word| word == "all");
    assert!(!required, "WALKON_TEST_REQUIRE=all, but: {why}");
    eprintln!("SKIPPED: {why}");
}

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What a look may find: the thing itself, or how it is instead.
pub(crate) trait Sighting<T> {
    /// The thing, or the words for a failure.
    fn seen(self) -> Result<T, String>;
}

impl<T> Sighting<T> for Option<T> {
    fn seen(self) -> Result<T, String> {
        self.ok_or_else(String::new)
    }
}

impl<T, E: std::fmt::Debug> Sighting<T> for Result<T, E> {
    fn seen(self) -> Result<T, String> {
        self.map_err(|instead| format!("{instead:#?}"))
    }
}

/// Looks until what is looked for is there; panics with the last sight when patience ends.
pub(crate) async fn eventually<T, S: Sighting<T>>(
    what: &str,
    mut look: impl AsyncFnMut() -> S,
) -> T {
    let until = tokio::time::Instant::now() + PATIENCE;
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    loop {
        tick.tick().await;
        match look().await.seen() {
            Ok(found) => return found,
            Err(instead) if tokio::time::Instant::now() >= until => {
                panic!("not within {PATIENCE:?}: {what}; instead: {instead}")
            }
            Err(_) => {}
        }
    }
}
