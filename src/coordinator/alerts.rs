//! Alerts: what people should be told is written down at once, and told by [`tell`].
//!
//! Each has a key, so that what is raised a thousand times is one alert, and it is over by the same
//! key: a hold that is lifted, a check that is good again, a day whose cap has come to its end.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use walkon_core::alert::{Alert, Severity};
use walkon_core::alerting::Pace;
use walkon_core::capacity::Capacity;
use walkon_core::event::Event;
use walkon_core::health::{Level, Report};
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::AccountId;

use super::{Coordinator, Error};
use crate::notify::Channel;

mod tell;

/// Who is told, and how often.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who.
    pub channels: Vec<Arc<dyn Channel>>,
    /// How often of the same.
    pub pace: Pace,
    /// What comes within this time is told in one message.
    pub gather: Duration,
    /// For how long what is over is kept.
    pub keep: SignedDuration,
}

impl Default for Options {
    fn default() -> Self {
        let (repeat, throttle) = (SignedDuration::from_hours(4), SignedDuration::from_mins(15));
        Self {
            channels: Vec::new(),
            pace: Pace { repeat, throttle },
            gather: Duration::from_secs(5),
            keep: SignedDuration::from_hours(30 * 24),
        }
    }
}

fn of_health(id: &AccountId) -> String {
    format!("health:{id}")
}

fn of_hold(id: &AccountId, kind: HoldKind) -> String {
    format!("hold:{id}:{}", kind.name())
}

impl Coordinator {
    /// Raises an alert; one that stands is raised again.
    pub async fn raise(&self, alert: &Alert) -> Result<(), Error> {
        self.store.raise(alert, self.now()).await?;
        self.care.raised().notify_one();
        Ok(())
    }

    /// Says that an alert is over; `false`: it did not stand.
    pub async fn resolve(&self, key: &str) -> Result<bool, Error> {
        let was = self.store.resolve(key, self.now()).await?;
        if was {
            self.care.raised().notify_one();
        }
        Ok(was)
    }

    /// What a round of checks found.
    pub(super) async fn alert_of_health(
        &self,
        id: &AccountId,
        report: &Report,
    ) -> Result<(), Error> {
        let (severity, title) = match report.level {
            Level::Critical if report.passes() => {
                (Severity::Critical, format!("{id} is stopped until its way to the site is back"))
            }
            Level::Critical => {
                (Severity::Critical, format!("{id} is stopped until somebody has looked"))
            }
            Level::Warning => (Severity::Warning, format!("{id} needs an eye")),
            Level::Healthy => {
                self.resolve(&of_health(id)).await?;
                return Ok(());
            }
            // Nothing is known that would begin or end an alert.
            Level::Unknown => return Ok(()),
        };
        let alert = Alert {
            key: of_health(id),
            code: "health".to_owned(),
            severity,
            account: Some(id.to_string()),
            title,
            why: report.why(),
            fix: report.fix(),
            until: None,
        };
        self.raise(&alert).await
    }

    /// An attempt met something for which the account was stopped.
    pub(super) async fn alert_of_hold(&self, id: &AccountId, hold: &Hold) -> Result<(), Error> {
        if !hold.needs_person() {
            return Ok(());
        }
        let kind = hold.kind.name();
        let alert = Alert {
            key: of_hold(id, hold.kind),
            code: "hold".to_owned(),
            severity: Severity::Critical,
            account: Some(id.to_string()),
            title: format!("{id} is stopped until somebody has looked"),
            why: hold.reason.clone(),
            fix: format!(
                "look at its page and its last session, sort it out with the site, then \
                 `walkon account release {id} --hold {kind}`"
            ),
            until: None,
        };
        self.raise(&alert).await
    }

    /// A hold was lifted: what was told of it is over.
    pub(super) async fn hold_is_over(&self, id: &AccountId, kind: HoldKind) -> Result<(), Error> {
        if kind.needs_person() {
            self.resolve(&of_hold(id, kind)).await?;
        }
        if kind == HoldKind::Health {
            self.resolve(&of_health(id)).await?;
        }
        Ok(())
    }

    /// A cap of ours has reached 80, 95 or 100 percent.
    pub(super) async fn alert_of_quota(&self, event: &Event) -> Result<(), Error> {
        let (code, why) = (event.code.clone().unwrap_or_default(), event.why.clone());
        let why = why.unwrap_or_default();
        let severity = severity_of(share(&why));
        let is_of_fleet = code.starts_with("global_");
        let account = event.account.clone().filter(|_| !is_of_fleet);
        let kind = event.kind.clone().filter(|_| code.starts_with("kind_"));
        let zone = match &account {
            Some(id) => self.zone_of(id).await?,
            None => TimeZone::UTC,
        };
        let until = window_end(&code, event.at, &zone);
        if until.is_some_and(|until| until <= self.now()) {
            return Ok(());
        }
        let who = account.clone().unwrap_or_else(|| "the fleet".to_owned());
        let of = kind.as_ref().map_or_else(String::new, |kind| format!(" for {kind}"));
        let key = ["quota", &who, &code, kind.as_deref().unwrap_or_default()].join(":");
        let alert = Alert {
            key: key.trim_end_matches(':').to_owned(),
            code: "quota".to_owned(),
            severity,
            account,
            title: format!("{who} nears its {}{of}", code.replace('_', " ")),
            why,
            fix: "nothing: it goes on in its next window; or raise the cap in its plan".to_owned(),
            until,
        };
        self.raise(&alert).await
    }

    /// The platform says how much of its own limits is used.
    pub(super) async fn alert_of_capacity(
        &self,
        id: &AccountId,
        said: &Capacity,
    ) -> Result<(), Error> {
        let key = format!("capacity:{id}");
        let now = self.now();
        let level = match (said.level(), said.rests_until(now)) {
            (_, Some(_)) => 100,
            (Some(level), None) => level,
            (None, None) => return self.resolve(&key).await.map(drop),
        };
        let Capacity { used, limit, .. } = said;
        let alert = Alert {
            key,
            code: "capacity".to_owned(),
            severity: severity_of(level),
            account: Some(id.to_string()),
            title: format!("{id} nears the platform's limit `{limit}`"),
            why: format!("{used} % of it is used"),
            fix: "nothing: it rests when the platform says so; or ask less of it".to_owned(),
            // Who is not asked again says nothing more: an hour is the longest of its windows.
            until: Some(said.rests_until(now).unwrap_or(now + SignedDuration::from_hours(1))),
        };
        self.raise(&alert).await
    }

    async fn zone_of(&self, id: &str) -> Result<TimeZone, Error> {
        let Ok(id) = id.parse::<AccountId>() else { return Ok(TimeZone::UTC) };
        let standing = self.store.account(&id).await?;
        let zone = standing.and_then(|one| TimeZone::get(&one.account.time_zone).ok());
        Ok(zone.unwrap_or(TimeZone::UTC))
    }
}

fn severity_of(share: u32) -> Severity {
    match share {
        100.. => Severity::Critical,
        95..=99 => Severity::Warning,
        _ => Severity::Info,
    }
}

/// The share that the queue's sentence ends with: `40 of 50 used: 80 %`.
fn share(why: &str) -> u32 {
    let share = why.rsplit(": ").next().and_then(|end| end.split(' ').next());
    share.and_then(|share| share.parse().ok()).unwrap_or_default()
}

/// When the window of a cap ends, in which so much was used.
fn window_end(code: &str, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let local = at.to_zoned(zone.clone());
    let next = if code.contains("daily") {
        local.tomorrow().ok()?.start_of_day().ok()?
    } else if code.contains("hourly") {
        let hour = local.with().minute(0).second(0).subsec_nanosecond(0).build().ok()?;
        hour.checked_add(1.hour()).ok()?
    } else {
        return None;
    };
    Some(next.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caps_window_ends_on_the_hour_and_at_midnight_of_the_accounts_own_zone() {
        let at: Timestamp = "2026-11-21T20:40:00Z".parse().unwrap();
        let kolkata = TimeZone::get("Asia/Kolkata").unwrap();
        let end = |code, zone: &TimeZone| window_end(code, at, zone).unwrap().to_string();
        assert_eq!(end("daily_cap", &TimeZone::UTC), "2026-11-22T00:00:00Z");
        assert_eq!(end("kind_hourly_cap", &TimeZone::UTC), "2026-11-21T21:00:00Z");
        // 02:10 on the 22nd there.
        assert_eq!(end("kind_daily_cap", &kolkata), "2026-11-22T18:30:00Z");
        assert_eq!(end("hourly_cap", &kolkata), "2026-11-21T21:30:00Z");
        assert_eq!(window_end("odd", at, &kolkata), None);
    }

    #[test]
    fn the_share_is_read_from_the_queues_own_sentence() {
        assert_eq!(share("40 of 50 used: 80 %"), 80);
        assert_eq!(share("50 of 50 used: 100 %"), 100);
        assert_eq!(share(""), 0);
    }
}
