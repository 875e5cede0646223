//! `walkon account health` and `walkon alerts`: how accounts are, and who is told.

use clap::Subcommand;
use serde_json::{Value, json};
use walkon_core::id::AccountId;

use super::client::Client;
use super::lists::{print, rows, text};
use super::out::{say, table};
use super::report::{Code, Failure};
use crate::web::api::alerts::Test;

/// `walkon alerts …`
#[derive(Debug, Subcommand)]
pub(super) enum Alerts {
    /// Those that stand, then the latest that are over.
    List {
        /// Only of this account.
        #[arg(long)]
        account: Option<AccountId>,
        /// How many.
        #[arg(long, default_value_t = 50)]
        most: usize,
    },
    /// Tells every channel that is set, or one, that this is a test.
    Test {
        /// Only this one: slack, webhook, alertmanager, email.
        #[arg(long)]
        channel: Option<String>,
    },
}

/// `walkon account health ID`
pub(super) async fn check(client: &Client, id: &AccountId) -> Result<(), Failure> {
    let answer = client.post(&format!("/api/accounts/{id}/health"), "{}").await?;
    if client.json {
        print(&answer);
        return Ok(());
    }
    say(&format!("{id} is {}, since {}", text(&answer["level"]), text(&answer["since"])));
    let mut all = vec![["check", "found", "what"].map(str::to_owned).to_vec()];
    for one in answer["checks"].as_array().into_iter().flatten() {
        all.push(vec![text(&one["check"]), text(&one["grade"]), text(&one["why"])]);
        if let Some(fix) = one["fix"].as_str() {
            all.push(vec![String::new(), String::new(), format!("do: {fix}")]);
        }
    }
    table(&all);
    Ok(())
}

/// `walkon alerts …`
pub(super) async fn alerts(client: &Client, command: &Alerts) -> Result<(), Failure> {
    match command {
        Alerts::List { account, most } => {
            let account = account.as_ref().map_or(String::new(), |id| format!("&account={id}"));
            let answer = client.get(&format!("/api/alerts?most={most}{account}")).await?;
            if client.json {
                print(&answer);
                return Ok(());
            }
            rows(&answer["alerts"], &["severity", "since", "over", "alert", "why"], |row| {
                let alert = &row["alert"];
                let cells = [&alert["severity"], &row["since"], &row["over"], &alert["title"]];
                let why = [text(&alert["why"])].into_iter().chain(troubles(&row["told"]));
                let why = why.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
                cells.into_iter().map(text).chain([why]).collect()
            });
            Ok(())
        }
        Alerts::Test { channel } => test(client, channel.clone()).await,
    }
}

/// Which channels could not be told.
fn troubles(told: &Value) -> impl Iterator<Item = String> {
    let channels = told.as_object().into_iter().flatten();
    channels.filter_map(|(name, told)| {
        Some(format!("{name} could not be told: {}", told["error"].as_str()?))
    })
}

async fn test(client: &Client, channel: Option<String>) -> Result<(), Failure> {
    let answer = client.post("/api/alerts/test", json!(Test { channel }).to_string()).await?;
    let tested = answer["tested"].as_array().map(Vec::as_slice).unwrap_or_default();
    if client.json {
        print(&answer);
    } else {
        for one in tested {
            let said = match one["wrong"].as_array() {
                None => "was told".to_owned(),
                Some(wrong) => wrong.iter().map(text).collect::<Vec<_>>().join("; remedy: "),
            };
            say(&format!("{:<14}{said}", text(&one["channel"])));
        }
    }
    let wrong = tested.iter().filter(|one| !one["wrong"].is_null()).count();
    if wrong == 0 {
        return Ok(());
    }
    let what = format!("{wrong} of {} channels could not be told", tested.len());
    Err(Failure::new(Code::Unreachable, what, "the lines above say why, and what to do"))
}
