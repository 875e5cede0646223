//! Integration tests: one binary, a module a door.

mod browser;
mod jail;
mod queue;
mod relay;
mod support;
