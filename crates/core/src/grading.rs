//! Grading: from what was found of an account to what each check comes to, and all of them.
//!
//! Pure: what was found before, and the time, are arguments. Three rules hold throughout.
//!
//! - What could not be looked at is [`Grade::Skipped`] or [`Grade::Unknown`], never good.
//! - A token, a challenge, a block: critical at once, and only a person lets the account go on.
//! - A network or a server that fails: a warning at first, critical after [`Limits::patience`]
//!   rounds in a row, and good again with the first round that gets through.

use jiff::{SignedDuration, Timestamp};

use crate::capacity::Capacity;
use crate::health::{Check, Checked, Grade, Health, Level, Report};
use crate::id::AccountId;

/// From when on what is found needs an eye.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How many rounds in a row a network or a server may fail before the account is stopped.
    pub patience: u32,
    /// An answer that takes longer, in milliseconds.
    pub slow_ms: u64,
    /// A token that ends within this time.
    pub token_ends: SignedDuration,
    /// A grant that ends within so many days.
    pub grant_days: i64,
    /// Due work that nobody has taken up for this time.
    pub lanes: SignedDuration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            patience: 3,
            slow_ms: 2_000,
            token_ends: SignedDuration::from_hours(10 * 24),
            grant_days: 7,
            lanes: SignedDuration::from_mins(15),
        }
    }
}

/// What is wrong where something did not answer as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ill {
    /// It could not be reached, or said nothing that can be trusted.
    Network,
    /// It asked to go slower.
    Limited,
    /// The token or the password is not good.
    Credential,
    /// It asks to prove something.
    Challenged,
    /// It has blocked or banned the account.
    Blocked,
    /// It refused the question.
    Refused,
}

/// What came of looking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<T> {
    /// It was looked at.
    Seen(T),
    /// It did not answer as it should, with why.
    Ill(Ill, String),
    /// It could not be looked at, or does not apply, with why.
    Skipped(String),
}

/// The way to the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Who answered, for the sentence: `the API, as ada`.
    pub who: String,
    /// How long it took.
    pub ms: u64,
    /// Whom the API takes it for, where that is somebody else.
    pub other: Option<String>,
}

/// The way through a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// How long it took.
    pub ms: u64,
    /// The address it leaves from, or why that is not known.
    pub address: Result<String, String>,
    /// The address it should leave from, as its owner wrote it.
    pub expected: Option<String>,
}

/// What an account has to sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// How many cookies it has that are still good; `None`: it has no storage state.
    pub cookies: Option<usize>,
    /// Whether it could sign in again.
    pub password: bool,
}

/// Everything that was found in one round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The way to the site.
    pub connection: Found<Reach>,
    /// When the token ends; `None`: never, or the platform does not say.
    pub token: Found<Option<Timestamp>>,
    /// Permissions that the token lacks.
    pub permissions: Found<Vec<String>>,
    /// What the site does not tell us of.
    pub webhook: Found<Vec<String>>,
    /// For how long due work has not been taken up; `None`: there is none.
    pub lanes: Found<Option<SignedDuration>>,
    /// What the platform says of its limits.
    pub capacity: Found<Capacity>,
    /// The way through the proxy.
    pub proxy: Found<Exit>,
    /// What does not agree in the profile.
    pub profile: Found<Vec<String>>,
    /// What it has to sign in with.
    pub sign_in: Found<SignedIn>,
    /// For how many days the grant is good.
    pub grant: Found<i64>,
}

/// Grades one round of one account.
pub fn grade(
    account: &AccountId,
    facts: &Facts,
    before: Option<&Health>,
    limits: &Limits,
    now: Timestamp,
) -> Report {
    let grading = Grading { account, before: before.map(|health| &health.report), limits, now };
    let checks = vec![
        grading.one(Check::Connection, &facts.connection, |reach| grading.connection(reach)),
        grading.one(Check::Token, &facts.token, |ends| grading.token(*ends)),
        grading.one(Check::Permissions, &facts.permissions, |lacks| permissions(lacks)),
        grading.one(Check::Webhook, &facts.webhook, |lacks| webhook(lacks)),
        grading.one(Check::Lanes, &facts.lanes, |late| grading.lanes(*late)),
        grading.one(Check::Capacity, &facts.capacity, capacity),
        grading.one(Check::Proxy, &facts.proxy, |exit| grading.proxy(exit)),
        grading.one(Check::Profile, &facts.profile, |wrong| profile(wrong)),
        grading.one(Check::SignIn, &facts.sign_in, sign_in),
        grading.one(Check::Grant, &facts.grant, |days| grading.grant(*days)),
    ];
    Report { account: account.clone(), at: now, level: level(&checks), checks }
}

/// The level of a round: the worst of its checks. It is healthy only where the way to the site was
/// found good: an account of which nothing is known is not well.
pub fn level(checks: &[Checked]) -> Level {
    let has = |grade| checks.iter().any(|one| one.grade == grade);
    let reached =
        checks.iter().any(|one| one.check == Check::Connection && one.grade == Grade::Good);
    if has(Grade::Critical) {
        Level::Critical
    } else if has(Grade::Warning) {
        Level::Warning
    } else if reached {
        Level::Healthy
    } else {
        Level::Unknown
    }
}

/// Whether an account that was stopped for a network or a server may go on: the ways to the site
/// were looked at in this round, and let it through.
pub fn comes_back(report: &Report) -> bool {
    let is_open = |one: &Checked| match one.grade {
        Grade::Good => true,
        Grade::Warning => one.in_a_row == 0,
        // It has no proxy; a connection that was not looked at is no open way.
        Grade::Skipped => one.check != Check::Connection,
        Grade::Critical | Grade::Unknown => false,
    };
    let ways = report.checks.iter().filter(|one| stops_at_all(one.check));
    report.level != Level::Critical
        && report.checked(Check::Connection).is_some()
        && ways.into_iter().all(is_open)
}

/// What one round is graded by.
struct Grading<'a> {
    account: &'a AccountId,
    before: Option<&'a Report>,
    limits: &'a Limits,
    now: Timestamp,
}

fn good(check: Check, why: impl Into<String>) -> Checked {
    Checked::new(check, Grade::Good, why)
}

fn warning(check: Check, why: impl Into<String>) -> Checked {
    Checked::new(check, Grade::Warning, why)
}

fn critical(check: Check, why: impl Into<String>) -> Checked {
    Checked::new(check, Grade::Critical, why)
}

impl Grading<'_> {
    fn one<T>(&self, check: Check, found: &Found<T>, seen: impl Fn(&T) -> Checked) -> Checked {
        match found {
            Found::Seen(what) => seen(what),
            Found::Ill(ill, why) => self.ill(check, *ill, why),
            Found::Skipped(why) => Checked::new(check, Grade::Skipped, why),
        }
    }

    fn ill(&self, check: Check, ill: Ill, why: &str) -> Checked {
        let id = self.account;
        match ill {
            Ill::Network => self.unreached(check, why),
            Ill::Limited => warning(check, why).fix("nothing: it rests until the platform lets it"),
            Ill::Credential => critical(check, why).fix(format!(
                "give it a good one: correct its file, `walkon account import`, then \
                 `walkon account onboard {id}`"
            )),
            Ill::Challenged => critical(check, why).fix(format!(
                "answer it on the site as a person, then `walkon account release {id} --hold \
                 health`"
            )),
            Ill::Blocked => critical(check, why).fix(format!(
                "sort it out with the site, then `walkon account release {id} --hold health`"
            )),
            Ill::Refused => Checked::new(check, Grade::Unknown, why)
                .fix("look whether the site's `api` in site.toml is the right one"),
        }
    }

    /// One that does not answer may do so the next moment: only a row of such rounds stops it.
    fn unreached(&self, check: Check, why: &str) -> Checked {
        let before = self.before.and_then(|before| before.checked(check));
        let in_a_row = before.map_or(0, |before| before.in_a_row) + 1;
        let stops = in_a_row >= self.limits.patience.max(1) && stops_at_all(check);
        let grade = if stops { Grade::Critical } else { Grade::Warning };
        let mut one = Checked::new(check, grade, why);
        one.in_a_row = in_a_row;
        one.passes = stops;
        one.seen = before.and_then(|before| before.seen.clone());
        one.fix("mend the way to the site; it goes on by itself with the next good check")
    }

    fn slow(&self, check: Check, ms: u64, why: &str) -> Checked {
        let mut one = if ms > self.limits.slow_ms {
            let most = self.limits.slow_ms;
            warning(check, format!("{why}, slowly: {ms} ms"))
                .fix(format!("look at the network and the proxy; more than {most} ms needs an eye"))
        } else {
            good(check, format!("{why} in {ms} ms"))
        };
        one.ms = Some(ms);
        one
    }

    fn connection(&self, reach: &Reach) -> Checked {
        if let Some(other) = &reach.other {
            let why = format!("its token is of `{other}`, not of this account");
            return critical(Check::Connection, why)
                .fix("give it its own token, or correct its `username`");
        }
        self.slow(Check::Connection, reach.ms, &format!("{} answers", reach.who))
    }

    fn token(&self, ends: Option<Timestamp>) -> Checked {
        let Some(ends) = ends else {
            return good(Check::Token, "it is good; the platform names no end");
        };
        let left = ends.duration_since(self.now);
        if left <= SignedDuration::ZERO {
            return self.ill(Check::Token, Ill::Credential, &format!("it ended {ends}"));
        }
        let days = left.as_hours() / 24;
        let why = format!("it is good until {ends}, {days} days");
        if left <= self.limits.token_ends {
            return warning(Check::Token, why).fix("renew it before then");
        }
        good(Check::Token, why)
    }

    fn lanes(&self, late: Option<SignedDuration>) -> Checked {
        match late {
            Some(late) if late > self.limits.lanes => {
                let minutes = late.as_mins();
                let why = format!("its work has been due for {minutes} min, and nobody takes it");
                warning(Check::Lanes, why)
                    .fix("see whether workers run that can do it: `walkon action why`")
            }
            Some(_) => good(Check::Lanes, "what is due is being taken up"),
            None => good(Check::Lanes, "nothing is due"),
        }
    }

    fn proxy(&self, exit: &Exit) -> Checked {
        let before = self.before.and_then(|before| before.checked(Check::Proxy)?.seen.clone());
        let seen = exit.address.as_ref().ok().cloned();
        let mut one = match (&exit.address, &exit.expected, &before) {
            (Ok(address), Some(expected), _) if address != expected => {
                let why = format!("it leaves from {address}, not from {expected}");
                critical(Check::Proxy, why).fix("correct the proxy, or its `exit`")
            }
            (Ok(address), None, Some(before)) if address != before => {
                let why = format!("it leaves from {address}; the last time it was {before}");
                let fix = "write the right address as the proxy's `exit`, and it is held to it";
                warning(Check::Proxy, why).fix(fix)
            }
            (Ok(address), ..) => {
                self.slow(Check::Proxy, exit.ms, &format!("it leaves from {address}"))
            }
            (Err(why), ..) => self.slow(Check::Proxy, exit.ms, &format!("it lets through ({why})")),
        };
        one.ms = Some(exit.ms);
        one.seen = seen.or(before);
        one
    }

    fn grant(&self, days: i64) -> Checked {
        let why = format!("it is good for {days} days");
        match days {
            ..0 => critical(Check::Grant, "it has ended").fix("ask the site to publish it anew"),
            _ if days <= self.limits.grant_days => {
                warning(Check::Grant, why).fix("ask the site to publish it anew before then")
            }
            _ => good(Check::Grant, why),
        }
    }
}

/// Whether an account is stopped because this does not answer. Without the webhook or the token's
/// details it can still act.
fn stops_at_all(check: Check) -> bool {
    matches!(check, Check::Connection | Check::Proxy)
}

fn permissions(lacks: &[String]) -> Checked {
    if lacks.is_empty() {
        return good(Check::Permissions, "it may do what the site's kinds need");
    }
    let why = format!("its token lacks {}", lacks.join(", "));
    let fix = "let its owner sign in again and leave every permission ticked";
    warning(Check::Permissions, why).fix(fix)
}

fn webhook(lacks: &[String]) -> Checked {
    if lacks.is_empty() {
        return good(Check::Webhook, "the site tells us of what happens to it");
    }
    let why = format!("the site does not tell us of {}", lacks.join(", "));
    warning(Check::Webhook, why).fix("`walkon account onboard ID --step webhook` subscribes again")
}

fn capacity(said: &Capacity) -> Checked {
    let Capacity { used, limit, regain } = said;
    let why = format!("{used} % of the platform's limit `{limit}` is used");
    match regain {
        Some(regain) => {
            let minutes = regain.as_secs().div_ceil(60);
            warning(Check::Capacity, format!("{why}; calls are let through in {minutes} min"))
                .fix("nothing: it rests until then")
        }
        None if *used >= 80 => warning(Check::Capacity, why).fix("ask less of it"),
        None => good(Check::Capacity, why),
    }
}

fn profile(wrong: &[String]) -> Checked {
    if wrong.is_empty() {
        return good(Check::Profile, "device, persona, plan and time zone are there");
    }
    critical(Check::Profile, wrong.join("; ")).fix("correct the account, `walkon account import`")
}

fn sign_in(with: &SignedIn) -> Checked {
    let check = Check::SignIn;
    match (with.cookies, with.password) {
        (Some(1..), _) => good(check, "it has kept what makes it signed in"),
        (Some(0), true) => warning(check, "what made it signed in has ended; it has a password")
            .fix("nothing: it signs in with its next visit"),
        (None, true) => {
            Checked::new(check, Grade::Skipped, "it has not signed in yet; it has a password")
        }
        (_, false) => critical(check, "it is not signed in and has no password")
            .fix("give it a `password_file`, then `walkon account import`"),
    }
}

#[cfg(test)]
mod tests;
