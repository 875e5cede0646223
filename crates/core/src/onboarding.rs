//! Onboarding: the steps by which an account is connected, and how far it is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::AccountId;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Its secrets are there and can be what they are said to be.
    Credentials,
    /// The token may do what the site's kinds need.
    Permissions,
    /// The API answers as this account.
    Connection,
    /// It signs in on the site in its browser.
    SignIn,
    /// The site permits this fleet to act there.
    Grant,
    /// The site tells us of what happens to the account.
    Webhook,
    /// Its plan limits it, in the queue.
    Plan,
    /// How its caps grow by the day.
    Ramp,
    /// Replies by rule.
    Replies,
    /// An eye on its comments.
    Comments,
    /// Its way of publishing.
    Publishing,
    /// What the platform lets it do at present.
    Limits,
    /// It is checked as a whole, and where it stands is written down.
    Status,
}

impl Step {
    /// Every step, in their order.
    pub const ALL: [Self; 13] = [
        Self::Credentials,
        Self::Permissions,
        Self::Connection,
        Self::SignIn,
        Self::Grant,
        Self::Webhook,
        Self::Plan,
        Self::Ramp,
        Self::Replies,
        Self::Comments,
        Self::Publishing,
        Self::Limits,
        Self::Status,
    ];

    /// Its name for people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Permissions => "permissions",
            Self::Connection => "connection",
            Self::SignIn => "sign_in",
            Self::Grant => "grant",
            Self::Webhook => "webhook",
            Self::Plan => "plan",
            Self::Ramp => "ramp",
            Self::Replies => "replies",
            Self::Comments => "comments",
            Self::Publishing => "publishing",
            Self::Limits => "limits",
            Self::Status => "status",
        }
    }

    /// The step of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It comes later.
    Waiting,
    /// It is under way.
    Running,
    /// It went well.
    Done,
    /// It did not.
    Failed,
    /// It was left out, for a reason.
    Skipped,
}

impl StepState {
    /// Its name for people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether it has a result.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// One step and how it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepResult {
    /// Which.
    pub step: Step,
    /// Where it stands.
    pub state: StepState,
    /// What was found, what went wrong, or why it was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What to do about a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// When it came to that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl StepResult {
    /// A step that comes later.
    pub fn waiting(step: Step) -> Self {
        Self { step, state: StepState::Waiting, why: None, fix: None, at: None }
    }
}

/// How an onboarding ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It may act.
    Active,
    /// It may act, with caps that grow by the day.
    Ramping,
    /// A person set it aside meanwhile.
    Inactive,
    /// A step failed; the account is in the state `error`.
    Failed,
}

impl Ending {
    /// Its name for people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ramping => "ramping",
            Self::Inactive => "inactive",
            Self::Failed => "failed",
        }
    }
}

/// An account's onboarding: the latest there was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Onboarding {
    /// Of whom.
    pub account: AccountId,
    /// The how manieth run, from 1.
    pub run: u64,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Who asked.
    pub asked_by: String,
    /// The only step that was asked for; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Step>,
    /// Every step, in their order.
    pub steps: Vec<StepResult>,
    /// When it ended; `None`: it waits or is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

impl Onboarding {
    /// One that was just asked for, after another or as the first. Of one step alone, the others
    /// keep their results.
    pub fn asked(
        account: &AccountId,
        before: Option<&Self>,
        only: Option<Step>,
        by: &str,
        at: Timestamp,
    ) -> Self {
        let kept = |step: Step| {
            let before = before?.steps.iter().find(|one| one.step == step)?;
            (only.is_some() && only != Some(step) && before.state.is_over()).then(|| before.clone())
        };
        let steps = Step::ALL.map(|step| kept(step).unwrap_or_else(|| StepResult::waiting(step)));
        Self {
            account: account.clone(),
            run: before.map_or(1, |before| before.run + 1),
            asked_at: at,
            asked_by: by.to_owned(),
            only,
            steps: steps.to_vec(),
            ended_at: None,
            ending: None,
        }
    }

    /// The step that is to be done next; `None`: all that was asked for has a result.
    pub fn next(&self) -> Option<Step> {
        let open = |one: &&StepResult| {
            !one.state.is_over() && self.only.is_none_or(|only| only == one.step)
        };
        self.steps.iter().find(open).map(|one| one.step)
    }

    /// One step.
    pub fn step(&self, step: Step) -> Option<&StepResult> {
        self.steps.iter().find(|one| one.step == step)
    }

    /// Writes down where a step stands.
    pub fn set(&mut self, result: StepResult) {
        if let Some(one) = self.steps.iter_mut().find(|one| one.step == result.step) {
            *one = result;
        }
    }

    /// Whether a step has failed.
    pub fn has_failed(&self) -> bool {
        self.steps.iter().any(|one| one.state == StepState::Failed)
    }

    /// Whether every step has a result.
    pub fn is_whole(&self) -> bool {
        self.steps.iter().all(|one| one.state.is_over())
    }
}
