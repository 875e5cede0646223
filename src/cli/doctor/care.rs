//! What `walkon doctor` looks at of accounts and of who is told: each finding with what to do.

use serde_json::Value;
use walkon_core::fault::in_one_line;

use crate::cli::care;
use crate::cli::client::Client;
use crate::config::Config;
use crate::egress::{self, Origin};

/// What was found, or what is wrong with what to do.
type Finding = Result<String, (String, String)>;

/// How many accounts a finding names.
const NAMED: usize = 5;

/// Whether those who are told of alerts are set so that they can be.
pub(super) fn channels(config: &Config) -> Finding {
    let options = care::channels(config).map_err(super::of)?;
    let channels = options.channels().map_err(|error| super::of(error.into()))?;
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
    let origin = origin.map_err(|error| (error.to_string(), fix()))?;
    match egress::exit_address(None, &origin, &format!("/{path}")).await {
        Ok(address) => Ok(format!("{origin} sees this host as {address}")),
        Err(error) => Err((in_one_line(&error), fix())),
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
    let worst = if critical.is_empty() { warning } else { critical };
    if worst.is_empty() {
        return Ok(summary);
    }
    let fixes: Vec<_> =
        worst.iter().map(|one| format!("{}: {}", text(one, "account"), text(one, "fix"))).collect();
    let whys = worst.iter().map(|one| format!("{}: {}", text(one, "account"), text(one, "why")));
    Err((format!("{summary}; {}", some(whys.collect())), some(fixes)))
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
    Err((some(failed.iter().map(why).collect()), some(failed.iter().map(fix).collect())))
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
    Err((some(troubles), fix.to_owned()))
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// The first few, and how many more there are.
fn some(mut all: Vec<String>) -> String {
    let left = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    let more = if left > 0 { format!("; and {left} more") } else { String::new() };
    all.join("; ") + &more
}
