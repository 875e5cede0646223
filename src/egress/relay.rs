//! The relay itself: what it lets through, whether it is open, and what it counted.

use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;
use walkon_core::dial::Dial;
use walkon_core::recorder::{Note, Recorder};
use walkon_core::site::Private;

use super::origin::Origin;
use super::proxy::Proxy;
use super::serve;

/// The most refused origins told of, each once.
const REFUSALS_TOLD: usize = 100;

/// What a relay is made with.
#[derive(Clone)]
pub struct RelaySpec {
    /// The origins that the browser may reach: the site's own and those it loads from.
    pub allow: Vec<Origin>,
    /// Of these, the ones that a verified grant covers. An origin that is not loopback passes only
    /// if it stands here too; until there are grants, leave it empty.
    pub granted: Vec<Origin>,
    /// Whether allowed loopback origins pass: development only.
    pub loopback_allowed: bool,
    /// That the site's own origin, the first of `allow`, lies in a private network, if somebody has
    /// vouched for that.
    pub private: Option<Private>,
    /// The account's own proxy; `None`: straight.
    pub proxy: Option<Proxy>,
    /// Takes down what was refused.
    pub recorder: Arc<dyn Recorder>,
}

/// What is wrong with the account's proxy. Nothing reached the site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It did not answer.
    #[error("the proxy {proxy} could not be reached: {why}")]
    ProxyUnreachable {
        /// Which, without credentials.
        proxy: String,
        /// Why.
        why: String,
    },
    /// It refused the credentials.
    #[error("the proxy {proxy} refused the credentials: {why}")]
    ProxyRefused {
        /// Which, without credentials.
        proxy: String,
        /// Why.
        why: String,
    },
}

impl Trouble {
    /// A stable word for outcomes and lists.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ProxyUnreachable { .. } => "proxy_unreachable",
            Self::ProxyRefused { .. } => "proxy_refused",
        }
    }
}

const CLOSED: u8 = 0;
const OPEN: u8 = 1;
const ENDED: u8 = 2;

/// Carries one browser's connections out. Dropping it ends them.
pub struct Relay {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) spec: RelaySpec,
    door: AtomicU8,
    pub(super) sent: AtomicU64,
    pub(super) received: AtomicU64,
    trouble: Mutex<Option<Trouble>>,
    told: Mutex<HashSet<String>>,
    crew: Mutex<JoinSet<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Relay {
    /// A relay that is shut.
    pub fn new(spec: RelaySpec) -> Self {
        let inner = Inner {
            spec,
            door: AtomicU8::new(CLOSED),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            trouble: Mutex::default(),
            told: Mutex::default(),
            crew: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// What is wrong with the account's proxy, if its last use failed.
    pub fn trouble(&self) -> Option<Trouble> {
        lock(&self.inner.trouble).clone()
    }
}

impl Dial for Relay {
    fn serve(&self, listener: TcpListener) {
        let inner = Arc::downgrade(&self.inner);
        self.inner.spawn(serve::accept(inner, listener));
    }

    fn open(&self) {
        // Once shut it stays shut.
        let _ = self.inner.door.compare_exchange(CLOSED, OPEN, Ordering::SeqCst, Ordering::SeqCst);
    }

    fn shut(&self) {
        self.inner.door.store(ENDED, Ordering::SeqCst);
        lock(&self.inner.crew).abort_all();
    }

    fn bytes(&self) -> (u64, u64) {
        let inner = &self.inner;
        (inner.sent.load(Ordering::Relaxed), inner.received.load(Ordering::Relaxed))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shut();
    }
}

impl Inner {
    pub(super) fn is_open(&self) -> bool {
        self.door.load(Ordering::SeqCst) == OPEN
    }

    /// Runs a part of the work; it ends when the relay is shut or dropped.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut crew = lock(&self.crew);
        while crew.try_join_next().is_some() {}
        if self.door.load(Ordering::SeqCst) != ENDED {
            crew.spawn(work);
        }
    }

    /// How many connections and tunnels run.
    pub(super) fn load(&self) -> usize {
        lock(&self.crew).len()
    }

    /// What was vouched for of an origin: of the site's own, and of hosts named one by one.
    pub(super) fn private(&self, origin: &Origin) -> Option<Private> {
        let private = self.spec.private.as_ref()?;
        if self.spec.allow.first() == Some(origin) {
            return Some(private.clone());
        }
        // The address that is written down is the site's own.
        let named = private.hosts.iter().any(|host| host.eq_ignore_ascii_case(&origin.host));
        named.then(|| Private { at: None, ..private.clone() })
    }

    /// Whether an origin may be reached, and if not, why.
    pub(super) fn permit(&self, origin: &Origin) -> Result<(), String> {
        let spec = &self.spec;
        let result = if !spec.allow.contains(origin) {
            Err(format!("{origin} is not an origin of this account's site"))
        } else if origin.is_loopback() {
            let allowed = spec.loopback_allowed;
            allowed
                .then_some(())
                .ok_or_else(|| format!("{origin} is loopback, for development only"))
        } else if spec.granted.contains(origin) {
            Ok(())
        } else {
            Err(format!("{origin} has granted nothing to this fleet"))
        };
        if let Err(why) = &result {
            self.tell(why);
        }
        result
    }

    /// Whether `host:port` may be reached under either scheme: a tunnel does not say which.
    pub(super) fn permit_tunnel(&self, host: &str, port: u16) -> Result<Origin, String> {
        let origin = |is_https| Origin { is_https, host: host.to_owned(), port };
        let listed = |is_https| self.spec.allow.contains(&origin(is_https));
        let origin = origin(listed(true) || !listed(false));
        self.permit(&origin).map(|()| origin)
    }

    /// Tells the recording of a refusal, once.
    pub(super) fn tell(&self, why: &str) {
        let mut told = lock(&self.told);
        if told.len() < REFUSALS_TOLD && told.insert(why.to_owned()) {
            self.spec.recorder.note(Note::Log { text: format!("the relay refused: {why}") });
        }
    }

    /// Remembers how the account's proxy does.
    pub(super) fn set_trouble(&self, trouble: Option<Trouble>) {
        if let Some(trouble) = &trouble {
            self.tell(&trouble.to_string());
        }
        *lock(&self.trouble) = trouble;
    }
}
