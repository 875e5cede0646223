//! What the demo asks for, and what it lets go wrong while that is done.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use walkon_core::event::{ActionState, Event};

use rand::RngExt as _;
use walkon_core::rng::Seed;

use super::stage::Stage;
use super::{DemoArgs, asked};
use crate::cli::report::Failure;

/// How many actions have ended before Plaza bans an account.
const BAN_AFTER: usize = 8;
/// How many before a worker is killed.
const KILL_AFTER: usize = 15;
/// The account that Plaza bans.
const BANNED: &str = "dan";

/// Whom `--kill` may kill. Plaza is the judge and is spared.
const VICTIMS: [&str; 5] = ["coordinator", "worker 1", "worker 2", "redis", "browser"];

/// Who is killed, and after how many events.
#[derive(Debug, Clone, Copy)]
struct Kill {
    victim: usize,
    after: usize,
}

/// What was asked, and what has become of it so far.
pub(super) struct Told {
    asked: Vec<Value>,
    is_short: bool,
    kill: Option<Kill>,
    /// How many events were read.
    events: usize,
    /// The state of each action, by its id or intake handle.
    states: BTreeMap<String, ActionState>,
    /// When each last changed: after a crash an old event may be told again after a new one.
    changed: BTreeMap<String, Timestamp>,
    after: String,
    banned: bool,
    killed: bool,
    /// Actions taken up again after their worker was lost.
    lost: usize,
    /// Accounts that wait for a person.
    suspended: Vec<String>,
}

impl Told {
    /// What a seed asks for.
    pub(super) fn new(args: &DemoArgs) -> Self {
        let asked = if args.short { asked::short(args.seed) } else { asked::all(args.seed) };
        let mut rng = Seed(args.kill.unwrap_or_default()).child("kill").rng();
        let kill = args.kill.map(|_| Kill {
            victim: rng.random_range(0..VICTIMS.len()),
            after: rng.random_range(0..asked.len() * 3),
        });
        Self {
            asked,
            is_short: args.short,
            kill,
            events: 0,
            states: BTreeMap::new(),
            changed: BTreeMap::new(),
            after: "0".to_owned(),
            banned: false,
            killed: false,
            lost: 0,
            suspended: Vec::new(),
        }
    }

    /// How many actions were asked for.
    pub(super) fn asked(&self) -> usize {
        self.asked.len()
    }

    /// Asks, as any Redis client would.
    pub(super) async fn ask(&self, stage: &Stage) -> Result<(), Failure> {
        for action in &self.asked {
            stage.queue.post(&action.to_string()).await?;
        }
        Ok(())
    }

    /// How many have ended.
    pub(super) fn ended(&self) -> usize {
        self.states.values().filter(|state| state.is_final()).count()
    }

    /// How many stand in each state; they add up to what was asked.
    pub(super) fn states(&self) -> BTreeMap<&'static str, usize> {
        let count = |state| self.states.values().filter(|known| **known == state).count();
        let mut states: BTreeMap<_, _> =
            ActionState::ALL.into_iter().map(|state| (state.name(), count(state))).collect();
        // What the coordinator has not read yet waits on the intake.
        *states.entry("waiting").or_default() += self.asked.len().saturating_sub(self.states.len());
        states
    }

    /// How many actions were taken up again after their worker was lost.
    pub(super) fn taken_up(&self) -> usize {
        self.lost
    }

    /// Accounts that wait for a person.
    pub(super) fn suspended(&self) -> &[String] {
        &self.suspended
    }

    /// In short, for the progress line.
    pub(super) fn message(&self) -> String {
        let states = self.states();
        let shown = states.iter().filter(|(_, count)| **count > 0);
        shown.map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
    }

    /// Reads what has happened, lets the next thing go wrong, and says it in lines.
    pub(super) async fn follow(&mut self, stage: &mut Stage) -> Result<Vec<String>, Failure> {
        let mut lines = Vec::new();
        loop {
            let read = match stage.queue.published(&self.after, 500).await {
                // It was killed: it is started again, and what it had is still there.
                Err(error) if error.is_passing() => break,
                read => read?,
            };
            let Some((last, _)) = read.last() else { break };
            self.after.clone_from(last);
            self.events += read.len();
            for (_, event) in &read {
                lines.extend(self.note(event));
            }
        }
        if let Some(kill) = self.kill.filter(|kill| self.events >= kill.after) {
            let victim = VICTIMS[kill.victim];
            if let Some(pid) = pid_of(victim, stage) {
                self.kill = None;
                kill_now(pid);
                lines.push(format!("--- {victim} (process {pid}) is killed"));
            }
        }
        if self.is_short {
            return Ok(lines);
        }
        if !self.banned && self.ended() >= BAN_AFTER {
            self.banned = true;
            stage.fault(json!({"account": BANNED, "fault": "ban"})).await?;
            lines.push(format!("--- plaza bans {BANNED}"));
        }
        if !self.killed && self.ended() >= KILL_AFTER && self.is_running() {
            self.killed = true;
            if let Some(pid) = stage.fleet.pid("worker 1") {
                kill_now(pid);
                lines.push(format!("--- worker 1 (process {pid}) is killed"));
            }
        }
        Ok(lines)
    }

    fn is_running(&self) -> bool {
        self.states.values().any(|state| *state == ActionState::Running)
    }

    fn note(&mut self, event: &Event) -> Option<String> {
        let word = |text: &Option<String>| text.clone().unwrap_or_default();
        let id = event.action.clone().or_else(|| event.intake.clone());
        let state = match event.kind_of_change.as_str() {
            "queued" | "retrying" => Some(ActionState::Waiting),
            "claimed" | "begun" => Some(ActionState::Running),
            "lost" => {
                self.lost += 1;
                None
            }
            "held" if matches!(event.code.as_deref(), Some("block" | "challenge")) => {
                self.suspended.push(word(&event.account));
                None
            }
            name => ActionState::named(name),
        };
        if let (Some(id), Some(state)) = (id, state) {
            let claimed_to_read = event.duty.as_deref() == Some("verify");
            let state = if claimed_to_read { ActionState::Unknown } else { state };
            if self.changed.get(&id).is_none_or(|at| *at <= event.at) {
                self.changed.insert(id.clone(), event.at);
                self.states.insert(id, state);
            }
        }
        let shown = matches!(
            event.kind_of_change.as_str(),
            "done" | "failed" | "expired" | "refused" | "held" | "lost" | "unknown" | "retrying"
        );
        shown.then(|| {
            let what = [&event.account, &event.kind, &event.target].map(word).join(" ");
            let how = [&event.class, &event.outcome, &event.code].map(word);
            let how: Vec<_> = how.into_iter().filter(|word| !word.is_empty()).collect();
            let time = event.at.strftime("%H:%M:%S");
            format!("{time}  {:<9}{what:<34}{}", event.kind_of_change, how.join(" "))
        })
    }

    /// Whether all is done that can be done without a person.
    pub(super) async fn is_over(&self, stage: &Stage) -> Result<bool, Failure> {
        let open = || self.states.values().filter(|state| !state.is_final());
        // The queue is ahead of its events: of what it calls waiting, the event may be on its way.
        let all_wait = open().all(|state| *state == ActionState::Waiting);
        if self.states.len() < self.asked.len() || !all_wait {
            return Ok(false);
        }
        let open = open().count();
        if open == 0 {
            return Ok(true);
        }
        if self.is_short {
            return self.is_held_by_caps(stage).await;
        }
        let is_held = self.suspended.iter().any(|account| account == BANNED);
        if !is_held {
            return Ok(false);
        }
        // What is left must all belong to the suspended account.
        let path = format!("/api/actions?state=waiting&account={BANNED}&most=1000");
        // A coordinator that was killed is started again: ask it then.
        let Ok(left) = stage.api(&path).await else { return Ok(false) };
        Ok(left["actions"].as_array().map_or(0, Vec::len) == open)
    }

    /// Whether the queue itself says of all that is left that a cap of the day holds it back. Had a
    /// charge been lost, it would not say so, and the action would be done.
    async fn is_held_by_caps(&self, stage: &Stage) -> Result<bool, Failure> {
        for (id, _) in self.states.iter().filter(|(_, state)| !state.is_final()) {
            let Ok(id) = id.parse() else { return Ok(false) };
            let why = match stage.queue.why(&id).await {
                Err(error) if error.is_passing() => return Ok(false),
                why => why?,
            };
            let is_capped = why.is_some_and(|why| {
                let mut codes = why.reasons.iter().map(|reason| reason.code.as_str());
                why.state == ActionState::Waiting && codes.any(|code| code == "kind_daily_cap")
            });
            if !is_capped {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn pid_of(victim: &str, stage: &Stage) -> Option<u32> {
    match victim {
        "redis" => stage.fleet.redis_pid(),
        "browser" => stage.a_browser(),
        role => stage.fleet.pid(role),
    }
}

fn kill_now(pid: u32) {
    use nix::sys::signal::{Signal, kill};
    // It may have ended in this instant: then nobody is killed.
    let _ = kill(nix::unistd::Pid::from_raw(pid as i32), Signal::SIGKILL);
}
