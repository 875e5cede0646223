//! The port between a browser and the egress relay: who carries a session's connections out.

use std::net::TcpListener;

/// Carries the connections of one browser to the outside, by the account's own proxy.
///
/// It starts shut: a connection that comes before [`Dial::open`] or after [`Dial::shut`] is closed
/// unanswered.
pub trait Dial: Send + Sync {
    /// Serves connections that arrive on the jail's listener, until dropped.
    fn serve(&self, listener: TcpListener);
    /// Lets connections through: the gate is in place.
    fn open(&self);
    /// Lets nothing through any more, and ends what runs.
    fn shut(&self);
    /// Bytes sent and received so far.
    fn bytes(&self) -> (u64, u64);
}
