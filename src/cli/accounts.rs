//! `walkon account …`: accounts come, stand still, go on, and go.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use walkon_core::id::AccountId;

use super::client::Client;
use super::lists::{print, rows, text};
use super::out::say;
use super::report::{Code, Failure};
use crate::web::api::accounts::{Erase, Import};
use crate::web::api::hands::{MoveTo, Pause, Release, Why};

/// How often it is looked whether an account is gone, and for how long.
const LOOK: Duration = Duration::from_millis(200);
const GONE_MAX: Duration = Duration::from_mins(6);

/// Where new accounts begin; none of these: where `fleet.new_accounts` says.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Begin {
    /// Takes new ones as connected by other means: they act at once, without onboarding.
    #[arg(long, conflicts_with = "inactive")]
    active: bool,
    /// Only makes new ones known; `account onboard` connects them.
    #[arg(long)]
    inactive: bool,
}

impl Begin {
    fn name(self) -> Option<String> {
        let named = [(self.active, "active"), (self.inactive, "inactive")];
        named.into_iter().find(|(is, _)| *is).map(|(_, name)| name.to_owned())
    }
}

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
        /// The file that holds what its one-time codes grow from.
        #[arg(long, value_name = "FILE")]
        totp_file: Option<PathBuf>,
        #[command(flatten)]
        begin: Begin,
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
    /// Adds and updates accounts from a file; one bad entry, and nothing is changed.
    Import {
        /// A file in TOML, JSON (`.json`) or CSV (`.csv`).
        file: PathBuf,
        /// Shows what would change, and changes nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        begin: Begin,
    },
    /// Reads the accounts' file again: adds, updates and removes.
    Reload,
    /// Removes an account: what has begun is finished, what waits is cancelled.
    Remove {
        /// Which.
        id: AccountId,
        /// Why, for whoever looks next.
        #[arg(long)]
        why: Option<String>,
    },
    /// Erases an account: it is removed, and all it has done with it. It cannot be taken back.
    Erase {
        /// Which; one that was removed before, too.
        id: AccountId,
        /// Why. The audit log keeps it for good: name nobody.
        #[arg(long)]
        why: Option<String>,
        /// Yes, for good.
        #[arg(long)]
        yes: bool,
    },
    /// All of them.
    List,
    /// One of them.
    Show {
        /// Which.
        id: AccountId,
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

/// `walkon account …`
pub(super) async fn account(client: &Client, command: &Account) -> Result<(), Failure> {
    match command {
        Account::Add { .. } => add(client, command).await,
        Account::Import { file, dry_run, begin } => {
            let text = read(file)?;
            let (file, begin) = (file.display().to_string(), begin.name());
            import(client, &Import { text, file, dry_run: *dry_run, begin }).await
        }
        Account::Reload => reload(client).await,
        Account::Remove { id, why } => remove(client, id, why.as_ref()).await,
        Account::Erase { id, yes: false, .. } => {
            let what = format!("to erase `{id}` cannot be taken back");
            Err(Failure::new(Code::Refused, what, "write --yes, and keep the receipt it prints"))
        }
        Account::Erase { id, why, .. } => erase(client, id, why.as_ref()).await,
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
        totp_file,
        begin,
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
        ("totp_file", totp_file.as_ref().map(absolute)),
    ];
    // A JSON string is a TOML string: both escape alike what may stand here.
    let line = |(name, value): (&str, Option<String>)| {
        value.map(|value| format!("{name} = {}\n", Value::String(value)))
    };
    let entry: String = fields.into_iter().filter_map(line).collect();
    let (text, file) = (format!("[[account]]\n{entry}"), "the command line".to_owned());
    import(client, &Import { text, file, dry_run: false, begin: begin.name() }).await
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure {
        what: format!("could not read {}", file.display()),
        causes: vec![error.to_string()],
        remedy: Some("check the path; a file of accounts is text in UTF-8".to_owned()),
        code: Code::Refused,
    })
}

fn count(answer: &Value, name: &str) -> usize {
    answer[name].as_array().map_or(0, Vec::len)
}

/// What differs, a line a field.
fn say_changes(answer: &Value) {
    for change in answer["changes"].as_array().into_iter().flatten() {
        let word = |name: &str| match &change[name] {
            Value::Null => "nothing".to_owned(),
            value => text(value),
        };
        let (account, field) = (text(&change["account"]), text(&change["field"]));
        say(&format!("{account}  {field}: {} -> {}", word("from"), word("to")));
    }
}

async fn import(client: &Client, wish: &Import) -> Result<(), Failure> {
    let answer = client.post("/api/accounts/import", json!(wish).to_string()).await?;
    if client.json {
        print(&answer);
        return Ok(());
    }
    let (added, updated) = (count(&answer, "added"), count(&answer, "updated"));
    let same = match answer["unchanged"].as_u64() {
        Some(same) if same > 0 => format!(", {same} as they were"),
        _ => String::new(),
    };
    if wish.dry_run {
        say_changes(&answer);
        say(&format!("would be: {added} added, {updated} updated{same}; nothing was changed"));
    } else {
        say(&format!("{added} added, {updated} updated{same}"));
        say_begun(&answer);
    }
    Ok(())
}

/// What new accounts wait for before they act.
fn say_begun(answer: &Value) {
    match answer["begin"].as_str() {
        Some("connecting") => {
            say("new ones are being connected: `walkon account list` says who acts by now");
        }
        Some("inactive") => {
            say("new ones are inactive: `walkon account onboard <id>` connects them");
        }
        _ => {}
    }
}

async fn reload(client: &Client) -> Result<(), Failure> {
    let answer = client.post("/api/accounts/reload", "{}").await?;
    if client.json {
        print(&answer);
    } else {
        let [added, updated, removed] =
            ["added", "updated", "removed"].map(|name| count(&answer, name));
        let loaded = text(&answer["loaded"]);
        say(&format!("{loaded} loaded: {added} added, {updated} updated, {removed} removed"));
        say_begun(&answer);
    }
    let faults: Vec<_> = answer["errors"].as_array().into_iter().flatten().map(fault).collect();
    if faults.is_empty() {
        return Ok(());
    }
    let remedy = "mend these entries and reload; their accounts stay as they were";
    Err(Failure::new(Code::Refused, faults.join("\n"), remedy))
}

/// A fault as a person reads it.
fn fault(fault: &Value) -> String {
    let word = |name: &str| text(&fault[name]);
    let place = format!("{}:{}:{}", word("file"), word("line"), word("column"));
    format!("{place}: {}\n  remedy: {}", word("what"), word("remedy"))
}

async fn remove(client: &Client, id: &AccountId, why: Option<&String>) -> Result<(), Failure> {
    let body = json!(Why { why: why.cloned() }).to_string();
    let path = format!("/api/accounts/{id}");
    let answer = client.delete(&path, body).await?;
    let gone = async {
        while client.is_there(&path).await? {
            tokio::time::sleep(LOOK).await;
        }
        Ok::<_, Failure>(())
    };
    match tokio::time::timeout(GONE_MAX, gone).await {
        Ok(done) => done?,
        Err(_) => say(&format!("{id} still finishes what runs; it is removed after that")),
    }
    if client.json {
        print(&answer);
    } else {
        say(&format!("{id} is removed"));
    }
    Ok(())
}

async fn erase(client: &Client, id: &AccountId, why: Option<&String>) -> Result<(), Failure> {
    let body = json!(Erase { confirm: id.clone(), why: why.cloned() }).to_string();
    client.post(&format!("/api/accounts/{id}/erase"), body).await?;
    let receipt = async {
        loop {
            let all = client.get("/api/erasures").await?;
            let own = |one: &&Value| one["account"] == id.as_str() && !one["done_at"].is_null();
            if let Some(receipt) = all["erasures"].as_array().into_iter().flatten().find(own) {
                return Ok::<_, Failure>(receipt.clone());
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    match tokio::time::timeout(GONE_MAX, receipt).await {
        Ok(receipt) => print(&receipt?),
        Err(_) => say(&format!("{id} still finishes what has begun; it is erased after that")),
    }
    Ok(())
}
