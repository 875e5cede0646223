//! The store: the same on each of the three databases.

mod audit;
mod backup;
mod conformance;
mod erasures;
mod health;
mod holds;
mod schema;
mod tokens;
mod usage;
mod vault;
