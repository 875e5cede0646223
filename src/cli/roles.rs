//! The roles a process may have: coordinator, worker, and the parent of both.

mod coordinator;
mod up;
mod worker;

pub(super) use coordinator::{CoordinatorArgs, assemble, coordinator};
pub(super) use up::{Up, check_port, durability, start_fleet, up, wait_until_ready};
pub(super) use worker::{WorkerArgs, worker};
