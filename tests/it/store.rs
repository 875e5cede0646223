//! The store: the same on each of the three databases.

mod conformance;
mod schema;
mod vault;
