//! The jail: a browser's own user and network namespace, with nothing in it but `lo`.
//!
//! A proxy flag is a wish that a browser may or may not follow; here the kernel has no other way
//! out to offer. The helper (`walkon jail …`, [`run_helper`]) listens on 127.0.0.1 *inside* and
//! passes that listener out to the worker, whose relay answers it: the only door there is. A
//! browser that several accounts share has a listener for each, made before it starts: nobody is
//! left inside who could make one later.
//!
//! A program that listens inside, as a WebDriver server does, is reached by a [`WayIn`].
//!
//! [`Spawner`] is the worker's half, `helper` the child's. Neither needs `unsafe`: the two pipes
//! and the control socket travel as the child's standard streams, and file descriptors 3 and 4 come
//! from `dup`, which takes the lowest free number.

use std::ffi::OsString;
use std::path::PathBuf;

mod helper;
mod lo;
mod spawner;
mod way_in;

pub use helper::run_helper;
pub use spawner::{Inmate, Spawner};
pub use way_in::WayIn;

/// In an argument, the port that the helper listens on; the first, where it has several.
pub const PORT: &str = "{port}";

/// The most listeners of one jail: one message passes 253 files at most.
pub const LISTENERS_MAX: usize = 200;
/// The most ways in that one jail has.
pub const WAYS_IN_MAX: usize = 4;

/// The most sockets that a helper passes out.
const SOCKETS_MAX: usize = LISTENERS_MAX + WAYS_IN_MAX;

/// The user that browsers run as where the worker is root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// Nobody: an unprivileged user that every system has.
pub const NOBODY: User = User { uid: 65534, gid: 65534 };

/// What to start in a jail.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The executable that has the helper: `walkon`.
    pub walkon: PathBuf,
    /// The program to start.
    pub program: PathBuf,
    /// Its arguments; [`PORT`] stands for the port inside.
    pub args: Vec<OsString>,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// Takes its standard error.
    pub log: PathBuf,
    /// Whom it becomes; `None`: it stays who the worker is.
    pub user: Option<User>,
    /// How many listeners it has inside: 1 to [`LISTENERS_MAX`].
    pub listeners: usize,
    /// Whether it gets namespaces of its own. Without them it is no jail: for loopback only.
    pub isolate: bool,
    /// How many [`WayIn`]s the worker gets, [`WAYS_IN_MAX`] at most.
    pub ways_in: usize,
}

/// Why a program did not start in a jail.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error("could not start the jail's helper")]
    Spawn(#[from] std::io::Error),
    /// The helper said why it could not go on.
    #[error("{0}")]
    Helper(String),
    /// The helper ended, or was silent for too long.
    #[error("the jail's helper did not answer")]
    Silent,
}
