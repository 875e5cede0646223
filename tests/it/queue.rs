//! The queue against a real Redis whose clock the tests hold in their hand.

mod accounts;
mod alarms;
mod batches;
mod breaker;
pub(crate) mod ceilings;
mod claims;
mod crowd;
mod forecast;
mod guard;
mod hands;
mod limits;
mod losses;
mod machine;
mod model;
mod mutants;
mod pool;
pub(crate) mod pools;
mod relaxed;
mod rolling;
pub(crate) mod seeds;
mod server;
mod settling;
mod shards;
mod simulation;
mod world;
mod zones;
