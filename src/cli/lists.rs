//! What a person asks of a running fleet: lists and single things.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use walkon_core::id::SessionId;
use walkon_core::kind::{EffectClass, KINDS, Object, OnLost};

use super::browse::{self, Display};
use super::client::Client;
use super::out::{say, table};
use super::report::Failure;

/// How often `events --follow` looks for more.
const FOLLOW: Duration = Duration::from_millis(300);

/// `walkon kind …`
#[derive(Debug, Subcommand)]
pub(super) enum Kinds {
    /// All of them, with their routes, effects, and what is done when a worker is lost.
    List,
}

/// `walkon events`
#[derive(Debug, Args)]
pub(super) struct Events {
    /// Goes on with what happens next.
    #[arg(long, short)]
    follow: bool,
}

/// `walkon session …`
#[derive(Debug, Subcommand)]
pub(super) enum Sessions {
    /// The latest, the latest first.
    List {
        /// How many.
        #[arg(long, default_value_t = 20)]
        most: usize,
    },
    /// One of them, step by step.
    Show {
        /// Which.
        id: SessionId,
    },
    /// Opens its page where there is a display, and prints its address.
    Open {
        /// Which.
        id: SessionId,
    },
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) fn rows(list: &Value, heads: &[&str], row: impl Fn(&Value) -> Vec<String>) {
    let heads = heads.iter().map(|head| (*head).to_owned()).collect();
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut all = vec![heads];
    all.extend(list.iter().map(row));
    table(&all);
}

pub(super) fn print(value: &Value) {
    say(&serde_json::to_string_pretty(value).unwrap_or_default());
}

/// `walkon kind list`
pub(super) fn kinds(json: bool) {
    if json {
        print(&json!(KINDS));
        return;
    }
    let heads = ["kind", "routes", "target", "with", "effect", "when a worker is lost"];
    let mut all = vec![heads.map(str::to_owned).to_vec()];
    all.extend(KINDS.iter().map(|kind| {
        let routes = match (kind.api, kind.browser) {
            (true, true) => "api, browser",
            (true, false) => "api",
            _ => "browser",
        };
        let effect = match kind.effect {
            EffectClass::None => "none",
            EffectClass::Idempotent => "a state, done once however often",
            EffectClass::Once => "something new each time",
        };
        let lost = match kind.on_lost {
            OnLost::Retry => "done again",
            OnLost::Verify => "read whether it happened, then decided",
            OnLost::Park => "left for a person",
        };
        let target = kind.target.map_or("", Object::word);
        [kind.name, routes, target, &kind.with.join(", "), effect, lost].map(str::to_owned).to_vec()
    }));
    table(&all);
}

/// `walkon events`
pub(super) async fn events(client: &Client, args: &Events) -> Result<(), Failure> {
    let mut after = "0".to_owned();
    loop {
        let answer = client.get(&format!("/api/events?most=1000&after={after}")).await?;
        let list = answer["events"].as_array().cloned().unwrap_or_default();
        for entry in &list {
            let event = &entry["event"];
            if client.json {
                say(&event.to_string());
                continue;
            }
            let names = [
                "at", "type", "action", "intake", "account", "kind", "target", "outcome", "code",
                "site", "by", "why",
            ];
            let words =
                names.iter().map(|name| text(&event[*name])).filter(|word| !word.is_empty());
            say(&words.collect::<Vec<_>>().join("  "));
        }
        after = text(&answer["next"]);
        if list.is_empty() {
            if !args.follow {
                return Ok(());
            }
            tokio::time::sleep(FOLLOW).await;
        }
    }
}

/// `walkon session …`
pub(super) async fn session(
    client: &Client,
    command: &Sessions,
    display: Display,
) -> Result<(), Failure> {
    match command {
        Sessions::List { most } => {
            let answer = client.get(&format!("/api/sessions?most={most}")).await?;
            if client.json {
                print(&answer["sessions"]);
                return Ok(());
            }
            let heads = ["session", "account", "status", "device", "began", "actions", "failed"];
            rows(&answer["sessions"], &heads, |row| {
                let cells = [
                    &row["session"],
                    &row["account"],
                    &row["status"],
                    &row["device"],
                    &row["started_at"],
                    &row["counts"]["actions"],
                    &row["counts"]["failed"],
                ];
                cells.into_iter().map(text).collect()
            });
        }
        Sessions::Show { id } => print(&client.get(&format!("/api/sessions/{id}")).await?),
        Sessions::Open { id } => {
            client.get(&format!("/api/sessions/{id}")).await?;
            browse::show(&client.page(&format!("/sessions/{id}")), display);
        }
    }
    Ok(())
}
