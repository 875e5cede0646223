//! Starting and stopping Plaza: two listeners, one world.

use std::borrow::Cow;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::signed::Signed;
use crate::wire::{Door, Peer, Wires};
use crate::world::Shared;
use crate::{control, seed, site};

/// How long a stop waits for requests that are still running.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// How a Plaza is to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the site and the API listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the control port listens: a loopback address. Port 0 takes a free one.
    pub control: SocketAddr,
    /// Decides the content.
    pub seed: u64,
    /// Names, besides loopback ones, by which the site may be addressed (no port).
    pub hosts: Vec<String>,
    /// Where the time comes from.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { listen: any, control: any, seed: 1, hosts: Vec::new(), clock: Clock::system() }
    }
}

/// Why Plaza did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another program listens there.
    #[error("port {} is in use, so the {what} cannot listen on {address}", address.port())]
    PortInUse {
        /// "site" or "control port".
        what: &'static str,
        /// The address asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on for another reason.
    #[error("the {what} cannot listen on {address}")]
    Listen {
        /// "site" or "control port".
        what: &'static str,
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The control port was to be reachable from elsewhere.
    #[error("the control port must listen on a loopback address, not on {address}")]
    ControlNotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
}

impl Error {
    /// What to do about it.
    pub fn remedy(&self) -> Cow<'static, str> {
        match self {
            Self::PortInUse { address, .. } => format!(
                "stop what listens on port {}, or choose another port (0 takes a free one)",
                address.port()
            )
            .into(),
            Self::Listen { .. } => "choose an address of this host, and a port above 1023".into(),
            Self::ControlNotLoopback { .. } => {
                "let it listen on 127.0.0.1: whoever reaches it decides over the site".into()
            }
        }
    }
}

/// A running Plaza. Dropping it closes the listeners; [`Running::stop`] also lets requests end.
#[derive(Debug)]
pub struct Running {
    /// Where the site and the API listen.
    pub site: SocketAddr,
    /// Where the control port listens.
    pub control: SocketAddr,
    stop: watch::Sender<bool>,
    servers: JoinSet<io::Result<()>>,
}

impl Running {
    /// Stops listening, and waits at most two seconds for requests that are still running.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let all = async { while self.servers.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_GRACE, all).await.is_err() {
            tracing::debug!("requests were still running when the grace ended");
        }
        self.servers.shutdown().await;
    }

    /// Waits until a listener ends by itself, which is only when something is wrong with it.
    pub async fn ended(&mut self) {
        self.servers.join_next().await;
    }
}

/// What every handler of the site, the API and the control port shares.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) world: Shared,
    pub(crate) clock: Clock,
    pub(crate) seed: u64,
    pub(crate) hosts: Arc<[String]>,
    pub(crate) wires: Wires,
    pub(crate) signed: Signed,
}

/// Seeds a world and starts serving it.
///
/// # Errors
///
/// When one of the two addresses cannot be listened on; [`Error::remedy`] says what to do.
pub async fn start(options: Options) -> Result<Running, Error> {
    let Options { listen, control, seed, hosts, clock } = options;
    if !control.ip().is_loopback() {
        return Err(Error::ControlNotLoopback { address: control });
    }
    let (site_listener, site_address) = bind("site", listen).await?;
    let (control_listener, control_address) = bind("control port", control).await?;
    let world = Shared::new(seed::world(seed, clock.now()));
    let app = App {
        world,
        clock,
        seed,
        hosts: hosts.into(),
        wires: Wires::default(),
        signed: Signed::default(),
    };
    let (stop, stopped) = watch::channel(false);
    let mut servers = JoinSet::new();

    let door = Door { listener: site_listener, wires: app.wires.clone() };
    let pages = site::router(app.clone()).into_make_service_with_connect_info::<Peer>();
    let until = stop_signal(stopped.clone());
    servers.spawn(async move { axum::serve(door, pages).with_graceful_shutdown(until).await });

    let judge = control::router(app);
    let until = stop_signal(stopped);
    servers.spawn(async move {
        axum::serve(control_listener, judge).with_graceful_shutdown(until).await
    });
    tracing::info!(site = %site_address, control = %control_address, "plaza is open");
    Ok(Running { site: site_address, control: control_address, stop, servers })
}

async fn bind(what: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let refused = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => Error::PortInUse { what, address },
        _ => Error::Listen { what, address, source },
    };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(|source| Error::Listen { what, address, source })?;
    Ok((listener, bound))
}

async fn stop_signal(mut stopped: watch::Receiver<bool>) {
    // An error means that the `Running` was dropped, which is a stop as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}
