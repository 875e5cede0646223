//! Ports for servers that are told theirs on a command line, and listen a moment later.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below what the system hands out by itself (`net.ipv4.ip_local_port_range`, from 32768 on): until
/// its server listens, nobody else is given such a port. Nor the one above it by 10000, on which a
/// node of a cluster speaks to others.
const FIRST: u16 = 20_000;
const COUNT: u16 = 2_700;

/// How many runs of the tests there may be side by side.
const RUNS: u32 = 5;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port that is free, each time another one.
pub(crate) fn free_port() -> u16 {
    // Runs of the tests side by side begin far from each other.
    let begin = (std::process::id() % RUNS) as u16 * (COUNT / RUNS as u16);
    loop {
        let taken = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (begin + taken % COUNT) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// The same as an address of this host.
pub(crate) fn free_address() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, free_port()).into()
}
