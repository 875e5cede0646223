//! `walkon queue forecast`: when each waiting action would run, and which never will.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::data::data_folder;
use super::lists::print;
use super::out::{say, table};
use super::report::{Code, Failure};
use crate::config::Config;
use crate::queue::{Embedded, Fate, Forecast, Foreseen, Options, Outlook};

/// The farthest horizon.
const DAYS_MAX: f64 = 90.0;

/// `walkon queue …`
#[derive(Debug, Subcommand)]
pub(super) enum QueueCommand {
    /// When each waiting action would run, by the limits as they are; changes nothing. It reads the
    /// queue's Redis itself: run it where the coordinator runs.
    Forecast(ForecastArgs),
}

/// `walkon queue forecast`
#[derive(Debug, Args)]
pub(super) struct ForecastArgs {
    /// How many days to look ahead, up to 90.
    #[arg(long, default_value_t = 1.0)]
    days: f64,
    /// How many seconds an attempt in a browser is taken to last.
    #[arg(long, default_value_t = 30.0)]
    browser_seconds: f64,
    /// How many seconds one by the API is taken to last.
    #[arg(long, default_value_t = 2.0)]
    api_seconds: f64,
    /// How many attempts run at once [default: as many as the limits allow].
    #[arg(long)]
    slots: Option<usize>,
}

fn seconds(name: &str, value: f64, most: f64) -> Result<Duration, Failure> {
    if value > 0.0 && value <= most {
        return Ok(Duration::from_secs_f64(value));
    }
    let what = format!("--{name} is out of range");
    Err(Failure::new(Code::Refused, what, "give more than 0 and at most 90 days"))
}

fn outlook(args: &ForecastArgs) -> Result<Outlook, Failure> {
    let most = DAYS_MAX * 86_400.0;
    if args.slots == Some(0) {
        return Err(Failure::new(Code::Refused, "--slots is 0", "give 1 or more, or leave it out"));
    }
    Ok(Outlook {
        ahead: seconds("days", args.days * 86_400.0, most)?,
        browser: seconds("browser-seconds", args.browser_seconds, most)?,
        api: seconds("api-seconds", args.api_seconds, most)?,
        slots: args.slots,
    })
}

/// `walkon queue …`
pub(super) async fn queue(
    config: &Config,
    command: &QueueCommand,
    as_json: bool,
) -> Result<(), Failure> {
    let QueueCommand::Forecast(args) = command;
    let outlook = outlook(args)?;
    let url = match config.queue.url.as_str() {
        "" => Embedded::url_in(&data_folder(config)?.redis()),
        url => url.to_owned(),
    };
    let options = Options { url: Some(url), shards: config.queue.shards, ..Options::default() };
    let forecast = Forecast::look(&options, &outlook).await?;
    if as_json {
        print(&to_json(&forecast, &outlook));
    } else {
        show(&forecast);
    }
    Ok(())
}

fn word(fate: &Fate) -> (&'static str, Option<String>) {
    match fate {
        Fate::Runs(at) => ("runs", Some(at.to_string())),
        Fate::Expires(at) => ("expires", Some(at.to_string())),
        Fate::Later(at) => ("later", Some(at.to_string())),
        Fate::Never => ("never", None),
    }
}

fn count(forecast: &Forecast, fate: &str) -> usize {
    forecast.actions.iter().filter(|one| word(&one.fate).0 == fate).count()
}

const FATES: [&str; 4] = ["runs", "expires", "later", "never"];

fn to_json(forecast: &Forecast, outlook: &Outlook) -> Value {
    let row = |one: &Foreseen| {
        let (fate, at) = word(&one.fate);
        let reasons = one.reasons.iter().map(|reason| {
            json!({"code": reason.code, "until": reason.until, "why": reason.to_string(),
                "do": reason.remedy()})
        });
        json!({"action": one.action, "account": one.account, "kind": one.kind,
            "target": one.target, "fate": fate, "at": at, "reasons": reasons.collect::<Vec<_>>()})
    };
    let mut all = json!({
        "from": forecast.from, "until": forecast.until,
        "assumes": {
            "browser_seconds": outlook.browser.as_secs_f64(),
            "api_seconds": outlook.api.as_secs_f64(),
            "slots": outlook.slots, "every_attempt": "done", "new_actions": 0,
        },
        "actions": forecast.actions.iter().map(row).collect::<Vec<_>>(),
    });
    for fate in FATES {
        all[fate] = json!(count(forecast, fate));
    }
    all
}

fn show(forecast: &Forecast) {
    let heads = ["fate", "at", "account", "kind", "target", "action", "why"].map(str::to_owned);
    let mut lines = vec![heads.to_vec()];
    lines.extend(forecast.actions.iter().map(|one| {
        let (fate, at) = word(&one.fate);
        let why: Vec<_> = one.reasons.iter().map(ToString::to_string).collect();
        let (account, kind) = (one.account.clone(), one.kind.clone());
        let target = one.target.clone().unwrap_or_default();
        let at = at.unwrap_or_default();
        vec![fate.to_owned(), at, account, kind, target, one.action.to_string(), why.join("; ")]
    }));
    table(&lines);
    let sums = FATES.map(|fate| format!("{} {fate}", count(forecast, fate)));
    say(&format!("{} to {}: {}", forecast.from, forecast.until, sums.join(", ")));
    say("every attempt is taken to succeed, and nothing new to arrive");
}
