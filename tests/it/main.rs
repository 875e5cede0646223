//! Integration tests: one binary, a module a door.

mod browser;
mod jail;
mod relay;
mod support;
