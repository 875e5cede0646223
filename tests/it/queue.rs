//! The queue against a real Redis whose clock the tests hold in their hand.

mod accounts;
mod alarms;
mod batches;
mod breaker;
mod claims;
mod crowd;
mod forecast;
mod hands;
mod limits;
mod losses;
mod machine;
mod model;
mod mutants;
mod pool;
mod relaxed;
mod server;
mod settling;
pub(crate) mod simulation;
mod world;
mod zones;
