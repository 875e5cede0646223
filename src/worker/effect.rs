//! Reading what an action left behind: before it, after it, and when nobody knows.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use walkon_core::effect::Effect;
use walkon_core::kind::EffectClass;
use walkon_core::lease::Duty;
use walkon_core::outcome::Made;
use walkon_core::step::Locator;

use super::attempt::Trouble;
use super::perform::Performance;
use crate::driver::{self, Node, Read};

/// How often the page is looked at while an effect settles.
const LOOK_EVERY: Duration = Duration::from_millis(80);
/// How far the site's clock may be behind ours when it dates an item, and still be believed.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(120);

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
        loop {
            let shown = self.shown(effect, since).await?;
            if wanted(shown) || Instant::now() >= until {
                return Ok(shown);
            }
            self.sleep(LOOK_EVERY).await?;
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
        let present = effect.present.clone().unwrap_or_default();
        if !self.matching(&present, None).await?.is_empty() {
            return Ok(Shown::There(1));
        }
        let absent = effect.absent.clone().unwrap_or_default();
        let absent = !self.matching(&absent, None).await?.is_empty();
        Ok(if absent { Shown::Absent } else { Shown::Neither })
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
