//! The egress relay: what carries one browser's connections out of its jail.
//!
//! [`Relay`] answers the listener inside the jail as an HTTP proxy. It lets through only the
//! origins it was given, connects to the address it has checked, goes on through the account's own
//! proxy (whose credentials the browser never sees) and counts bytes. The jail is the boundary;
//! this is policy. It starts shut.

mod connect;
mod mailbox;
mod origin;
#[cfg(feature = "demo")]
mod practice;
mod probe;
mod proxy;
mod relay;
mod resolve;
mod serve;
mod wellknown;

pub use mailbox::{Mailbox, NoCode};
pub use origin::{NotAnOrigin, Origin};
#[cfg(feature = "demo")]
pub use practice::{PracticeProxy, Speaks};
pub use probe::{NoWay, exit_address, reach};
pub use proxy::{Proxy, ProxyError};
pub use relay::{Relay, RelaySpec, Trouble};
pub use wellknown::{Found, WellKnown};
