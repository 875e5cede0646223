//! The store: the same on each of the three databases.

mod audit;
mod backup;
mod conformance;
mod grants;
mod holds;
mod schema;
mod usage;
mod vault;
