//! The store: the same on each of the three databases.

mod audit;
mod backup;
mod books;
mod conformance;
mod erasures;
mod grants;
mod health;
mod holds;
mod schema;
mod search;
mod tokens;
mod usage;
mod vault;
