//! `walkon action …`: what became of one action, why it waits, and what a person does about it.

use clap::Subcommand;
use serde_json::json;
use walkon_core::id::{AccountId, ActionId};

use super::client::Client;
use super::hands::dead_list;
use super::lists::{print, rows, text};
use super::out::say;
use super::report::Failure;
use crate::web::api::hands::{Dead, Settle, Why};

/// `walkon action …`
#[derive(Debug, Subcommand)]
pub(super) enum Actions {
    /// The latest, the latest first.
    List {
        /// Only in this state.
        #[arg(long)]
        state: Option<String>,
        /// Only of this account.
        #[arg(long)]
        account: Option<AccountId>,
        /// How many.
        #[arg(long, default_value_t = 50)]
        most: usize,
        /// Only dead letters: those that failed. `walkon dead list` has more choice.
        #[arg(long, conflicts_with = "state")]
        dead: bool,
    },
    /// One of them.
    Show {
        /// Which.
        id: ActionId,
    },
    /// Why it is not running.
    Why {
        /// Which.
        id: ActionId,
    },
    /// Takes it back, if that is still possible.
    Cancel {
        /// Which.
        id: ActionId,
        /// Why, for whoever looks next.
        #[arg(long)]
        why: Option<String>,
    },
    /// Puts one that failed or that waits for a person back into its lane, with all attempts fresh.
    Retry {
        /// Which.
        id: ActionId,
        /// Why, for whoever looks next.
        #[arg(long)]
        why: Option<String>,
    },
    /// Settles one that waits for a person: retry, done or failed.
    Settle {
        /// Which.
        id: ActionId,
        /// How.
        outcome: String,
        /// Why, for whoever looks next.
        #[arg(long)]
        why: Option<String>,
    },
}

/// `walkon action …`
pub(super) async fn action(client: &Client, command: &Actions) -> Result<(), Failure> {
    match command {
        Actions::List { account, most, dead: true, .. } => {
            let which = Dead { account: account.clone(), most: Some(*most), ..Dead::default() };
            dead_list(client, &which).await?;
        }
        Actions::List { state, account, most, .. } => {
            let state = state.as_ref().map_or(String::new(), |state| format!("&state={state}"));
            let account =
                account.as_ref().map_or(String::new(), |account| format!("&account={account}"));
            let path = format!("/api/actions?most={most}{state}{account}");
            let answer = client.get(&path).await?;
            if client.json {
                print(&answer["actions"]);
            } else {
                let heads = ["action", "state", "account", "kind", "target", "tries", "why"];
                rows(&answer["actions"], &heads, |row| {
                    let asked = &row["action"];
                    let cells = [
                        &row["id"],
                        &row["state"],
                        if row["account"].is_null() { &asked["pool"] } else { &row["account"] },
                        &asked["kind"],
                        &asked["target"],
                    ];
                    let mut cells: Vec<_> = cells.into_iter().map(text).collect();
                    cells.extend([text(&row["attempts"]), text(&row["why"])]);
                    cells
                });
            }
        }
        Actions::Show { id } => print(&client.get(&format!("/api/actions/{id}")).await?),
        Actions::Why { id } => {
            let answer = client.get(&format!("/api/actions/{id}/why")).await?;
            if client.json {
                print(&answer);
                return Ok(());
            }
            let reasons = answer["reasons"].as_array().cloned().unwrap_or_default();
            say(&format!("{id} is {}", text(&answer["state"])));
            for reason in &reasons {
                say(&format!("  {}", text(&reason["why"])));
                say(&format!("    to do: {}", text(&reason["do"])));
            }
            if reasons.is_empty() && answer["state"] == "waiting" {
                say("  nothing keeps it: it waits for a free worker");
            }
        }
        Actions::Settle { id, outcome, why } => settle(client, id, outcome, why.as_deref()).await?,
        Actions::Retry { id, why } => settle(client, id, "retry", why.as_deref()).await?,
        Actions::Cancel { id, why } => {
            let body = json!(Why { why: why.clone() }).to_string();
            let answer = client.post(&format!("/api/actions/{id}/cancel"), body).await?;
            say(&format!("{id} is {}", text(&answer["state"])));
        }
    }
    Ok(())
}

async fn settle(
    client: &Client,
    id: &ActionId,
    outcome: &str,
    why: Option<&str>,
) -> Result<(), Failure> {
    let body =
        json!(Settle { outcome: outcome.to_owned(), why: why.map(str::to_owned) }).to_string();
    let answer = client.post(&format!("/api/actions/{id}/settle"), body).await?;
    say(&format!("{id} is {}", text(&answer["state"])));
    Ok(())
}
