//! Walkon: a fleet that acts for many accounts, each at a human pace, inside limits that cannot be
//! exceeded, with a record of every session.
//!
//! The words and rules live in [`walkon_core`]; this crate has the doors, the loops and the faces.

pub mod devices;
pub mod driver;
pub mod egress;
pub mod jail;
