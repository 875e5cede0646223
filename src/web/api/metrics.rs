//! `/metrics`: how the fleet stands, in numbers, for Prometheus and what reads its format.
//!
//! Everything is read when it is asked for, so that a scrape tells no older truth than the pages.
//! No label has more values than are written in the code: neither accounts nor sites are labels.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tokio::time::Instant;
use walkon_core::api_token::ApiScope;
use walkon_core::event::ActionState;
use walkon_core::lease::Class;
use walkon_core::pressure::{Pressure, Reason};

use super::super::route::{Needs, Route};
use super::Problem;
use crate::coordinator::Coordinator;
use crate::queue::Stats;

/// What the text is, as its specification names it (`OpenMetrics` 1.0.0).
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The routes.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    vec![
        Route::get("/metrics", Needs::Scope(ApiScope::ActionsRead), metrics)
            .about("How the fleet stands, in numbers, in the OpenMetrics format."),
    ]
}

async fn metrics(State(c): State<Coordinator>) -> Result<Response, Problem> {
    let stats = c.queue.stats().await?;
    let crew = c.crew.all(Instant::now());
    let crew: Vec<Pressure> = crew.into_iter().map(|(_, pressure)| pressure).collect();
    let mut registry = Registry::with_prefix("walkon");
    let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "Which version it is", version);
    tell_queue(&mut registry, &stats);
    tell_crew(&mut registry, &crew);
    let mut text = String::new();
    // Writing into a text does not fail.
    let _ = encode(&mut text, &registry);
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

/// One number.
fn gauge(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(value.try_into().unwrap_or(i64::MAX));
    registry.register(name, help, gauge);
}

/// A number for each value of a label.
fn gauges(
    registry: &mut Registry,
    (name, help): (&str, &str),
    label: &'static str,
    values: impl IntoIterator<Item = (&'static str, u64)>,
) {
    let family = Family::<[(&'static str, &'static str); 1], Gauge>::default();
    for (value, count) in values {
        let labels = [(label, value)];
        family.get_or_create(&labels).set(count.try_into().unwrap_or(i64::MAX));
    }
    registry.register(name, help, family);
}

fn tell_queue(registry: &mut Registry, stats: &Stats) {
    let counts = ActionState::ALL.into_iter().map(|state| (state.name(), stats.count(state)));
    gauges(registry, ("actions", "Actions, by state"), "state", counts);
    let of = |counts: &std::collections::BTreeMap<Class, u64>| {
        Class::ALL.map(|class| (class.name(), counts.get(&class).copied().unwrap_or_default()))
    };
    let ready = ("accounts_ready", "Accounts that may be claimed now, by the means of their work");
    gauges(registry, ready, "class", of(&stats.ready));
    let resting = ("accounts_resting", "Accounts with work that must wait, by its means");
    gauges(registry, resting, "class", of(&stats.resting));
    gauge(registry, "leases", "Live leases", stats.leases);
    let dead = [("failed", stats.failed), ("unknown", stats.parked)];
    gauges(registry, ("dead_letters", "Actions that wait for a person"), "state", dead);
    gauge(registry, "events", "Events that are not yet trimmed", stats.events);
}

fn tell_crew(registry: &mut Registry, crew: &[Pressure]) {
    let sum = |of: fn(&Pressure) -> usize| crew.iter().map(of).sum::<usize>() as u64;
    let workers = Reason::ALL.into_iter().map(|reason| {
        let so = crew.iter().filter(|one| one.reason == reason);
        (reason.name(), so.count() as u64)
    });
    gauges(registry, ("workers", "Workers, by how they stand"), "reason", workers);
    gauge(registry, "slots", "Things that the workers can do at once", sum(|one| one.slots));
    gauge(registry, "slots_busy", "Things that they do now", sum(|one| one.busy));
    let parked = "Browsers that wait for their account's next action";
    gauge(registry, "browsers_parked", parked, sum(|one| one.parked));
    let orphans = Counter::<u64>::default();
    orphans.inc_by(crew.iter().map(|one| one.orphans).sum());
    let help = "Browsers found without their worker, and ended, since their workers started";
    registry.register("orphans", help, orphans);
}
