//! The queue against a real Redis whose clock the tests hold in their hand.

mod accounts;
mod claims;
mod limits;
mod losses;
mod model;
mod server;
mod settling;
mod simulation;
mod world;
mod zones;
