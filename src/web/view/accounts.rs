//! Accounts: where each stands, what limits it, when it may act next.

use jiff::Timestamp;
use walkon_core::account::{Account, Standing};
use walkon_core::health::Health;
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::lease::Class;
use walkon_core::onboarding::Onboarding;
use walkon_core::plan::Plan;
use walkon_core::receipt::Receipt;
use walkon_core::routing;

use crate::coordinator::roster::{DEVICE, PERSONA};
use crate::queue::AccountView;

use super::alerts::AlertRow;
use super::health::{HealthView, PastRow, Steps, health_view, steps};
use super::overview::{self, Ending};
use super::say;
use super::sessions::SessionRow;

/// One reason why an account may not act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRow {
    /// The hold's kind.
    pub kind: &'static str,
    /// In a sentence.
    pub reason: String,
    /// Who or what placed it.
    pub actor: String,
    /// Since when.
    pub since: String,
    /// Until when, or that it waits for a person.
    pub until: String,
    /// Whether it waits for a person.
    pub person: bool,
}

/// Holds in words.
pub fn hold_rows(holds: &[Hold], now: Timestamp) -> Vec<HoldRow> {
    let row = |hold: &Hold| HoldRow {
        kind: hold.kind.name(),
        reason: hold.reason.clone(),
        actor: hold.actor.clone(),
        since: say::ago(now, hold.since),
        until: hold.until.map_or_else(
            || "waits for a person".to_owned(),
            |until| format!("ends {}", say::ahead(now, until)),
        ),
        person: hold.until.is_none(),
    };
    holds.iter().map(row).collect()
}

/// A cap as a bar.
#[derive(Debug, Clone, PartialEq)]
pub struct CapBar {
    /// `today`, `this hour`.
    pub name: &'static str,
    /// Used.
    pub used: u64,
    /// Of how many; `None`: no cap.
    pub most: Option<u32>,
    /// The share in hundredths, at most 100.
    pub share: f64,
}

impl CapBar {
    fn new(name: &'static str, used: u64, most: Option<u32>) -> Self {
        let share = match most {
            Some(0) => 100.0,
            Some(most) => (used as f64 / f64::from(most) * 100.0).min(100.0),
            None => 0.0,
        };
        Self { name, used, most, share }
    }

    /// Whether it is used up.
    pub fn full(&self) -> bool {
        self.most.is_some() && self.share >= 100.0
    }

    /// In words: `18 of 40`.
    pub fn words(&self) -> String {
        match self.most {
            Some(most) => format!("{} of {most}", self.used),
            None => format!("{}, no cap", self.used),
        }
    }
}

/// By which ways an account can act.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ways {
    /// Kinds by the official API.
    pub api: Vec<&'static str>,
    /// Kinds by browser.
    pub browser: Vec<&'static str>,
    /// Kinds it cannot do.
    pub none: Vec<&'static str>,
    /// Whether it has an API token.
    pub token: bool,
}

impl Ways {
    /// What the rules say for these facts.
    pub fn of(facts: &routing::Facts) -> Self {
        let mut ways = Self { token: facts.token, ..Self::default() };
        for (kind, class) in routing::table(facts) {
            match class {
                Some(Class::Api) => ways.api.push(kind),
                Some(Class::Browser) => ways.browser.push(kind),
                None => ways.none.push(kind),
            }
        }
        ways
    }
}

/// One account, for the list and its own page.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountRow {
    /// Our name for it.
    pub id: String,
    /// The site's name for it.
    pub username: String,
    /// One word for where it stands.
    pub word: &'static str,
    /// The site.
    pub site: String,
    /// The device.
    pub device: String,
    /// The persona.
    pub persona: String,
    /// The plan.
    pub plan: String,
    /// The time zone.
    pub zone: String,
    /// How it reaches the site.
    pub proxy: String,
    /// The ways it can act.
    pub ways: Ways,
    /// Its caps.
    pub caps: Vec<CapBar>,
    /// How many actions wait.
    pub waiting: u64,
    /// When it may act next.
    pub next: String,
    /// When it last took up work.
    pub used: String,
    /// What it does now: class and worker.
    pub now: Vec<(String, String)>,
    /// Why it may not act.
    pub holds: Vec<HoldRow>,
    /// Whether an operator paused it.
    pub paused_by_operator: bool,
    /// Its labels.
    pub labels: Vec<(String, String)>,
    /// How it is.
    pub health: HealthView,
    /// How its onboarding goes on; `None`: none is under way, nor has the last one failed.
    pub onboarding: Option<Steps>,
    /// How its last actions ended, the latest first.
    pub last: Vec<Ending>,
}

/// What is known of an account beside its standing.
#[derive(Debug, Default)]
pub struct Known<'a> {
    /// As the queue has it.
    pub queue: Option<AccountView>,
    /// Its plan.
    pub plan: Option<&'a Plan>,
    /// The ways it can act.
    pub ways: Ways,
    /// When it may be claimed next.
    pub due: Option<Timestamp>,
    /// How it is.
    pub health: Option<Health>,
    /// Its latest onboarding.
    pub onboarding: Option<Onboarding>,
    /// Its last receipts, the latest first.
    pub last: Vec<Receipt>,
}

fn next(standing: &Standing, known: &Known<'_>, now: Timestamp) -> String {
    let waiting = known.queue.as_ref().map_or(0, |view| view.waiting);
    let acts = known.queue.as_ref().is_some_and(|view| !view.leases.is_empty());
    match known.due {
        _ if !standing.may_act() && standing.holds.is_empty() => {
            format!("not while it is {}", standing.word())
        }
        _ if !standing.may_act() && standing.holds.iter().all(|hold| hold.until.is_none()) => {
            "not until it is released".to_owned()
        }
        _ if acts => "acting now".to_owned(),
        _ if waiting == 0 => "nothing waits".to_owned(),
        // The queue's clock may be a little ahead of ours.
        Some(at) => say::ahead(now, at).replace("now", "ready"),
        None => "not as things are".to_owned(),
    }
}

/// One account in words.
pub fn row(standing: &Standing, known: Known<'_>, now: Timestamp) -> AccountRow {
    let Account { id, site, username, time_zone, device, persona, plan, proxy, labels, .. } =
        &standing.account;
    let next = next(standing, &known, now);
    let view = known.queue.unwrap_or_default();
    let limits = known.plan.map(|plan| (plan.hourly, plan.daily)).unwrap_or_default();
    let lease = |(class, worker, _): &(Class, String, Option<String>)| {
        (class.name().to_owned(), worker.clone())
    };
    let health = health_view(known.health.as_ref(), now);
    // What is said as a hold is not said again.
    let is_said = standing.holds.iter().any(|hold| hold.reason == health.why);
    AccountRow {
        id: id.to_string(),
        username: username.clone(),
        word: standing.word(),
        site: site.to_string(),
        device: device.clone().unwrap_or_else(|| DEVICE.to_owned()),
        persona: persona.clone().unwrap_or_else(|| PERSONA.to_owned()),
        plan: plan.clone(),
        zone: time_zone.clone(),
        proxy: proxy.as_ref().map_or_else(|| "direct".to_owned(), |proxy| proxy.shown().to_owned()),
        ways: known.ways,
        caps: vec![
            CapBar::new("hour", view.this_hour, limits.0),
            CapBar::new("day", view.today, limits.1),
        ],
        waiting: view.waiting,
        next,
        used: view.used_at.map_or_else(|| "never".to_owned(), |at| say::ago(now, at)),
        now: view.leases.iter().map(lease).collect(),
        holds: hold_rows(&standing.holds, now),
        paused_by_operator: standing.holds.iter().any(|hold| hold.kind == HoldKind::Operator),
        health: HealthView {
            why: if is_said { String::new() } else { health.why.clone() },
            ..health
        },
        onboarding: known.onboarding.as_ref().and_then(steps),
        last: known.last.iter().map(|receipt| overview::ending(receipt, now)).collect(),
        labels: labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
    }
}

/// Where in the list an account belongs: who needs a person first, then who rests.
pub fn rank(word: &str) -> u8 {
    match word {
        "suspended" => 0,
        "error" => 1,
        "paused" | "leaving" => 2,
        "connecting" | "ramping" | "active" => 3,
        _ => 4,
    }
}

/// An account's own page.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountPage {
    /// The account.
    pub row: AccountRow,
    /// Its sessions, newest first.
    pub sessions: Vec<SessionRow>,
    /// Its receipts, newest first.
    pub endings: Vec<Ending>,
    /// How it was, the latest first.
    pub past: Vec<PastRow>,
    /// What somebody should be told of it.
    pub alerts: Vec<AlertRow>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_full_when_used_up_and_zero_is_never() {
        assert!(CapBar::new("day", 0, Some(0)).full());
        assert!(CapBar::new("day", 41, Some(40)).full());
        assert!(!CapBar::new("day", 39, Some(40)).full());
        assert!(!CapBar::new("day", 39, None).full());
        assert_eq!(CapBar::new("day", 3, Some(40)).words(), "3 of 40");
    }

    #[test]
    fn who_needs_a_person_comes_first() {
        assert!(rank("suspended") < rank("paused") && rank("paused") < rank("active"));
    }
}
