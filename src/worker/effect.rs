//! Reading what an action left behind: before it, after it, and when nobody knows.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use walkon_core::behavior::Behavior;
use walkon_core::effect::Effect;
use walkon_core::kind::EffectClass;
use walkon_core::lease::Duty;
use walkon_core::outcome::{Finding, Made};
use walkon_core::step::Locator;

use super::attempt::Trouble;
use super::looking::{Looks, found_each};
use super::perform::Performance;
use crate::driver::{self, Node, Read};

/// How far the site's clock may be behind ours when it dates an item, and still be believed.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(120);

/// How long after a sign-in that was refused a new account tries again.
const KNOCK_EVERY: Duration = Duration::from_secs(1);

/// What the page shows of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The state is there, or so many items of ours.
    There(usize),
    /// It is not there.
    Absent,
    /// The page shows neither: it is not as the behavior expects.
    Neither,
}

impl Shown {
    fn count(self) -> usize {
        if let Self::There(count) = self { count } else { 0 }
    }
}

/// In words: neither sign of the effect is on the page.
fn neither(effect: &Effect) -> String {
    let sign = |sign: &Option<Locator>| sign.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("the page shows neither {} nor {}", sign(&effect.present), sign(&effect.absent))
}

impl Performance<'_> {
    /// Does the action, or only reads whether it was done.
    pub(super) async fn act(&mut self) -> Result<Made, Trouble> {
        let bundle = self.bundle;
        let kind = self.attempt.claimed.action.kind.clone();
        let Some(behavior) = bundle.behaviors.get(&kind) else {
            let why = format!("{} has no behavior for `{kind}`", bundle.site.id);
            return Err(Trouble::Never { code: "no_behavior", why });
        };
        let Some(effect) = &behavior.effect else {
            self.walk(behavior).await?;
            return Ok(Made::None);
        };
        if effect.sign_in {
            return self.sign_up(behavior, effect).await;
        }
        if self.attempt.claimed.duty == Duty::Verify {
            return self.verify(effect).await;
        }
        self.title = format!("read the effect on {}", effect.page);
        self.open(&effect.page).await?;
        let before = self.settled(effect, None, |shown| shown != Shown::Neither).await?;
        let idempotent = behavior.effect_class() == EffectClass::Idempotent;
        match before {
            // What an attempt in doubt began is its own if it is there now.
            Shown::There(_) if idempotent && self.attempt.claimed.begun_at.is_some() => {
                return Ok(Made::Made);
            }
            Shown::There(_) if idempotent => return Ok(Made::Already),
            Shown::Neither => return Err(self.page_trouble("page_changed", neither(effect))),
            _ => {}
        }
        self.walk(behavior).await?;
        self.confirm(effect, before).await
    }

    /// Makes the account, unless it is there; whether it is, is asked by signing in as it.
    async fn sign_up(&mut self, behavior: &Behavior, effect: &Effect) -> Result<Made, Trouble> {
        let verifies = self.attempt.claimed.duty == Duty::Verify;
        let in_doubt = verifies || self.attempt.claimed.begun_at.is_some();
        match self.can_sign_in_as(effect).await? {
            Shown::There(_) if in_doubt => return Ok(Made::Made),
            Shown::There(_) => return Ok(Made::Already),
            Shown::Absent if verifies => {
                let why = "the site knows no such account".to_owned();
                return Err(self.page_trouble(NOT_THERE, why));
            }
            Shown::Absent => {}
            Shown::Neither => {
                let why = "signing in neither went well nor was refused".to_owned();
                return Err(self.page_trouble("page_changed", why));
            }
        }
        self.is_signing_in = true;
        let walked = self.walk(behavior).await;
        self.is_signing_in = false;
        walked?;
        let until = Instant::now() + effect.settle;
        loop {
            if let Shown::There(_) = self.can_sign_in_as(effect).await? {
                return Ok(Made::Made);
            }
            if Instant::now() >= until {
                let why = "it cannot sign in after it signed up".to_owned();
                return Err(Trouble::InDoubt { code: "effect_not_shown", why });
            }
            self.sleep(KNOCK_EVERY).await?;
        }
    }

    /// Whether the site knows the account: it is signed in, or signs in now.
    async fn can_sign_in_as(&mut self, effect: &Effect) -> Result<Shown, Trouble> {
        let site = &self.bundle.site;
        if site.signs.signed_out_path.is_none() {
            let why =
                format!("{} does not say by which path it shows that one is signed out", site.id);
            return Err(Trouble::Never { code: "no_sign", why });
        }
        let page = if effect.page == "target" { "/" } else { &effect.page };
        let url = self.address(page)?;
        let arrival = self.arrive(&url, driver::NAVIGATION_MAX).await?;
        match self.look_for_signs(&arrival).await {
            Err(Trouble::Account { finding: Finding::SignedOut, .. }) => {}
            other => return other.map(|()| Shown::There(1)),
        }
        self.unless.clone_from(&effect.absent);
        let signed_in = self.sign_in().await;
        let refused = self.unless.take().unwrap_or_default();
        match signed_in {
            Ok(()) => Ok(Shown::There(1)),
            Err(Trouble::Page { .. }) if self.matching(&refused, None).await?.is_empty() => {
                Ok(Shown::Neither)
            }
            Err(Trouble::Page { .. }) => Ok(Shown::Absent),
            Err(other) => Err(other),
        }
    }

    /// Waits for the effect to show; reads the page anew before saying that it did not.
    async fn confirm(&mut self, effect: &Effect, before: Shown) -> Result<Made, Trouble> {
        let more = |shown: Shown| shown.count() > before.count();
        if more(self.settled(effect, None, more).await?) {
            return Ok(Made::Made);
        }
        self.open(&effect.page).await?;
        if more(self.settled(effect, None, more).await?) {
            return Ok(Made::Made);
        }
        let why = format!("it did not show within {:?}", effect.settle);
        Err(Trouble::InDoubt { code: "effect_not_shown", why })
    }

    /// Reads whether an attempt in doubt made its effect. "Not there" is a finding of its own, by
    /// which the queue lets the action be done again.
    async fn verify(&mut self, effect: &Effect) -> Result<Made, Trouble> {
        self.open(&effect.page).await?;
        let since = self.attempt.claimed.begun_at;
        let there = |shown: Shown| matches!(shown, Shown::There(_));
        match self.settled(effect, since, there).await? {
            Shown::There(_) => Ok(Made::Made),
            Shown::Absent => {
                let why = "the site does not show it".to_owned();
                Err(self.page_trouble(NOT_THERE, why))
            }
            Shown::Neither => Err(Trouble::InDoubt { code: "page_changed", why: neither(effect) }),
        }
    }

    /// Looks until the page shows what is wanted or the effect's time to settle is over.
    async fn settled(
        &mut self,
        effect: &Effect,
        since: Option<Timestamp>,
        wanted: impl Fn(Shown) -> bool,
    ) -> Result<Shown, Trouble> {
        let until = Instant::now() + effect.settle;
        let mut looks = Looks::new(self.session);
        loop {
            let next = looks.next();
            let shown = self.shown(effect, since).await?;
            if wanted(shown) || Instant::now() >= until {
                return Ok(shown);
            }
            self.until(next).await?;
        }
    }

    async fn shown(&mut self, effect: &Effect, since: Option<Timestamp>) -> Result<Shown, Trouble> {
        match self.seen(effect, since).await {
            // The page was changing under our eyes: look again.
            Err(Trouble::Driver(driver::Error::Gone)) => Ok(Shown::Neither),
            seen => seen,
        }
    }

    async fn seen(&mut self, effect: &Effect, since: Option<Timestamp>) -> Result<Shown, Trouble> {
        if let Some(items) = &effect.items {
            let ours = self.our_items(items, &effect.containing, since).await?;
            return Ok(if ours == 0 { Shown::Absent } else { Shown::There(ours) });
        }
        let [present, absent] = [&effect.present, &effect.absent]
            .map(|sign| self.expand_locator(&sign.clone().unwrap_or_default()));
        let signs = [&present, &absent];
        let found = self.attempt.bound(found_each(self.session, &signs)).await?;
        Ok(match (found[0].is_empty(), found[1].is_empty()) {
            (false, _) => Shown::There(1),
            (true, false) => Shown::Absent,
            (true, true) => Shown::Neither,
        })
    }

    /// How many items hold all our texts, and are not older than `since`.
    async fn our_items(
        &mut self,
        items: &Locator,
        containing: &[String],
        since: Option<Timestamp>,
    ) -> Result<usize, Trouble> {
        let wanted: Vec<_> = containing.iter().map(|text| folded(&self.expand(text))).collect();
        let mut ours = 0;
        for node in self.matching(items, None).await? {
            let text = self.session.read(&Read::Text(node.clone())).await?.unwrap_or_default();
            let text = folded(&text);
            if wanted.iter().all(|part| text.contains(part)) && self.young(&node, since).await? {
                ours += 1;
            }
        }
        Ok(ours)
    }

    /// Whether the item's own `<time datetime>` is not older than `since`; without one it counts.
    async fn young(&mut self, node: &Node, since: Option<Timestamp>) -> Result<bool, Trouble> {
        let Some(since) = since else { return Ok(true) };
        let times = self.matching(&Locator::css("time[datetime]"), Some(node)).await?;
        let Some(time) = times.into_iter().next() else { return Ok(true) };
        let read = Read::Attribute(time, "datetime".to_owned());
        let at = self.session.read(&read).await?.and_then(|text| text.parse::<Timestamp>().ok());
        Ok(at.is_none_or(|at| at.saturating_add(CLOCK_SLACK).is_ok_and(|at| at >= since)))
    }
}

/// The code by which a verify says that the effect is not there.
pub(super) const NOT_THERE: &str = "not_there";

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
