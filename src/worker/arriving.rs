//! Going to a page, and signing in on the way where the site has forgotten the account.

use std::time::Duration;

use walkon_core::behavior::Behavior;
use walkon_core::outcome::Finding;
use walkon_core::step::{Step, Verb};

use super::attempt::Trouble;
use super::looking::found;
use super::perform::Performance;
use crate::driver::{self, Arrival, Read};

/// The word that types an account's password.
const PASSWORD: &str = "{secret.password}";

impl Performance<'_> {
    /// Goes to a page; signs in on the way if the site has forgotten us.
    pub(super) async fn open(&mut self, page: &str) -> Result<(), Trouble> {
        self.open_within(page, driver::NAVIGATION_MAX).await
    }

    /// The same of a page that must have loaded within that time.
    pub(super) async fn open_within(
        &mut self,
        page: &str,
        within: Duration,
    ) -> Result<(), Trouble> {
        let url = self.address(page)?;
        let arrival = self.arrive(&url, within).await?;
        match self.look_for_signs(&arrival).await {
            Err(Trouble::Account { finding: Finding::SignedOut, .. }) if self.can_sign_in() => {
                self.sign_in().await?;
                let arrival = self.arrive(&url, within).await?;
                self.look_for_signs(&arrival).await
            }
            other => other,
        }
    }

    pub(super) async fn arrive(&mut self, url: &str, within: Duration) -> Result<Arrival, Trouble> {
        let arriving = self.attempt.bound(async { Ok(self.session.navigate(url).await?) });
        // The driver has a bound of its own: what is shorter is the behavior's wish.
        let arrival = if within < driver::NAVIGATION_MAX {
            tokio::time::timeout(within, arriving).await.unwrap_or_else(|_| {
                let why = format!("it did not open within {} ms", within.as_millis());
                Err(self.page_trouble("page_slow", why))
            })?
        } else {
            arriving.await?
        };
        let site = || self.bundle.site.id.to_string();
        match arrival.status {
            Some(404 | 410) => {
                Err(Trouble::Never { code: "target_missing", why: format!("there is no {url}") })
            }
            Some(status) if status == 429 || status >= 500 => {
                let after = arrival.retry_after.map(Duration::from_secs);
                Err(Trouble::Site { site: site(), status, after })
            }
            _ => Ok(arrival),
        }
    }

    fn can_sign_in(&self) -> bool {
        !self.tried_sign_in
            && self.bundle.password.is_some()
            && self.bundle.behaviors.contains_key("sign_in")
    }

    pub(super) async fn sign_in(&mut self) -> Result<(), Trouble> {
        self.tried_sign_in = true;
        let bundle = self.bundle;
        let Some(behavior) = bundle.behaviors.get("sign_in") else {
            let why = format!("{} has no behavior for `sign_in`", bundle.site.id);
            return Err(Trouble::Never { code: "no_behavior", why });
        };
        self.is_signing_in = true;
        let done = Box::pin(self.walk(behavior)).await;
        self.is_signing_in = false;
        done
    }

    /// A sign-in that ends where it began was refused. That is for a person to look into: tried
    /// again and again, a wrong password locks an account.
    pub(super) async fn turned_away(&self, behavior: &Behavior, trouble: Trouble) -> Trouble {
        let types =
            |step: &Step| matches!(&step.verb, Verb::Type { text, .. } if text.contains(PASSWORD));
        let after = behavior.steps.iter().skip_while(|step| !types(step)).skip(1);
        let is_after = |title: &str| after.map(ToString::to_string).any(|after| after == title);
        let was_sent = matches!(&trouble, Trouble::Page { title, .. } if is_after(title));
        // Whoever asks by signing in whether there is such an account wants to know how it ended.
        let is_a_question = self.unless.is_some();
        if is_a_question || !was_sent || !self.is_asked_anew(behavior).await {
            return trouble;
        }
        let why = "the site did not let it in with its password".to_owned();
        Trouble::Account { finding: Finding::SignedOut, why }
    }

    /// Whether the sign-in page is there with an empty field for the password. While the site has
    /// not answered yet, what was typed is still in it.
    async fn is_asked_anew(&self, behavior: &Behavior) -> bool {
        let field = behavior.steps.iter().find_map(|step| match &step.verb {
            Verb::Type { text, into } if text.contains(PASSWORD) => Some(into),
            _ => None,
        });
        let (Some(field), Some(sign)) = (field, &self.bundle.site.signs.signed_out_path) else {
            return false;
        };
        let Ok(Some(url)) = self.session.read(&Read::Url).await else { return false };
        let path = url.strip_prefix(&self.bundle.site.origin).unwrap_or_default();
        let found = found(self.session, field, None).await;
        let Some(node) = found.ok().and_then(|mut found| found.pop()) else { return false };
        let held = self.session.read(&Read::Value(node)).await;
        path.starts_with(sign) && held.is_ok_and(|held| held.unwrap_or_default().is_empty())
    }
}
