//! What a person asks of a running fleet: lists, single things, and a few moves.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use walkon_core::id::{AccountId, SessionId};
use walkon_core::kind::{EffectClass, KINDS, Object, OnLost};

use super::browse::{self, Display};
use super::client::Client;
use super::out::{say, table};
use super::report::{Code, Failure};
use crate::web::api::Import;
use crate::web::api::hands::{MoveTo, Pause, Release};

/// How often `events --follow` looks for more.
const FOLLOW: Duration = Duration::from_millis(300);

/// `walkon account …`
#[derive(Debug, Subcommand)]
pub(super) enum Account {
    /// Adds one account.
    Add {
        /// Our name for it.
        id: AccountId,
        /// The site it lives on.
        #[arg(long)]
        site: String,
        /// The site's name for it [default: its id].
        #[arg(long)]
        username: Option<String>,
        /// Its IANA time zone.
        #[arg(long, default_value = "UTC")]
        time_zone: String,
        /// The plan that limits it.
        #[arg(long, default_value = "default")]
        plan: String,
        /// The device it acts from.
        #[arg(long)]
        device: Option<String>,
        /// The persona it acts as.
        #[arg(long)]
        persona: Option<String>,
        /// The file that holds its password.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// The file that holds its API token.
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
    },
    /// Adds and updates accounts from a file; one bad entry, and nothing is changed.
    Import {
        /// `accounts.toml`
        file: PathBuf,
    },
    /// All of them.
    List,
    /// One of them.
    Show {
        /// Which.
        id: AccountId,
    },
    /// Checks an account now, and says what was found.
    Health {
        /// Which.
        id: AccountId,
    },
    /// Connects an account step by step, or does one step again; waits until that has ended.
    Onboard {
        /// Which.
        id: AccountId,
        /// Only this step.
        #[arg(long)]
        step: Option<String>,
        /// Asks for it, and does not wait.
        #[arg(long)]
        no_wait: bool,
    },
    /// Holds an account until it is resumed.
    Pause {
        /// Which.
        id: AccountId,
        /// Why, for whoever looks next.
        #[arg(long, default_value = "paused by an operator")]
        reason: String,
    },
    /// Lifts an operator's hold, and no other.
    Resume {
        /// Which.
        id: AccountId,
    },
    /// Lifts one hold that a person has looked into: block, challenge, health, quota, breaker.
    Release {
        /// Which.
        id: AccountId,
        /// The hold's kind.
        #[arg(long)]
        hold: String,
    },
    /// Moves an account in its life: inactive, connecting, ramping, active.
    Move {
        /// Which.
        id: AccountId,
        /// Where to.
        to: String,
        /// Why, for whoever looks next.
        #[arg(long)]
        why: Option<String>,
    },
}

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

/// `walkon account …`
pub(super) async fn account(client: &Client, command: &Account) -> Result<(), Failure> {
    match command {
        Account::Add { .. } => add(client, command).await,
        Account::Import { file } => {
            let read = std::fs::read_to_string(file);
            let read = read.map_err(|error| Failure {
                what: format!("could not read {}", file.display()),
                causes: vec![error.to_string()],
                remedy: Some("check the path".to_owned()),
                code: Code::Refused,
            })?;
            import(client, read, &file.display().to_string()).await
        }
        Account::List => {
            let answer = client.get("/api/accounts").await?;
            if client.json {
                print(&answer["accounts"]);
            } else {
                let heads = ["account", "state", "site", "plan", "device", "persona", "proxy"];
                rows(&answer["accounts"], &heads, |row| {
                    let names = ["id", "state", "site", "plan", "device", "persona", "proxy"];
                    names.iter().map(|name| text(&row[*name])).collect()
                });
            }
            Ok(())
        }
        Account::Show { id } => {
            print(&client.get(&format!("/api/accounts/{id}")).await?);
            Ok(())
        }
        Account::Health { id } => super::health::check(client, id).await,
        Account::Onboard { id, step, no_wait } => {
            super::onboard::onboard(client, id, step.clone(), !no_wait).await
        }
        Account::Pause { id, reason } => {
            let body = json!(Pause { reason: reason.clone() }).to_string();
            let answer = client.post(&format!("/api/accounts/{id}/pause"), body).await?;
            say(&format!("{id} is {}", text(&answer["state"])));
            Ok(())
        }
        Account::Release { id, hold } => {
            let body = json!(Release { hold: hold.clone() }).to_string();
            let answer = client.post(&format!("/api/accounts/{id}/release"), body).await?;
            say(&format!("{id} is {}", text(&answer["state"])));
            Ok(())
        }
        Account::Move { id, to, why } => {
            let body = json!(MoveTo { to: to.clone(), why: why.clone() }).to_string();
            let answer = client.post(&format!("/api/accounts/{id}/move"), body).await?;
            say(&format!("{id} is {}", text(&answer["state"])));
            Ok(())
        }
        Account::Resume { id } => {
            let answer = client.post(&format!("/api/accounts/{id}/resume"), "{}").await?;
            say(&format!("{id} is {}", text(&answer["state"])));
            Ok(())
        }
    }
}

async fn add(client: &Client, command: &Account) -> Result<(), Failure> {
    let Account::Add {
        id,
        site,
        username,
        time_zone,
        plan,
        device,
        persona,
        password_file,
        token_file,
    } = command
    else {
        return Ok(());
    };
    let absolute = |path: &PathBuf| {
        std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string()
    };
    let fields = [
        ("id", Some(id.to_string())),
        ("site", Some(site.clone())),
        ("username", Some(username.clone().unwrap_or_else(|| id.to_string()))),
        ("time_zone", Some(time_zone.clone())),
        ("plan", Some(plan.clone())),
        ("device", device.clone()),
        ("persona", persona.clone()),
        ("password_file", password_file.as_ref().map(absolute)),
        ("token_file", token_file.as_ref().map(absolute)),
    ];
    // A JSON string is a TOML string: both escape alike what may stand here.
    let line = |(name, value): (&str, Option<String>)| {
        value.map(|value| format!("{name} = {}\n", Value::String(value)))
    };
    let entry: String = fields.into_iter().filter_map(line).collect();
    import(client, format!("[[account]]\n{entry}"), "the command line").await
}

async fn import(client: &Client, text: String, file: &str) -> Result<(), Failure> {
    let body = json!(Import { text, file: file.to_owned() }).to_string();
    let answer = client.post("/api/accounts/import", body).await?;
    if client.json {
        print(&answer);
    } else {
        let count = |name: &str| answer[name].as_array().map_or(0, Vec::len);
        say(&format!("{} added, {} updated", count("added"), count("updated")));
    }
    Ok(())
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
