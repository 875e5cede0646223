//! The store: the same on each of the three databases.

mod audit;
mod conformance;
mod holds;
mod schema;
mod vault;
