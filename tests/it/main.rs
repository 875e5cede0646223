//! Integration tests: one binary, a module a door.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
#![expect(clippy::print_stderr, reason = "a skipped test must not be silent")]

mod bench;
mod browser;
mod by_hand;
mod conformance;
#[cfg(feature = "demo")]
mod fake;
#[cfg(feature = "demo")]
mod fleet;
mod flings;
mod grants;
mod intake;
mod jail;
#[cfg(feature = "demo")]
mod kills;
mod leak;
mod mishaps;
mod observe;
mod packed;
#[cfg(feature = "demo")]
mod plaza;
mod profiles;
mod queue;
mod reaper;
mod relay;
mod restore;
#[cfg(feature = "demo")]
mod signed;
mod staging;
mod store;
mod support;
mod webdriver;
