//! Jail.
