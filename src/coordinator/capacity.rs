//! Capacity: what the platform says of its own limits, with each answer of its API.
//!
//! It is written down where it has changed, somebody is told at 80, 95 and 100 percent, and an
//! account whose calls it would refuse rests until the platform lets them through: a `quota` hold,
//! of which the later end stands.

use jiff::SignedDuration;
use walkon_core::capacity::{Capacity, Measured};
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::AccountId;

use super::{Coordinator, Error};

/// Who places the hold.
const ACTOR: &str = "capacity";
/// A share that has changed less is written down again after this time only.
const SAME: u32 = 5;
const AGAIN: SignedDuration = SignedDuration::from_secs(60);

impl Coordinator {
    /// Takes note of what the platform said, and lets the account rest where it must.
    pub(super) async fn note_capacity(&self, id: &AccountId, said: &Capacity) -> Result<(), Error> {
        let now = self.now();
        let measured = Measured { capacity: said.clone(), at: now };
        if !self.is_news(id, &measured) {
            return Ok(());
        }
        self.store.keep_capacity(id, &measured).await?;
        self.alert_of_capacity(id, said).await?;
        if let Some(until) = said.rests_until(now) {
            let (used, limit) = (said.used, &said.limit);
            let hold = Hold {
                kind: HoldKind::Quota,
                reason: format!("the platform lets no calls through: {used} % of `{limit}` used"),
                actor: ACTOR.to_owned(),
                since: now,
                until: Some(until),
                passes: false,
            };
            self.rest(id, &hold).await?;
        }
        // Written down only now: broken off, it is done again with the next answer.
        self.care.measured().insert(id.clone(), measured);
        Ok(())
    }

    fn is_news(&self, id: &AccountId, measured: &Measured) -> bool {
        let known = self.care.measured();
        let Some(before) = known.get(id) else { return true };
        let (was, is) = (&before.capacity, &measured.capacity);
        was.level() != is.level()
            || is.regain.is_some()
            || was.used.abs_diff(is.used) >= SAME
            || measured.at.duration_since(before.at) >= AGAIN
    }

    /// Lets an account rest until then; where it rests longer already, it does.
    pub(super) async fn rest(&self, id: &AccountId, hold: &Hold) -> Result<(), Error> {
        if !self.store.prolong_hold(id, hold).await? {
            return Ok(());
        }
        let told_by = format!("{}:{id}:{}", hold.actor, hold.since.as_millisecond());
        self.audit_hold(id, "hold", hold, &hold.actor, hold.since, &told_by).await?;
        self.fence_now(id).await
    }
}
