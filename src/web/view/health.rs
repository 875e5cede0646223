//! How an account is and how far its onboarding is, in words.

use jiff::Timestamp;
use walkon_core::health::{Health, Level};
use walkon_core::onboarding::{Onboarding, StepState};

use super::say::{self, Marked};

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRow {
    /// Which.
    pub name: String,
    /// What it came to.
    pub grade: &'static str,
    /// What was found.
    pub why: Marked,
    /// What to do.
    pub fix: Marked,
}

/// How an account is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthView {
    /// In a word.
    pub level: &'static str,
    /// Why, where it is not well.
    pub why: String,
    /// Since when, and when it was last looked at.
    pub when: String,
    /// The checks behind it.
    pub checks: Vec<CheckRow>,
}

/// How an account is, in words.
pub fn health_view(health: Option<&Health>, now: Timestamp) -> HealthView {
    let Some(Health { report, since, .. }) = health else {
        let (level, when) = (Level::Unknown.name(), "it was not checked yet".to_owned());
        return HealthView { level, why: String::new(), when, checks: Vec::new() };
    };
    let row = |one: &walkon_core::health::Checked| CheckRow {
        name: say::plain(one.check.name()),
        grade: one.grade.name(),
        why: say::marked(&one.why),
        fix: say::marked(one.fix.as_deref().unwrap_or_default()),
    };
    HealthView {
        level: report.level.name(),
        why: report.why(),
        when: format!("for {}, looked at {}", say::since(now, *since), say::ago(now, report.at)),
        checks: report.checks.iter().map(row).collect(),
    }
}

/// How an account was for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRow {
    /// In a word.
    pub level: &'static str,
    /// For how long, and until when.
    pub when: String,
    /// The first moment in full.
    pub since: String,
    /// Why, where it was not well.
    pub why: String,
}

/// How an account was, the latest first; `all` begins with how it is.
pub fn past(all: &[Health], now: Timestamp) -> Vec<PastRow> {
    let pairs = all.iter().zip(all.iter().skip(1));
    let row = |(after, health): (&Health, &Health)| PastRow {
        level: health.report.level.name(),
        when: format!(
            "for {}, until {}",
            say::since(after.since, health.since),
            say::ago(now, after.since)
        ),
        since: say::full(health.since),
        why: health.report.why(),
    };
    pairs.map(row).collect()
}

/// An onboarding under way, or one that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    /// How many steps have a result.
    pub over: usize,
    /// How many there are.
    pub all: usize,
    /// That as a share in hundredths.
    pub share: f64,
    /// What is done now, or what has failed.
    pub now: String,
    /// Whether a step has failed.
    pub failed: bool,
    /// Every step: name, state, why.
    pub steps: Vec<(String, &'static str, String)>,
}

/// An onboarding in words; one that ended well says nothing.
pub fn steps(onboarding: &Onboarding) -> Option<Steps> {
    let failed = onboarding.steps.iter().find(|one| one.state == StepState::Failed);
    if onboarding.ended_at.is_some() && failed.is_none() {
        return None;
    }
    let (all, over) = (onboarding.steps.len(), onboarding.steps.iter());
    let over = over.filter(|one| one.state.is_over()).count();
    let now = match failed {
        Some(one) => {
            format!("{}: {}", say::plain(one.step.name()), one.why.clone().unwrap_or_default())
        }
        None => onboarding.next().map_or("to be asked".to_owned(), |step| say::plain(step.name())),
    };
    let row = |one: &walkon_core::onboarding::StepResult| {
        (say::plain(one.step.name()), one.state.name(), one.why.clone().unwrap_or_default())
    };
    Some(Steps {
        over,
        all,
        share: over as f64 * 100.0 / all.max(1) as f64,
        now,
        failed: failed.is_some(),
        steps: onboarding.steps.iter().map(row).collect(),
    })
}
