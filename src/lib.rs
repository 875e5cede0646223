//! Walkon: a fleet that acts for many accounts, each at a human pace, inside limits that cannot be
//! exceeded, with a record of every session.
pub mod desk;
pub mod driver;
pub mod graph;
pub mod recording;
pub mod shutdown;
pub mod store;
