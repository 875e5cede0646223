//! Work from the worker's side: claim, begin, extend, finish, release; and taking back losses.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use walkon_core::clock::from_ms;
use walkon_core::event::ActionState;
use walkon_core::id::ActionId;
use walkon_core::lease::{Ask, Claim, Claimed, Class, Duty, Lease, Token};
use walkon_core::outcome::{Finding, Outcome, Settlement};

use super::batch::Verb;
use super::{Error, Shard, actions, scripts};

/// The most bytes of a result that are kept.
const RESULT_MAX: usize = 2048;
/// How often a claim goes on by itself where a script has looked at all it may at once.
pub(super) const ROUNDS: u32 = 64;

/// The answer to "the side effect is about to happen".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// Act now.
    Go,
    /// The lease is lost: do nothing.
    Fenced,
    /// A new hour or day has begun since the claim and its cap is used up: settle as `NotRun`.
    Full,
    /// Since the claim something keeps the account from acting: settle as `NotRun`.
    Shut(Shut),
}

/// What has come between a claim and the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    /// A person has paused the fleet or the site.
    Paused,
    /// The account is held.
    Held,
    /// Its active hours have ended.
    Hours,
}

/// What became of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The action is in this state now; the lease goes on only where it is kept.
    As {
        /// The action's state.
        state: ActionState,
        /// Whether the worker still holds the account, to be let go with [`Queue::release`].
        kept: bool,
    },
    /// The lease was lost before; nothing was changed.
    Fenced,
}

/// What one round of taking back did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reaped {
    /// Leases taken back.
    pub leases: u64,
    /// Actions whose time had passed.
    pub expired: u64,
    /// When the next of either is due; `None`: not before something changes.
    pub next: Option<Duration>,
}

/// When this process last took back leases: by the server's clock and by its own steady one. The
/// two together show a server whose clock leaps.
#[derive(Debug, Default)]
pub(super) struct Rounds(Mutex<Option<(i64, Instant)>>);

impl Rounds {
    fn since(&self) -> (i64, Duration) {
        let last = *self.0.lock().expect("nothing panics while it is held");
        last.map_or((0, Duration::ZERO), |(server, ours)| (server, ours.elapsed()))
    }

    fn note(&self, server: i64) {
        let now = Some((server, Instant::now()));
        *self.0.lock().expect("nothing panics while it is held") = now;
    }
}

fn after(reply: &[String], index: usize) -> Result<Option<Duration>, Error> {
    Ok(u64::try_from(scripts::int(reply, index)?).ok().map(Duration::from_millis))
}

/// A sentence for a shut queue.
fn shut(word: &str) -> String {
    match word {
        "restarted" => "redis was restarted; waiting until older leases have ended".to_owned(),
        "restoring" => "redis was started; its counters are compared with the books".to_owned(),
        "clock" => "the server's clock went back; waiting until it has caught up".to_owned(),
        other => other.to_owned(),
    }
}

fn claimed(reply: &[String]) -> Result<Claimed, Error> {
    let wrong = |what: &str| Error::Answer(format!("a claim with a bad {what}"));
    let text = |index| scripts::word(reply, index);
    let begun_at = Some(scripts::int(reply, 8)?).filter(|ms| *ms > 0).map(from_ms);
    let lease = Lease {
        account: text(1)?.parse().map_err(|_| wrong("account"))?,
        class: Class::named(text(2)?).ok_or_else(|| wrong("class"))?,
        token: Token(text(3)?.to_owned()),
        ttl: after(reply, 4)?.unwrap_or_default(),
    };
    let duty = if text(6)? == "v" { Duty::Verify } else { Duty::Perform };
    Ok(Claimed {
        lease,
        id: text(5)?.parse().map_err(|_| wrong("id"))?,
        action: serde_json::from_str(text(9)?).map_err(|_| wrong("action"))?,
        duty,
        attempt: scripts::int(reply, 7)?.max(1) as u32,
        begun_at,
        waited: Duration::ZERO,
    })
}

fn names<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(",")
}

pub(super) fn of(lease: &Lease) -> Vec<String> {
    vec![lease.account.to_string(), lease.class.name().to_owned(), lease.token.0.clone()]
}

/// The words by which a worker asks for work.
pub(super) fn asking(ask: &Ask) -> [String; 4] {
    [
        ask.worker.to_string(),
        ask.nonce.to_string(),
        names(ask.classes.iter().map(|class| class.name())),
        names(ask.holds.iter().map(walkon_core::id::AccountId::as_str)),
    ]
}

/// What a claim was answered; `None`: there is more to look at, ask again.
pub(super) fn answer(reply: &[String]) -> Result<Option<Claim>, Error> {
    Ok(Some(match scripts::word(reply, 0)? {
        "work" => Claim::Work(Box::new(claimed(reply)?)),
        "shut" => {
            let next = after(reply, 1)?.unwrap_or_default();
            Claim::Shut { why: shut(scripts::word(reply, 2)?), next }
        }
        _ => match after(reply, 1)? {
            Some(next) if next.is_zero() => return Ok(None),
            next => Claim::Nothing { next },
        },
    }))
}

/// The words by which an attempt is settled.
pub(super) fn settling(
    lease: &Lease,
    id: &ActionId,
    settlement: &Settlement,
    keep: bool,
) -> Vec<String> {
    let outcome = &settlement.outcome;
    let (code, why) = outcome.reason().unwrap_or_default();
    let effect = match outcome {
        Outcome::Done { effect } => effect.name(),
        _ => "",
    };
    let wait = match outcome {
        Outcome::Retry { after, .. } => after.unwrap_or_default(),
        _ => Duration::ZERO,
    };
    let result = settlement.result.as_deref().filter(|result| result.len() <= RESULT_MAX);
    if result.is_none() && settlement.result.is_some() {
        tracing::warn!(action.id = %id, "a result above 2 KiB was dropped");
    }
    let mut args = of(lease);
    args.extend([
        id.to_string(),
        outcome.name().to_owned(),
        effect.to_owned(),
        code.to_owned(),
        why.to_owned(),
        wait.as_millis().to_string(),
        result.unwrap_or_default().to_owned(),
        names(settlement.findings.iter().copied().map(Finding::name)),
        u8::from(keep).to_string(),
    ]);
    args
}

pub(super) fn settled(reply: &[String]) -> Result<Settled, Error> {
    match scripts::word(reply, 0)? {
        "fenced" => Ok(Settled::Fenced),
        name => {
            Ok(Settled::As { state: actions::state(name)?, kept: scripts::int(reply, 1)? == 1 })
        }
    }
}

impl Shard {
    /// Renews leases for their full length from now; returns those that are lost.
    pub async fn extend(&self, leases: &[Lease]) -> Result<Vec<Lease>, Error> {
        let args: Vec<String> = leases.iter().flat_map(of).collect();
        let lost = match self.run(&scripts::EXTEND, &args).await {
            Err(Error::Lost) => return Ok(leases.to_vec()),
            other => other?,
        };
        Ok(leases.iter().filter(|lease| lost.contains(&lease.token.0)).cloned().collect())
    }

    pub(super) fn heard(&self, settled: Settled) {
        if matches!(settled, Settled::As { state, .. } if !state.is_final()) {
            self.inner.bells.work_is_back();
        }
    }

    /// Settles an attempt and asks for work in one call; no claim: there is more to look at, or the
    /// shard is [`Bid::Dry`](super::charged::Bid).
    pub(super) async fn finish_and_ask(
        &self,
        settling: Vec<String>,
        ask: &Ask,
    ) -> Result<(Settled, Option<Claim>), Error> {
        let calls = [(Verb::Finish, settling), (Verb::Claim, asking(ask).to_vec())];
        let replies = self.call_all(calls).await?;
        let settled = settled(&replies[0])?;
        self.heard(settled);
        let is_dry = scripts::word(&replies[1], 0)? == "dry";
        Ok((settled, if is_dry { None } else { answer(&replies[1])? }))
    }

    /// Takes back leases that ended a grace ago and ends work whose time passed, at most `limit`
    /// of each. To be called when [`Reaped::next`] has come, a lease and a grace after the last
    /// call at the latest, and when [`Queue::sooner`] says so.
    pub async fn reap(&self, limit: u32) -> Result<Reaped, Error> {
        let (last, elapsed) = self.inner.rounds.since();
        let args = [limit.to_string(), last.to_string(), elapsed.as_millis().to_string()];
        self.inner.bells.round_begins();
        let reply = self.run(&scripts::REAP, &args).await?;
        let (next, server) = (after(&reply, 2)?, scripts::int(&reply, 3)?);
        self.inner.rounds.note(server);
        let at = |next: Duration| server.saturating_add(next.as_millis() as i64);
        self.inner.bells.round_ended(next.map(at));
        Ok(Reaped {
            leases: scripts::int(&reply, 0)? as u64,
            expired: scripts::int(&reply, 1)? as u64,
            next,
        })
    }
}
