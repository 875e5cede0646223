//! The roster: who the accounts are, where they stand, and by which way each kind goes.
//!
//! Whatever changes an account's facts (its file, a hold, a token) ends here, in one write to the
//! queue that every later claim reads.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;
use tokio::sync::{Mutex, Notify};
use walkon_core::account::{Account, Lifecycle, Standing};
use walkon_core::action::RouteWish;
use walkon_core::bundle::Bundle;
use walkon_core::device::Device;
use walkon_core::fault::in_one_line;
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::{AccountId, SiteId};
use walkon_core::kind::KINDS;
use walkon_core::lease::Class;
use walkon_core::origin::WebOrigin;
use walkon_core::persona::Persona;
use walkon_core::routing::{self, Facts};

use super::{Coordinator, Error};
use crate::queue::{AccountSetting, HeldFor};
use crate::store::credentials::Field;

/// Accounts on their way to Redis at once.
const AT_ONCE: usize = 500;
/// Up to so many are looked at again one by one.
const FEW: usize = 32;
/// The kind by which accounts sign in.
const SIGN_IN: &str = "sign_in";
/// The device of an account that names none.
pub const DEVICE: &str = "desktop-laptop";
/// The persona of one that names none.
pub const PERSONA: &str = "casual";

/// What several calls about accounts share.
#[derive(Debug, Default)]
pub struct Roster {
    /// One at a time compares a file with what is there.
    pub(super) turn: Mutex<()>,
    /// A change was broken off half way: the queue may not know all that the store does.
    pub(super) stale: AtomicBool,
    /// Somebody is leaving.
    pub(super) leaving: Notify,
}

/// What decides by which ways accounts act: site, token, and whether they are being connected.
type Alike = (SiteId, bool, bool);
/// By which way each kind goes.
type Ways = BTreeMap<String, Option<Class>>;

/// Why an account may not act; `None`: it may.
fn held_for(standing: &Standing, signs_in: bool) -> Option<HeldFor> {
    // Of several holds the one that lasts longest is shown; all must end.
    let worst = standing.holds.iter().max_by_key(|hold| (hold.until.is_none(), hold.until));
    let for_now =
        |code: &str, why: String| Some(HeldFor { code: code.to_owned(), why, until: None });
    match (worst, standing.lifecycle) {
        _ if standing.leaving.is_some() => {
            for_now("leaving", "the account is being removed".to_owned())
        }
        (Some(hold), _) => Some(HeldFor {
            code: hold.kind.name().to_owned(),
            why: hold.reason.clone(),
            until: hold.until,
        }),
        (None, Lifecycle::Active | Lifecycle::Ramping) => None,
        (None, _) if signs_in => None,
        (None, _) => for_now(standing.word(), format!("the account is {}", standing.word())),
    }
}

/// By which way each kind goes. Who is being connected does nothing but sign in.
fn ways(facts: &Facts, signs_in: bool) -> Ways {
    let not_now = |kind: &str| signs_in && kind != SIGN_IN;
    // A way that it lacks must be known too: a pool's work may ask for one.
    let lacks = KINDS.iter().flat_map(|kind| {
        let ways = [(RouteWish::Api, Class::Api), (RouteWish::Browser, Class::Browser)];
        ways.into_iter().filter_map(move |(wish, class)| {
            let is_shut = not_now(kind.name) || routing::route(kind, wish, facts).is_err();
            is_shut.then(|| (format!("{}@{}", kind.name, class.name()), None))
        })
    });
    let open = routing::table(facts).into_iter();
    open.map(|(kind, class)| (kind.to_owned(), class.filter(|_| !not_now(kind))))
        .chain(lacks)
        .collect()
}

impl Coordinator {
    /// Writes every plan, every pool and every account into the queue.
    pub async fn enroll_all(&self) -> Result<(), Error> {
        self.tell_all_settings().await?;
        self.write_ceilings().await?;
        self.enroll_these(self.store.accounts().await?).await
    }

    /// Writes these accounts into the queue, many at once.
    pub(super) async fn enroll_these(&self, standings: Vec<Standing>) -> Result<(), Error> {
        // Accounts of a site are alike in what they can do: that is found out once.
        let mut known = BTreeMap::new();
        let mut written = BTreeMap::new();
        for some in standings.chunks(AT_ONCE) {
            let settings = some.iter().map(|standing| self.setting_as(standing, &mut known));
            let settings: Vec<_> = settings.collect();
            self.queue.put_accounts(settings.clone()).await?;
            written.extend(settings.into_iter().map(|setting| (setting.id.clone(), setting)));
        }
        if written.len() <= FEW {
            for (id, setting) in written {
                self.write_until_known(&id, Some(setting)).await?;
            }
            return Ok(());
        }
        // Many are looked at again in one go.
        let mut known = BTreeMap::new();
        for standing in self.store.accounts().await? {
            let Some(was) = written.remove(&standing.account.id) else { continue };
            if was != self.setting_as(&standing, &mut known) {
                self.write_until_known(&was.id.clone(), Some(was)).await?;
            }
        }
        Ok(())
    }

    /// Writes what is known of an account into the queue.
    pub async fn enroll(&self, id: &AccountId) -> Result<(), Error> {
        self.write_until_known(id, None).await
    }

    /// Writes an account into the queue, unless it is `written` so, again until nothing else is
    /// known of it: of two who write it at once, the one who read it first may write it last, and
    /// an account that was held meanwhile would go on.
    async fn write_until_known(
        &self,
        id: &AccountId,
        mut written: Option<AccountSetting>,
    ) -> Result<(), Error> {
        while let Some(standing) = self.store.account(id).await? {
            let setting = self.setting(&standing);
            if written.as_ref() == Some(&setting) {
                break;
            }
            self.queue.put_account(&setting).await?;
            written = Some(setting);
        }
        Ok(())
    }

    /// Places a hold, and takes away the leases of whoever acts as the account at this moment.
    pub async fn hold(&self, id: &AccountId, hold: &Hold) -> Result<(), Error> {
        self.store.place_hold(id, hold).await?;
        self.fence_now(id).await
    }

    /// Writes where an account stands as it is now, and takes away its leases.
    pub(super) async fn fence_now(&self, id: &AccountId) -> Result<(), Error> {
        if let Some(standing) = self.store.account(id).await? {
            self.fence(&standing).await?;
        }
        Ok(())
    }

    /// Writes where an account stands, and takes away the leases of whoever acts as it.
    pub(super) async fn fence(&self, standing: &Standing) -> Result<(), Error> {
        let setting = self.setting(standing);
        self.queue.fence_account(&setting).await?;
        self.write_until_known(&standing.account.id, Some(setting)).await
    }

    /// Lifts every hold whose end has come, and says when the next one ends by itself.
    pub async fn lift_ended(&self) -> Result<Option<Timestamp>, Error> {
        let now = self.now();
        let mut next = None;
        for Standing { account, holds, .. } in self.store.accounts().await? {
            for hold in &holds {
                match hold.until {
                    Some(until) if until <= now => self.lift_over(&account.id, hold).await?,
                    Some(until) => next = Some(next.map_or(until, |next| until.min(next))),
                    None => {}
                }
            }
        }
        Ok(next)
    }

    async fn lift_over(&self, id: &AccountId, hold: &Hold) -> Result<(), Error> {
        // The same hold is lifted once, however often this is broken off.
        let origin = format!("over:{id}:{}:{}", hold.kind.name(), hold.since.as_millisecond());
        self.audit_hold(id, "lift", hold, "walkon", self.now(), &origin).await?;
        // This very one: another may have been placed meanwhile that ends later.
        self.store.lift_this_hold(id, hold).await?;
        self.enroll(id).await
    }

    /// Lifts a hold; `false`: there was none of that kind.
    pub async fn lift(&self, id: &AccountId, kind: HoldKind) -> Result<bool, Error> {
        let lifted = self.store.lift_hold(id, kind).await?;
        self.hold_is_over(id, kind).await?;
        self.enroll(id).await?;
        Ok(lifted)
    }

    fn setting(&self, standing: &Standing) -> AccountSetting {
        self.setting_as(standing, &mut BTreeMap::new())
    }

    /// The same, with what was found out before of accounts of its sort.
    fn setting_as(&self, standing: &Standing, known: &mut BTreeMap<Alike, Ways>) -> AccountSetting {
        let account = &standing.account;
        let signs_in = standing.lifecycle == Lifecycle::Connecting
            && self.care.signing_in().contains(&account.id);
        let alike = (account.site.clone(), account.token_file.is_some(), signs_in);
        let routes = known.entry(alike).or_insert_with(|| ways(&self.facts(account), signs_in));
        let origin = self.catalog.sites.get(&account.site).map(|entry| &entry.site.origin);
        let origin = origin.and_then(|origin| origin.parse::<WebOrigin>().ok());
        let origin = origin.filter(|origin| self.grants.ceilings(origin).is_some());
        AccountSetting {
            origin: origin.map(|origin| origin.to_string()),
            id: account.id.clone(),
            site: account.site.to_string(),
            plan: account.plan.clone(),
            time_zone: account.time_zone.clone(),
            held: held_for(standing, signs_in),
            pools: if signs_in { Vec::new() } else { self.in_force().pools.of(account) },
            routes: routes.clone(),
        }
    }

    /// What routing needs to know.
    pub fn facts(&self, account: &Account) -> Facts {
        let entry = self.catalog.sites.get(&account.site);
        let site = entry.map(|entry| &entry.site);
        let behaviors = entry.map(|entry| entry.behaviors.keys().cloned().collect());
        Facts {
            site: account.site.to_string(),
            token: account.token_file.is_some() && site.is_some_and(|site| site.api.is_some()),
            behaviors: behaviors.unwrap_or_default(),
            access: site.map(|site| self.access(site)).unwrap_or_default(),
            now: self.now(),
        }
    }

    /// Everything a worker needs to act as an account.
    pub async fn bundle(&self, id: &AccountId) -> Result<Bundle, String> {
        let standing = self.store.account(id).await.map_err(|error| in_one_line(&error))?;
        let account = standing.ok_or_else(|| format!("there is no account `{id}`"))?.account;
        let entry = self.catalog.sites.get(&account.site);
        let entry = entry.ok_or_else(|| format!("there is no site `{}`", account.site))?;
        let device = account.device.as_deref().unwrap_or(DEVICE);
        let device: Option<&Device> = self.catalog.devices.get(device);
        let device = device.ok_or("the account's device is not known any more")?.clone();
        let persona = account.persona.as_deref().unwrap_or(PERSONA);
        let persona: Option<&Persona> = self.catalog.personas.get(persona);
        let persona = persona.ok_or("the account's persona is not known any more")?.clone();
        let secret = async |field| {
            let opened = self.store.credential(id, field).await;
            opened.map_err(|error| in_one_line(&error))
        };
        let way = self.way_out(&account).await.map_err(|error| in_one_line(&error))?;
        let proxy = way?;
        let (access, signing) = self.access_of_bundle(&entry.site);
        Ok(Bundle {
            access,
            signing,
            site: entry.site.clone(),
            device,
            persona,
            seed: self.options.seed.child(account.id.as_str()),
            behaviors: entry.behaviors.clone(),
            password: secret(Field::Password).await?,
            token: secret(Field::Token).await?,
            proxy,
            login: self.options.sites.get(&entry.site.id).and_then(|own| own.login.clone()),
            state: self.store.state(id).await.map_err(|error| in_one_line(&error))?,
            contact: self.options.contact.clone(),
            pace: self.options.pace,
            account,
        })
    }
}
