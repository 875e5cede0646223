//! Integration tests.

mod queue;
mod support;
