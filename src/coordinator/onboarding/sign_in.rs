//! The sign-in of an onboarding: an ordinary action, carried out by whichever worker is free, for
//! an account that may do nothing else yet.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use walkon_core::account::Standing;
use walkon_core::action::RouteWish;
use walkon_core::event::ActionState;
use walkon_core::grading::{Found, SignedIn};
use walkon_core::id::ActionId;
use walkon_core::kind;
use walkon_core::onboarding::Onboarding;
use walkon_core::routing;

use super::Went;
use crate::coordinator::{Coordinator, Error};
use crate::queue::{ActionView, Person};

/// The kind by which accounts sign in.
pub(super) const KIND: &str = "sign_in";
/// How long it may take, a worker and a browser included.
const MAX: Duration = Duration::from_mins(2);
/// How often it is looked whether it is done.
const LOOK: Duration = Duration::from_millis(200);

impl Coordinator {
    /// Signs in on the site, unless that is not how it acts, or it is signed in.
    pub(super) async fn sign_in(
        &self,
        standing: &Standing,
        one: &Onboarding,
    ) -> Result<Went, Error> {
        let account = &standing.account;
        let sign_in = kind::find(KIND).expect("it is a kind");
        if let Err(refuse) = routing::route(sign_in, RouteWish::Browser, &self.facts(account)) {
            return Ok(Went::skipped(refuse.why));
        }
        match self.signed_in(account).await? {
            Found::Skipped(why) => return Ok(Went::skipped(why)),
            Found::Ill(_, why) => return Ok(Went::failed(why, "give its secrets anew")),
            Found::Seen(SignedIn { cookies: Some(1..), .. }) => {
                return Ok(Went::done("it has kept what makes it signed in"));
            }
            Found::Seen(SignedIn { password: false, .. }) => {
                let why = "it is not signed in and has no password";
                return Ok(Went::failed(why, "give it a `password_file`"));
            }
            Found::Seen(_) => {}
        }
        if let Some(hold) = standing.holds.first() {
            let why = format!("it is held ({}): {}", hold.kind.name(), hold.reason);
            return Ok(Went::failed(why, "lift its holds first"));
        }
        self.care.signing_in().insert(account.id.clone());
        self.enroll(&account.id).await?;
        let went = self.sign_in_by_a_worker(standing, one).await;
        self.care.signing_in().remove(&account.id);
        self.enroll(&account.id).await?;
        went
    }

    async fn sign_in_by_a_worker(
        &self,
        standing: &Standing,
        one: &Onboarding,
    ) -> Result<Went, Error> {
        let id = &standing.account.id;
        // One run has one: taken up again after a death, it is the same action.
        let key = format!("onboard:{id}:{}", one.run);
        let action = json!({"account": id, "kind": KIND, "key": key, "priority": 0});
        let accepted = match self.submit(action.to_string().as_bytes(), None).await {
            Ok(accepted) => accepted,
            Err(Error::Refused(refuse)) => return Ok(Went::failed(refuse.why, refuse.remedy)),
            Err(error) => return Err(error),
        };
        let until = Instant::now() + MAX;
        loop {
            let Some(view) = self.queue.action(&accepted.id).await? else {
                return Ok(Went::failed("the sign-in was taken back", "onboard it again"));
            };
            if let Some(went) = ended(&view) {
                return Ok(went);
            }
            // What the site said to the attempt stops the account, and the attempt with it.
            if let Some(hold) = self.standing_of(id).await?.holds.first() {
                self.take_back(&accepted.id).await?;
                let why = format!("it is held ({}): {}", hold.kind.name(), hold.reason);
                let fix = format!(
                    "look into it, `walkon account release {id} --hold {}`, then \
                    onboard it again",
                    hold.kind.name()
                );
                return Ok(Went::failed(why, fix));
            }
            if Instant::now() >= until {
                let why = self.queue.why(&accepted.id).await?;
                let reasons = why.map(|why| why.reasons).unwrap_or_default();
                let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
                self.take_back(&accepted.id).await?;
                let (max, reasons) = (MAX.as_secs(), reasons.join("; "));
                if view.attempts == 0 {
                    // Nobody has tried it: there is nothing to be said against the account.
                    let why = format!("nobody took its sign-in within {max} s: {reasons}");
                    return Ok(Went::skipped(format!("{why}. It signs in with its first work")));
                }
                let why = format!("it was not signed in within {max} s: {reasons}");
                return Ok(Went::failed(why, "see that a worker with a browser runs"));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn take_back(&self, id: &ActionId) -> Result<(), Error> {
        let person = Person::new("walkon", "the onboarding it was for has ended");
        Ok(self.queue.cancel(id, &person).await.map(drop)?)
    }
}

/// What became of it; `None`: it is under way.
fn ended(view: &ActionView) -> Option<Went> {
    let why = view.why.clone().unwrap_or_else(|| view.state.name().to_owned());
    match view.state {
        ActionState::Done => Some(Went::done("it signed in")),
        ActionState::Waiting | ActionState::Running | ActionState::Unknown => None,
        _ => Some(Went::failed(why, "look at its session, and onboard it again")),
    }
}
