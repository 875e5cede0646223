//! What `walkon doctor` looks at of accounts and of who is told: each finding with what to do.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use walkon_core::fault::in_one_line;
use walkon_core::origin::WebOrigin;

use super::{Finding, Ill, of, some};
use crate::cli::care;
use crate::cli::client::Client;
use crate::config::Config;
use crate::egress::{self, Origin};

/// How long before its end a grant needs an eye.
const GRANT_ENDS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether those who are told of alerts are set so that they can be.
pub(super) fn channels(config: &Config) -> Finding {
    let options = care::channels(config).map_err(of)?;
    let channels = options.channels().map_err(|error| of(error.into()))?;
    let names: Vec<_> = channels.iter().map(|channel| channel.name()).collect();
    if names.is_empty() {
        return Ok("none is set: nobody is told of alerts (`[alerts]`)".to_owned());
    }
    Ok(format!("{} (`walkon alerts test` tries them)", names.join(", ")))
}

/// Whether the echo tells from which address a request comes.
pub(super) async fn echo(config: &Config) -> Finding {
    let echo = config.health.echo.as_str();
    if echo.is_empty() {
        return Ok("none is set: exit addresses are not looked at (`health.echo`)".to_owned());
    }
    let rest = echo.strip_prefix("http://").unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let fix = || "correct `health.echo`, or see that it may be reached".to_owned();
    let origin: Result<Origin, _> = format!("http://{host}").parse();
    let origin = origin.map_err(|error| Ill::wrong(error.to_string(), fix()))?;
    match egress::exit_address(None, &origin, &format!("/{path}")).await {
        Ok(address) => Ok(format!("{origin} sees this host as {address}")),
        Err(error) => Err(Ill::wrong(in_one_line(&error), fix())),
    }
}

/// What a running fleet answers; `None`: none runs.
async fn asked(config: &Config, path: &str) -> Option<Value> {
    Client::new(None, config, true).ok()?.get(path).await.ok()
}

const NO_FLEET: &str = "not looked at: no fleet answers";

/// Whether accounts are stopped or need an eye.
pub(super) async fn health(config: &Config) -> Finding {
    let Some(answer) = asked(config, "/api/health").await else { return Ok(NO_FLEET.to_owned()) };
    let all = answer["health"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of =
        |level: &str| -> Vec<&Value> { all.iter().filter(|one| one["level"] == level).collect() };
    let (critical, warning, healthy) = (of("critical"), of("warning"), of("healthy"));
    let summary = format!(
        "{} critical, {} warning, {} healthy",
        critical.len(),
        warning.len(),
        healthy.len()
    );
    let is_bad = !critical.is_empty();
    let worst = if is_bad { critical } else { warning };
    if worst.is_empty() {
        return Ok(summary);
    }
    let fixes: Vec<_> =
        worst.iter().map(|one| format!("{}: {}", text(one, "account"), text(one, "fix"))).collect();
    let whys = worst.iter().map(|one| format!("{}: {}", text(one, "account"), text(one, "why")));
    let why = format!("{summary}; {}", some(whys.collect()));
    Err(Ill { why, fix: some(fixes), is_bad })
}

/// Whether a fleet answers where this one would.
pub(super) async fn answers(config: &Config) -> bool {
    asked(config, "/api/stats").await.is_some()
}

/// Whether a site's grant has ended, or soon will.
pub(super) async fn grants(config: &Config, now: Timestamp) -> Finding {
    let Some(answer) = asked(config, "/api/grants").await else { return Ok(NO_FLEET.to_owned()) };
    let all = answer["grants"].as_array().map(Vec::as_slice).unwrap_or_default();
    let left =
        |one: &Value| Some(text(one, "expires").parse::<Timestamp>().ok()?.duration_since(now));
    let (mut shut, mut soon) = (Vec::new(), Vec::new());
    for one in all {
        let origin = text(one, "origin");
        // On this machine no grant is needed.
        if origin.parse::<WebOrigin>().is_ok_and(|origin| origin.is_loopback()) {
            continue;
        }
        match (one["state"].as_str(), left(one)) {
            (Some("shut"), _) => shut.push((origin, text(one, "why"), text(one, "fix"))),
            (_, Some(left)) if left < GRANT_ENDS => {
                let why = format!("its grant ends in {} days", left.as_hours() / 24);
                soon.push((origin, why, "ask its owner to publish it anew".to_owned()));
            }
            _ => {}
        }
    }
    let is_bad = !shut.is_empty();
    let worst = if is_bad { shut } else { soon };
    if worst.is_empty() {
        return Ok("no site's has ended or soon will (`walkon grant list`)".to_owned());
    }
    let whys = worst.iter().map(|(origin, why, _)| format!("{origin}: {why}")).collect();
    let fixes = worst.iter().map(|(origin, _, fix)| format!("{origin}: {fix}")).collect();
    Err(Ill { why: some(whys), fix: some(fixes), is_bad })
}

/// Whether accounts could not be connected.
pub(super) async fn onboarding(config: &Config) -> Finding {
    let answer = asked(config, "/api/onboardings").await;
    let Some(answer) = answer else { return Ok(NO_FLEET.to_owned()) };
    let all = answer["onboardings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let failed: Vec<_> = all.iter().filter(|one| one["ending"] == "failed").collect();
    if failed.is_empty() {
        return Ok(format!("{} accounts were onboarded, none failed", all.len()));
    }
    let step = |one: &&Value| {
        let steps = one["steps"].as_array().cloned().unwrap_or_default();
        steps.into_iter().find(|step| step["state"] == "failed").unwrap_or_default()
    };
    let why = |one: &&Value| {
        let step = step(one);
        format!("{}: {}: {}", text(one, "account"), text(&step, "step"), text(&step, "why"))
    };
    let fix = |one: &&Value| {
        let (account, step) = (text(one, "account"), step(one));
        format!("{}, then `walkon account onboard {account}`", text(&step, "fix"))
    };
    let whys = some(failed.iter().map(why).collect());
    Err(Ill::wrong(whys, some(failed.iter().map(fix).collect())))
}

/// Whether somebody could not be told.
pub(super) async fn told(config: &Config) -> Finding {
    let Some(answer) = asked(config, "/api/alerts").await else { return Ok(NO_FLEET.to_owned()) };
    let all = answer["alerts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let stand = all.iter().filter(|one| one["over"].is_null()).count();
    let mut troubles: Vec<_> = all
        .iter()
        .flat_map(|one| one["told"].as_object().into_iter().flatten())
        .filter_map(|(name, told)| Some(format!("{name}: {}", told["error"].as_str()?)))
        .collect();
    troubles.sort();
    troubles.dedup();
    if troubles.is_empty() {
        return Ok(format!("{stand} stand (`walkon alerts list`)"));
    }
    let fix = "see whether it runs and its settings are right; `walkon alerts test` tries it";
    Err(Ill::wrong(some(troubles), fix))
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
