//! Actions from the asker's side.

use jiff::Timestamp;
use walkon_core::action::{Action, RouteWish};
use walkon_core::event::ActionState;
use walkon_core::id::ActionId;

use super::{Error, Shard, pools, scripts};

/// How many actions are taken in one call.
const AT_ONCE: usize = 100;

/// What became of an action that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enqueued {
    /// It is in its lane.
    New(ActionId),
    /// The same action came earlier under its key; there is one copy, this one.
    Same(ActionId),
    /// Another action came earlier under its key, this one.
    Conflict(ActionId),
    /// The queue knows no such account, or no such pool or mission.
    NoAccount,
}

/// What became of the wish to take an action back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It will not be done.
    Yes,
    /// It is being done, or may have been: it is not tried again.
    IfNotDone,
    /// It had ended before, so.
    Ended(ActionState),
    /// There is no such action.
    NoAction,
}

/// How a person settles a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Do it (again), with all attempts fresh.
    Retry,
    /// It was done.
    Done,
    /// It was not done and shall not be.
    Failed,
}

impl Resolution {
    /// Its name in scripts and events.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// The lane within an account: the kind, and the route where the asker forces one.
pub(super) fn slot(kind: &str, route: RouteWish) -> String {
    match route {
        RouteWish::Auto => kind.to_owned(),
        RouteWish::Api => format!("{kind}@api"),
        RouteWish::Browser => format!("{kind}@browser"),
    }
}

fn ms(time: Option<Timestamp>) -> String {
    time.map_or(0, Timestamp::as_millisecond).to_string()
}

pub(super) fn state(name: &str) -> Result<ActionState, Error> {
    ActionState::named(name).ok_or_else(|| Error::Answer(format!("`{name}` is no state")))
}

/// An action on its way into the queue.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The id it is to have.
    pub id: &'a ActionId,
    /// What is asked for, accepted by [`Action::check`].
    pub action: &'a Action,
    /// The id under which it came in.
    pub intake: Option<&'a str>,
}

/// The words of `enqueue.lua`. With several shards a key is its account's own: another's is in
/// another shard, or by chance in the same.
fn words(incoming: &Incoming<'_>, shards: u32) -> [String; 15] {
    let Incoming { id, action, intake } = incoming;
    let kind = action.kind_row();
    let key = |key: &String| {
        if shards == 1 { key.clone() } else { format!("{} {key}", pools::place(action)) }
    };
    [
        id.to_string(),
        pools::place(action),
        action.kind.clone(),
        slot(&action.kind, action.route),
        action.priority.to_string(),
        ms(action.not_before),
        ms(action.expires_at),
        action.key.as_ref().map(key).unwrap_or_default(),
        action.fingerprint(),
        kind.on_lost.name().to_owned(),
        kind.effect.name().to_owned(),
        action.target.as_ref().map(ToString::to_string).unwrap_or_default(),
        action.text_hash().unwrap_or_default(),
        intake.unwrap_or_default().to_owned(),
        serde_json::to_string(action).expect("an action is plain data"),
    ]
}

fn became(name: &str, id: &str) -> Result<Enqueued, Error> {
    let first = || id.parse().map_err(|_| Error::Answer(format!("`{id}` is no action's id")));
    Ok(match name {
        "new" => Enqueued::New(first()?),
        "same" => Enqueued::Same(first()?),
        "conflict" => Enqueued::Conflict(first()?),
        _ => Enqueued::NoAccount,
    })
}

impl Shard {
    /// Takes an action that [`Action::check`] has accepted into its account's lane, or to its
    /// pool's post (a mission's with `pool` named); `intake` is the id under which it came in. The
    /// same call made again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] when Redis has no memory left: nothing was taken.
    pub async fn enqueue(
        &self,
        id: &ActionId,
        action: &Action,
        intake: Option<&str>,
    ) -> Result<Enqueued, Error> {
        let mut taken = self.enqueue_many(&[Incoming { id, action, intake }]).await?;
        taken.pop().ok_or_else(|| Error::Answer("no word about an action".to_owned()))
    }

    /// Takes many actions, a hundred in one call, and says of each what became of it, in their
    /// order. The same call made again changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Queue::enqueue`]; of the actions before the hundred that failed, all were taken.
    pub async fn enqueue_many(&self, incoming: &[Incoming<'_>]) -> Result<Vec<Enqueued>, Error> {
        let mut taken = Vec::with_capacity(incoming.len());
        for some in incoming.chunks(AT_ONCE) {
            let args: Vec<String> = {
                let shards = self.inner.part.of;
                some.iter().flat_map(|one| words(one, shards)).collect()
            };
            let reply = self.run(&scripts::ENQUEUE, &args).await?;
            for end in some.iter().filter_map(|one| one.action.expires_at) {
                self.inner.bells.ends(end.as_millisecond());
            }
            for answer in reply.chunks(2) {
                taken.push(became(scripts::word(answer, 0)?, scripts::word(answer, 1)?)?);
            }
        }
        Ok(taken)
    }
}
