//! Onboarding: an account is connected step by step, and what came of each step is there to be
//! read while it goes on.
//!
//! It is a job of the coordinators: whoever is free takes one that was asked for, writes down each
//! step before and after it, and beats meanwhile. One that dies leaves its job to the next, who
//! goes on with the step that was under way: every step may be done twice. Where the database is
//! away, nothing is written, and the job is taken up again when it is back.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::task::JoinSet;
use walkon_core::account::{Lifecycle, Standing};
use walkon_core::audit::Note;
use walkon_core::id::AccountId;
use walkon_core::lifecycle::Mover;
use walkon_core::onboarding::{Ending, Onboarding, Step, StepResult, StepState};

use super::{Coordinator, Error};
use crate::queue::Person;
use crate::shutdown::Shutdown;

mod sign_in;
mod steps;

/// How many accounts are connected at once by one coordinator.
const AT_ONCE: usize = 8;
/// How often it is looked whether somebody else left one behind.
const LOOK: Duration = Duration::from_secs(2);
/// How often whoever works on one says so, and after how long without it they have died.
const BEAT: Duration = Duration::from_secs(2);
const STALE: SignedDuration = SignedDuration::from_secs(10);
/// How long to wait where the database does not answer.
const AWAY: Duration = Duration::from_millis(500);

/// What a step came to.
struct Went {
    state: StepState,
    why: String,
    fix: Option<String>,
}

impl Went {
    fn done(why: impl Into<String>) -> Self {
        Self { state: StepState::Done, why: why.into(), fix: None }
    }

    fn failed(why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: StepState::Failed, why: why.into(), fix: Some(fix.into()) }
    }

    fn skipped(why: impl Into<String>) -> Self {
        Self { state: StepState::Skipped, why: why.into(), fix: None }
    }
}

/// Whether there is no sense in going on where this step has failed.
fn is_needed(step: Step) -> bool {
    matches!(step, Step::Credentials | Step::Connection | Step::SignIn | Step::Plan)
}

impl Coordinator {
    /// Asks for an account to be connected, or for one step of it to be done again.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with `unknown_account`.
    pub async fn ask_onboarding(
        &self,
        id: &AccountId,
        only: Option<Step>,
        who: &Person,
    ) -> Result<Onboarding, Error> {
        let standing = self.standing_of(id).await?;
        let is_out = matches!(standing.lifecycle, Lifecycle::Inactive | Lifecycle::Error);
        if is_out && only.is_none() {
            self.move_account(id, Lifecycle::Connecting, Mover::Person, who).await?;
        }
        let asked = self.store.ask_onboarding(id, only, &who.name, self.now()).await?;
        let note = Note {
            ts: asked.asked_at,
            actor: who.name.clone(),
            action: "onboard".to_owned(),
            account: Some(id.to_string()),
            subject: only.map(|step| step.name().to_owned()),
            outcome: None,
            why: Some(who.why.clone()),
        };
        self.store.note(&note, Some(&format!("onboard:{id}:{}", asked.run))).await?;
        self.care.asked().notify_one();
        Ok(asked)
    }

    /// Connects accounts until a stop. What is under way then is gone on with after the next start.
    pub async fn keep_connecting(self, shutdown: Shutdown) {
        let runner = format!("{:x}-{}", self.now().as_microsecond(), std::process::id());
        // Tasks of their own: one that rests in the midst of a statement would keep the only
        // connection of a SQLite from whoever takes the next.
        let mut running = JoinSet::new();
        loop {
            while running.len() < AT_ONCE {
                match self.store.take_onboarding(&runner, self.now(), STALE).await {
                    Ok(Some(taken)) => {
                        let (all, runner) = (self.clone(), runner.clone());
                        running.spawn(async move { all.connect(taken, &runner).await });
                    }
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "onboardings wait"
                        );
                        tokio::time::sleep(AWAY).await;
                        break;
                    }
                }
            }
            tokio::select! {
                Some(_) = running.join_next(), if !running.is_empty() => {}
                () = self.care.asked().notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                () = shutdown.soft().cancelled() => return,
            }
        }
    }

    async fn connect(&self, taken: Onboarding, runner: &str) {
        let id = taken.account.clone();
        if let Err(error) = self.go_through(taken, runner).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(account = %id, error, "its onboarding is taken up again later");
        }
    }

    async fn go_through(&self, mut one: Onboarding, runner: &str) -> Result<(), Error> {
        let id = one.account.clone();
        while let Some(step) = one.next() {
            let Some(standing) = self.store.account(&id).await? else { return Ok(()) };
            if standing.lifecycle == Lifecycle::Inactive && one.only.is_none() {
                return self.end(one, Some(Ending::Inactive), runner).await;
            }
            one.set(StepResult { state: StepState::Running, ..StepResult::waiting(step) });
            if !self.store.keep_onboarding(runner, &one, self.now()).await? {
                return Ok(());
            }
            let failed = one.steps.iter().find(|past| {
                past.state == StepState::Failed && is_needed(past.step) && one.only.is_none()
            });
            let went = match failed.map(|past| past.step.name()) {
                Some(failed) if step != Step::Status => {
                    Went::skipped(format!("`{failed}` failed before it"))
                }
                _ => self.beating(&one, runner, Box::pin(self.step(step, &standing, &one))).await?,
            };
            let Went { state, why, fix } = went;
            one.set(StepResult { step, state, why: Some(why), fix, at: Some(self.now()) });
            if !self.store.keep_onboarding(runner, &one, self.now()).await? {
                return Ok(());
            }
        }
        self.settle_onboarding(one, runner).await
    }

    /// Does a step, and says meanwhile that somebody is at it.
    async fn beating(
        &self,
        one: &Onboarding,
        runner: &str,
        step: impl Future<Output = Result<Went, Error>>,
    ) -> Result<Went, Error> {
        // Both go on at once: a beat may need the connection that the step has.
        let beats = async {
            loop {
                tokio::time::sleep(BEAT).await;
                // Asked for anew, or somebody else's: the end of the step notices.
                self.store.keep_onboarding(runner, one, self.now()).await?;
            }
        };
        tokio::select! {
            went = step => went,
            lost = beats => lost,
        }
    }

    /// Where the account stands after all its steps.
    async fn settle_onboarding(&self, one: Onboarding, runner: &str) -> Result<(), Error> {
        if !one.is_whole() {
            // One step of an account that was never connected as a whole.
            return self.end(one, None, runner).await;
        }
        let id = one.account.clone();
        let Some(standing) = self.store.account(&id).await? else { return Ok(()) };
        let asked = Person::new(&one.asked_by, "asked for its onboarding");
        if one.has_failed() {
            let failed: Vec<_> =
                one.steps.iter().filter(|past| past.state == StepState::Failed).collect();
            let why = failed.iter().map(|past| {
                format!("{}: {}", past.step.name(), past.why.clone().unwrap_or_default())
            });
            let person = Person::new("walkon", &why.collect::<Vec<_>>().join("; "));
            if !matches!(standing.lifecycle, Lifecycle::Error | Lifecycle::Inactive) {
                self.move_account(&id, Lifecycle::Error, Mover::Fleet, &person).await?;
            }
            return self.end(one, Some(Ending::Failed), runner).await;
        }
        if matches!(standing.lifecycle, Lifecycle::Inactive | Lifecycle::Error) {
            self.move_account(&id, Lifecycle::Connecting, Mover::Person, &asked).await?;
        }
        if self.standing_of(&id).await?.lifecycle == Lifecycle::Connecting {
            let person = Person::new("walkon", "every step of its onboarding went well");
            self.move_account(&id, Lifecycle::Active, Mover::Fleet, &person).await?;
        }
        let ending = match self.standing_of(&id).await?.lifecycle {
            Lifecycle::Ramping => Ending::Ramping,
            Lifecycle::Active => Ending::Active,
            _ => Ending::Inactive,
        };
        self.end(one, Some(ending), runner).await
    }

    async fn end(
        &self,
        mut one: Onboarding,
        ending: Option<Ending>,
        runner: &str,
    ) -> Result<(), Error> {
        one.ended_at = Some(self.now());
        one.ending = ending;
        self.store.keep_onboarding(runner, &one, self.now()).await?;
        let ending = ending.map_or("as it was", Ending::name);
        tracing::info!(account = %one.account, ending, "its onboarding has ended");
        Ok(())
    }

    async fn step(&self, step: Step, standing: &Standing, one: &Onboarding) -> Result<Went, Error> {
        let account = &standing.account;
        match step {
            Step::Credentials => self.look_at_credentials(account).await,
            Step::Permissions => self.look_at_permissions(account).await,
            Step::Connection => self.try_connection(account).await,
            Step::SignIn => self.sign_in(standing, one).await,
            Step::Grant => Ok(self.look_for_grant(account)),
            Step::Webhook => self.subscribe(account).await,
            Step::Plan => self.put_plan(account).await,
            Step::Ramp => {
                Ok(Went::skipped("plans have no ramp yet: it acts by its plan's own limits"))
            }
            Step::Replies => Ok(Went::skipped("there are no replies by rule yet")),
            Step::Comments => Ok(Went::skipped("there is no eye on comments yet")),
            Step::Publishing => self.look_at_publishing(account).await,
            Step::Limits => self.look_at_limits(account).await,
            Step::Status => self.look_at_whole(standing, one).await,
        }
    }
}
