//! The store: the same on each of the three databases.

mod audit;
mod backup;
mod conformance;
mod health;
mod holds;
mod schema;
mod usage;
mod vault;
