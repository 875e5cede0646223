//! The end of a paused request: it goes on its way, or nowhere; at once, or when its gate says so.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use chromiumoxide_cdp::cdp::browser_protocol::{fetch, network};
use tokio::sync::watch;
use tokio::task::JoinSet;
use walkon_core::bundle::Login;
use walkon_core::gate::{Admission, Turned};

use super::notes::{Notes, without_secrets};
use super::place::Place;
use super::wire::Wire;

/// A request that waits for its verdict.
pub(super) struct Paused {
    /// As the browser calls it.
    pub(super) id: String,
    pub(super) method: String,
    pub(super) url: String,
    /// It would replace the page itself.
    pub(super) is_navigation: bool,
}

/// Ends paused requests.
#[derive(Clone)]
pub(super) struct Departures {
    pub(super) wire: Wire,
    pub(super) notes: Arc<Notes>,
    pub(super) place: watch::Sender<Place>,
    /// Those that wait; they end with the browser's hub.
    waiting: Arc<Mutex<JoinSet<()>>>,
    /// Requests that were told a name and a password.
    told: Arc<Mutex<HashSet<String>>>,
}

/// So many of them are remembered.
const TOLD_MAX: usize = 1_000;

impl Departures {
    pub(super) fn new(wire: Wire, notes: Arc<Notes>, place: watch::Sender<Place>) -> Self {
        Self { wire, notes, place, waiting: Arc::default(), told: Arc::default() }
    }

    /// Lets it go, now or when it is admitted.
    pub(super) fn admit(
        &self,
        paused: Paused,
        go: fetch::ContinueRequestParams,
        admission: Option<Admission>,
    ) {
        let Some(admission) = admission else { return self.wire.post(None, &go) };
        let out = Self { waiting: Arc::default(), ..self.clone() };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.try_join_next().is_some() {}
        waiting.spawn(async move {
            match admission.await {
                Ok(()) => out.wire.post(None, &go),
                Err(turned) => out.turn_away(&paused, turned),
            }
        });
    }

    /// It does not leave, and the recording says why.
    pub(super) fn turn_away(&self, paused: &Paused, Turned { code, why }: Turned) {
        let Paused { id, method, url, is_navigation } = paused;
        self.refuse(id);
        self.notes.log(format!("refused {method} {}: {code}: {why}", without_secrets(url)));
        if *is_navigation {
            self.place.send_modify(|place| place.refused = Some((url.clone(), why)));
        }
    }

    /// A server asks for a name and a password. One that refuses them once is told no others.
    pub(super) fn log_in(&self, id: &str, login: Option<Login>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= TOLD_MAX {
            told.clear();
        }
        let login = login.filter(|_| told.insert(id.to_owned()));
        drop(told);
        let response = if login.is_some() {
            fetch::AuthChallengeResponseResponse::ProvideCredentials
        } else {
            fetch::AuthChallengeResponseResponse::CancelAuth
        };
        let mut answer = fetch::AuthChallengeResponse::new(response);
        if let Some(Login { username, password }) = login {
            answer.username = Some(username);
            answer.password = Some(password.expose().to_owned());
        }
        self.wire.post(None, &fetch::ContinueWithAuthParams::new(id.to_owned(), answer));
    }

    /// It does not leave.
    pub(super) fn refuse(&self, id: &str) {
        let reason = network::ErrorReason::BlockedByClient;
        self.wire.post(None, &fetch::FailRequestParams::new(id.to_owned(), reason));
    }
}
