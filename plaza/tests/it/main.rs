//! Plaza from outside: each test starts one on free ports and speaks HTTP to it.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod api;
mod faults;
mod members;
mod safety;
mod support;
