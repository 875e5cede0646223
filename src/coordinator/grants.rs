//! Grants: which sites let this fleet act there by browser, asked again and again.
//!
//! What was asked last is in SQL, so that any coordinator knows it, and in memory, so that an
//! action is judged without a question. Where a site's standing changes, its accounts' routes are
//! written anew; where it ends, whoever acts there at that moment loses the lease.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use walkon_core::action::Refuse;
use walkon_core::audit::Note;
use walkon_core::bundle::DayKey;
use walkon_core::fault::in_one_line;
use walkon_core::grant::{Access, Ceilings, Code, Denied, Held, Pass, Revoked, Standing};
use walkon_core::kind::{KINDS, Kind};
use walkon_core::origin::WebOrigin;
use walkon_core::signature::{PublicKey, jws};
use walkon_core::site::Site;

use super::{Coordinator, Error};
use crate::egress::WellKnown;
use crate::shutdown::Shutdown;
use crate::signing::FleetKeys;

/// How often it is seen whether a site should be asked.
const EACH: Duration = Duration::from_secs(20);
/// Sites that are asked at once.
const AT_ONCE: usize = 8;

/// What the fleet is known by, and what it knows of grants.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    /// The fleet's keys, if it has any.
    pub keys: Option<Arc<FleetKeys>>,
    /// Where the fleet's keys are listed, for sites elsewhere.
    pub directory: Option<String>,
    /// Where they are listed, for sites on this machine.
    pub local_directory: String,
    /// How sites are asked.
    pub asks: WellKnown,
    /// The queue has several shards, which count no ceilings.
    pub counts_nothing: bool,
    known: Arc<RwLock<BTreeMap<WebOrigin, Held>>>,
    settled: Arc<Mutex<BTreeMap<WebOrigin, Settled>>>,
}

/// What the routes of an origin's accounts were last written by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Settled {
    /// What runs may go on.
    runs: bool,
    /// What may begin, or why nothing may.
    kinds: String,
    /// How much the fleet may do there.
    ceilings: Ceilings,
}

impl Grants {
    /// By what sites may know the fleet.
    pub fn ids(&self) -> &[String] {
        self.keys.as_ref().map_or(&[], |keys| keys.ids())
    }

    fn held(&self, origin: &WebOrigin) -> Option<Held> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(origin).cloned()
    }

    fn put(&self, held: Held) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(held.origin.clone(), held);
    }

    /// Where the keys are listed, as a site may reach them.
    fn directory_for(&self, origin: &WebOrigin) -> Option<&str> {
        let local = origin.is_loopback() && self.directory.is_none();
        if local { Some(&self.local_directory) } else { self.directory.as_deref() }
    }

    /// How a site may be reached now by something that begins, or that runs already.
    fn access(&self, site: &Site, now: Timestamp, begins: bool) -> Access {
        let origin: WebOrigin = match site.origin.parse() {
            Ok(origin) => origin,
            Err(error) => {
                let why = format!("site {}: {error}", site.id);
                return Access::Denied(Denied::new(Code::SchemeDenied, why));
            }
        };
        let standing = self.held(&origin).map(|held| held.standing(self.ids(), now));
        let pass = standing.map(|s: Standing| if begins { s.for_new() } else { s.for_running() });
        match pass.map(|pass| pass.map(|pass| pass.under(&site.limits))) {
            Some(Ok(pass)) => match self.unsigned(&pass).or_else(|| self.uncounted(&pass)) {
                Some(denied) => Access::Denied(denied),
                None if origin.is_loopback() => Access::Exempt(Some(pass)),
                None => Access::Granted(pass),
            },
            Some(Err(_)) | None if origin.is_loopback() => Access::Exempt(None),
            Some(Err(denied)) => Access::Denied(denied),
            None => Access::Unasked,
        }
    }

    /// Whether a site asks for signatures that this fleet cannot give.
    fn unsigned(&self, pass: &Pass) -> Option<Denied> {
        let able = self.keys.is_some() && self.directory_for(&pass.origin).is_some();
        (pass.requires_signature() && !able).then(|| {
            let why = format!("{} asks for signed requests", pass.origin);
            Denied::new(Code::SignatureRequired, why)
        })
    }

    /// Whether a site has ceilings that this fleet's queue cannot count.
    fn uncounted(&self, pass: &Pass) -> Option<Denied> {
        (pass.ceilings.counts() && self.counts_nothing).then(|| {
            let why = format!("{} has ceilings, and this queue has several shards", pass.origin);
            Denied::new(Code::CeilingUncounted, why)
        })
    }

    /// How much the fleet may do at an origin, as it was last written into the queue.
    pub(super) fn ceilings(&self, origin: &WebOrigin) -> Option<Ceilings> {
        let settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        settled.get(origin).map(|is| is.ceilings.clone()).filter(|ceilings| !ceilings.is_empty())
    }
}

impl Coordinator {
    /// How a site may be reached by an action that is to begin.
    pub fn access(&self, site: &Site) -> Access {
        self.grants.access(site, self.now(), true)
    }

    /// How it may be reached by whoever has a lease, and by what they sign.
    pub(super) fn access_of_bundle(&self, site: &Site) -> (Access, Option<DayKey>) {
        let now = self.now();
        let access = self.grants.access(site, now, false);
        // Only who was granted something is told who we are; others were not asked.
        let directory = access.pass().and_then(|pass| self.grants.directory_for(&pass.origin));
        let key = directory.zip(self.grants.keys.as_ref());
        let key = key.and_then(|(directory, keys)| keys.of_day(directory, now).ok());
        (access, key)
    }

    /// Each origin that a site of the catalog has, and the sites that have it.
    fn origins(&self) -> BTreeMap<WebOrigin, Vec<&Site>> {
        let mut origins: BTreeMap<WebOrigin, Vec<&Site>> = BTreeMap::new();
        for entry in self.catalog.sites.values().filter(|entry| !entry.behaviors.is_empty()) {
            if let Ok(origin) = entry.site.origin.parse() {
                origins.entry(origin).or_default().push(&entry.site);
            }
        }
        origins
    }

    /// What is kept, into memory.
    pub async fn load_grants(&self) -> Result<(), Error> {
        for held in self.store.grants().await? {
            self.take_up(held).await?;
        }
        Ok(())
    }

    /// Asks sites whose time has come, until a stop.
    pub async fn watch_grants(self, shutdown: Shutdown) {
        loop {
            if let Err(error) = self.look_round().await {
                tracing::warn!(error = in_one_line(&error), "grants wait");
            }
            tokio::select! {
                () = tokio::time::sleep(EACH) => {}
                () = shutdown.soft().cancelled() => return,
            }
        }
    }

    /// One round: what other coordinators found, then what is due.
    pub async fn look_round(&self) -> Result<(), Error> {
        self.load_grants().await?;
        let now = self.now();
        let due = |origin: &WebOrigin| match self.grants.held(origin) {
            Some(held) => held.look_at().is_some_and(|at| at <= now),
            None => true,
        };
        let origins: Vec<WebOrigin> = self.origins().into_keys().filter(due).collect();
        let looks = futures_util::stream::iter(origins).map(async |origin| {
            if let Err(error) = self.look(&origin).await {
                tracing::warn!(%origin, error = in_one_line(&error), "a grant was not kept");
            }
        });
        looks.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        // A grant ends without a look, too.
        for origin in self.origins().into_keys() {
            self.settle_routes(&origin).await?;
        }
        Ok(())
    }

    /// Asks an origin now, and keeps what it says.
    pub async fn look(&self, origin: &WebOrigin) -> Result<Held, Error> {
        let origins = self.origins();
        let sites = origins.get(origin).map_or(&[][..], Vec::as_slice);
        let private = sites.iter().find_map(|site| site.private.as_ref());
        let own = sites.iter().find_map(|site| self.options.sites.get(&site.id));
        let login = own.and_then(|own| own.login.as_ref());
        let found = self.grants.asks.ask_as(origin, private, login).await;
        // A file that cannot be read is the owner's word, too: it grants nothing.
        let found = found.and_then(|found| {
            let read = walkon_core::grant::Document::read(found.0.as_bytes(), origin, self.now());
            read.map(|_| found)
        });
        let before = self.store.grant(origin).await?;
        let held = Held::after_look(before, origin, found, self.now());
        self.store.keep_grant(&held).await?;
        self.take_up(held.clone()).await?;
        Ok(held)
    }

    /// Takes a look's result into memory; what changes by it changes at once.
    async fn take_up(&self, held: Held) -> Result<(), Error> {
        let origin = held.origin.clone();
        self.grants.put(held);
        self.settle_routes(&origin).await
    }

    /// Writes the routes of an origin's accounts, if they are not as they were last written.
    async fn settle_routes(&self, origin: &WebOrigin) -> Result<(), Error> {
        let now = self.now();
        let Some(held) = self.grants.held(origin) else { return Ok(()) };
        let standing = held.standing(self.grants.ids(), now);
        let runs = standing.clone().for_running().is_ok();
        let kinds = match standing.clone().for_new() {
            Ok(pass) => {
                let granted = |kind: &&Kind| pass.grants_kind(kind.name, now).is_ok();
                KINDS.iter().filter(granted).map(|kind| kind.name).collect::<Vec<_>>().join(" ")
            }
            Err(denied) => denied.code.name().to_owned(),
        };
        let ceilings = self.ceilings_of(origin, standing.for_running().ok());
        let is = Settled { runs, kinds, ceilings };
        let was = {
            let mut settled = self.grants.settled.lock().unwrap_or_else(PoisonError::into_inner);
            settled.insert(origin.clone(), is.clone())
        };
        if was.as_ref() == Some(&is) {
            return Ok(());
        }
        tracing::info!(%origin, runs = is.runs, allows = is.kinds, "a site's grant");
        let ran = was.filter(|was| was.runs);
        let ended = ran.is_some() && !is.runs && !origin.is_loopback();
        // A browser that was opened before there were ceilings does not ask for its part of them.
        let is_new = is.ceilings.is_metered() && ran.is_some_and(|was| !was.ceilings.is_metered());
        let done = async {
            self.queue.set_ceilings(origin.as_str(), &is.ceilings).await?;
            self.settle_routes_of(origin, ended || is_new).await
        };
        let done = done.await;
        if done.is_err() {
            // Tried again at the next round.
            let mut settled = self.grants.settled.lock().unwrap_or_else(PoisonError::into_inner);
            settled.remove(origin);
        }
        done
    }

    /// How much the fleet may do at an origin: as its grant and the operator say, the lesser.
    fn ceilings_of(&self, origin: &WebOrigin, pass: Option<Pass>) -> Ceilings {
        let Some(pass) = pass else { return Ceilings::default() };
        let origins = self.origins();
        let sites = origins.get(origin).into_iter().flatten();
        let ceilings = sites.fold(pass, |pass, site| pass.under(&site.limits)).ceilings;
        if !self.grants.counts_nothing {
            return ceilings;
        }
        // Nothing that would have to be counted is let begin at all.
        Ceilings { hours: ceilings.hours, ..Ceilings::default() }
    }

    /// Writes every origin's ceilings into a queue that may not know them.
    pub(super) async fn write_ceilings(&self) -> Result<(), Error> {
        for origin in self.origins().into_keys() {
            if let Some(ceilings) = self.grants.ceilings(&origin) {
                self.queue.set_ceilings(origin.as_str(), &ceilings).await?;
            }
        }
        Ok(())
    }

    /// Writes the routes of an origin's accounts; `fence`: who acts there now loses the lease.
    async fn settle_routes_of(&self, origin: &WebOrigin, fence: bool) -> Result<(), Error> {
        let origins = self.origins();
        let sites: BTreeSet<_> =
            origins.get(origin).into_iter().flatten().map(|site| site.id.clone()).collect();
        if sites.is_empty() {
            return Ok(());
        }
        for standing in self.store.accounts().await? {
            if !sites.contains(&standing.account.site) {
                continue;
            }
            if fence {
                self.fence(&standing).await?;
            } else {
                self.enroll(&standing.account.id).await?;
            }
        }
        Ok(())
    }

    /// Every grant that is kept.
    pub async fn list_grants(&self) -> Result<Vec<Held>, Error> {
        Ok(self.store.grants().await?)
    }

    /// Takes up a grant that its owner signed.
    pub async fn pin_grant(
        &self,
        origin: &WebOrigin,
        signed: &str,
        key: &PublicKey,
        by: &str,
    ) -> Result<Held, Error> {
        let refuse = |denied: Denied| Refuse::new(denied.code.name(), denied.why, denied.fix);
        let now = self.now();
        let text = jws::open(signed, key).map_err(refuse)?;
        walkon_core::grant::Document::read(text.as_bytes(), origin, now)
            .and_then(|document| document.pass(self.grants.ids(), now))
            .map_err(refuse)?;
        let held = Held::signed(origin.clone(), text, now);
        let why = format!("signed by {}", key.thumbprint());
        self.audit_grant("grant.pin", origin, by, &why).await?;
        self.store.keep_grant(&held).await?;
        self.take_up(held.clone()).await?;
        Ok(held)
    }

    /// Ends a grant, whatever its owner says, until it is verified again by hand.
    pub async fn revoke_grant(
        &self,
        origin: &WebOrigin,
        by: &str,
        why: &str,
    ) -> Result<Held, Error> {
        let before = self.store.grant(origin).await?;
        let Some(held) = before else {
            let fix = "`walkon grant list` shows those that are known";
            return Err(Refuse::new("no_grant", format!("{origin} has none"), fix).into());
        };
        let at = self.now();
        let revoked = Revoked { by: by.to_owned(), why: why.to_owned(), at };
        let held = Held { looked_at: at, revoked: Some(revoked), ..held };
        self.audit_grant("grant.revoke", origin, by, why).await?;
        self.store.keep_grant(&held).await?;
        self.take_up(held.clone()).await?;
        Ok(held)
    }

    /// Asks an origin by hand: that lifts an operator's own revocation.
    pub async fn verify_grant(&self, origin: &WebOrigin, by: &str) -> Result<Held, Error> {
        if let Some(held) = self.store.grant(origin).await?
            && held.revoked.is_some()
        {
            self.audit_grant("grant.verify", origin, by, "taken up again").await?;
            let held = Held { revoked: None, looked_at: self.now(), ..held };
            self.store.keep_grant(&held).await?;
        }
        match self.store.grant(origin).await? {
            Some(held) if held.look_at().is_none() => {
                self.take_up(held.clone()).await?;
                Ok(held)
            }
            _ => self.look(origin).await,
        }
    }

    async fn audit_grant(
        &self,
        action: &str,
        origin: &WebOrigin,
        by: &str,
        why: &str,
    ) -> Result<(), Error> {
        let note = Note {
            ts: self.now(),
            actor: by.to_owned(),
            action: action.to_owned(),
            subject: Some(origin.to_string()),
            why: Some(why.to_owned()),
            ..Note::default()
        };
        Ok(self.store.note(&note, None).await?)
    }
}
