//! Finding out how an account is: what can be looked at is, and of all else it is said why not.

use jiff::SignedDuration;
use walkon_core::account::{Account, Standing};
use walkon_core::action::RouteWish;
use walkon_core::capacity::Capacity;
use walkon_core::fault::in_one_line;
use walkon_core::grading::{Facts, Found, Ill, SignedIn};
use walkon_core::grant::Access;
use walkon_core::kind;
use walkon_core::lease::Class;
use walkon_core::routing;
use walkon_core::storage_state::StorageState;

use super::api::ApiFacts;
use crate::coordinator::{Coordinator, Error};
use crate::queue::Scope;
use crate::store::credentials::Field;

/// The behavior by which accounts sign in.
pub(super) const SIGN_IN: &str = "sign_in";

impl Coordinator {
    /// Everything that can be found out about an account at this moment.
    pub(in crate::coordinator) async fn look_at(
        &self,
        standing: &Standing,
    ) -> Result<Facts, Error> {
        let account = &standing.account;
        let ((api, said), way) = tokio::join!(self.ask_api(account), self.try_way(account));
        let (way, proxy) = way?;
        let ApiFacts { connection, token, permissions, webhook } = api?;
        if let Some(said) = &said {
            self.note_capacity(&account.id, said).await?;
        }
        Ok(Facts {
            // By the API it is known who answers; else it is something that somebody does.
            connection: connection.unwrap_or(way),
            token,
            permissions,
            webhook,
            lanes: self.lanes(standing).await?,
            capacity: self.used(account, said),
            proxy,
            profile: self.profile(standing),
            sign_in: self.signed_in(account).await?,
            grant: self.grant(account),
        })
    }

    /// Whether any kind is carried out so for this account.
    pub(in crate::coordinator) fn acts_by(&self, account: &Account, class: Class) -> bool {
        let table = routing::table(&self.facts(account));
        table.into_iter().any(|(_, found)| found == Some(class))
    }

    async fn lanes(&self, standing: &Standing) -> Result<Found<Option<SignedDuration>>, Error> {
        if !standing.may_act() {
            return Ok(Found::Skipped("it may not act, so that nothing is taken up".to_owned()));
        }
        let paused = self.queue.pauses().await?;
        let site = standing.account.site.as_str();
        let stands = |scope: &Scope| match scope {
            Scope::Fleet => true,
            Scope::Site(paused) => paused == site,
        };
        if paused.iter().any(|one| stands(&one.scope)) {
            return Ok(Found::Skipped("a person has paused its site or the fleet".to_owned()));
        }
        Ok(Found::Seen(self.queue.overdue(&standing.account.id).await?))
    }

    fn used(&self, account: &Account, said: Option<Capacity>) -> Found<Capacity> {
        match said {
            Some(said) => Found::Seen(said),
            None if self.facts(account).token => {
                Found::Skipped("the platform has said nothing of its limits".to_owned())
            }
            None => Found::Skipped("it does not act by API".to_owned()),
        }
    }

    fn profile(&self, standing: &Standing) -> Found<Vec<String>> {
        let wrong = self.check_account(&standing.account).err();
        Found::Seen(wrong.map(|(what, _)| what).into_iter().collect())
    }

    pub(in crate::coordinator) async fn signed_in(
        &self,
        account: &Account,
    ) -> Result<Found<SignedIn>, Error> {
        let sign_in = kind::find(SIGN_IN).expect("it is a kind");
        let facts = self.facts(account);
        if let Err(refuse) = routing::route(sign_in, RouteWish::Browser, &facts) {
            return Ok(Found::Skipped(refuse.why));
        }
        let unread = |error: crate::store::Error| {
            let why = in_one_line(&error);
            Found::Ill(Ill::Credential, why)
        };
        let password = match self.store.credential(&account.id, Field::Password).await {
            Ok(password) => password.is_some(),
            Err(error @ crate::store::Error::Broken(_)) => return Ok(unread(error)),
            Err(error) => return Err(error.into()),
        };
        let state = match self.store.state(&account.id).await {
            Ok(state) => state,
            Err(error @ crate::store::Error::Broken(_)) => return Ok(unread(error)),
            Err(error) => return Err(error.into()),
        };
        let now = self.now();
        let cookies = state.as_ref().map(|state| good_cookies(state, now.as_second()));
        if !password && cookies.is_none_or(|good| good == 0) && facts.token {
            return Ok(Found::Skipped("it has no password, and acts by API".to_owned()));
        }
        Ok(Found::Seen(SignedIn { cookies, password }))
    }

    /// For how many days the site's grant is good.
    pub(in crate::coordinator) fn grant(&self, account: &Account) -> Found<i64> {
        let facts = self.facts(account);
        let why = match facts.access {
            Access::Granted(pass) => {
                return Found::Seen(pass.expires.duration_since(facts.now).as_hours() / 24);
            }
            Access::Exempt(_) => "its site is on this machine, which needs none".to_owned(),
            Access::Unasked => "its site has not been asked yet".to_owned(),
            // No browser is sent there, and each action that wants one is refused with this reason.
            Access::Denied(denied) => format!("no browser may act there: {}", denied.why),
        };
        Found::Skipped(why)
    }
}

/// Cookies that have not ended. One that ends with the browser is kept with the storage state.
fn good_cookies(state: &StorageState, now: i64) -> usize {
    state
        .cookies
        .iter()
        .filter(|cookie| cookie.expires < 0.0 || cookie.expires > now as f64)
        .count()
}
