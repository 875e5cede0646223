//! Walkon: a fleet that acts for many accounts, each at a human pace, inside limits that cannot be
//! exceeded, with a record of every session.
//!
//! The words and rules live in [`walkon_core`]; this crate has the doors, the loops and the faces.
pub mod backup;
pub mod bench;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod coordinator;
pub mod data;
pub mod desk;
pub mod driver;
pub mod egress;
pub mod graph;
pub mod jail;
pub mod notify;
pub mod queue;
pub mod recording;
pub mod shutdown;
pub mod signing;
pub mod store;
pub mod supervisor;
pub mod web;
pub mod worker;
