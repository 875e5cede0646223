//! Plaza, the practice site: a small social site on which an automation fleet can be tried.
//!
//! It is the fleet's judge, so it imports nothing of the fleet. Whatever a member does on it, by
//! page or by API, is written to a ledger in the same critical section that made the effect; what
//! the fleet says it did is then compared with that ledger. The map of this crate:
//!
//! - [`Options`], [`start`], [`Running`]: how a program starts and stops it (`server`, `wire`).
//! - `world`: members, posts, comments, messages, and the ledger, faults and visits beside them.
//! - `seed`: the content a fresh Plaza holds, the same for the same seed. `art`: its pictures.
//! - `site`: the pages. `graph`: a first official-style API. `control`: the judge's own port.
//! - `signed`: the grant that it publishes, and the check of signed requests.
//!
//! Every member signs in with the password `<username>-secret`; the API's bearer token is
//! `tok-<username>`. The members `ada`, `ben`, `cleo`, `dan`, `eve`, `fay`, `gus`, `hana`, `ivo`
//! and `june` begin with no like, save, comment or follow among them, so that a test can start
//! from them without looking first.

mod art;
mod clock;
mod control;
mod graph;
mod seed;
mod server;
mod signed;
mod site;
mod wire;
mod world;

pub use clock::Clock;
pub use server::{Error, Options, Running, start};
