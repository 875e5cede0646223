//! `walkon account onboard`: connects an account, and shows each step as it ends.

use std::time::Duration;

use serde_json::{Value, json};
use walkon_core::id::AccountId;

use super::client::Client;
use super::lists::{print, text};
use super::out::say;
use super::report::{Code, Failure};
use crate::web::api::onboard::Onboard;

/// How often it is looked how far it is.
const LOOK: Duration = Duration::from_millis(250);

/// `walkon account onboard ID`
pub(super) async fn onboard(
    client: &Client,
    id: &AccountId,
    step: Option<String>,
    waits: bool,
) -> Result<(), Failure> {
    let path = format!("/api/accounts/{id}/onboard");
    let body = json!(Onboard { step, why: None }).to_string();
    let mut answer = client.post(&path, body).await?["onboarding"].clone();
    let run = answer["run"].clone();
    let mut shown = 0;
    while waits && answer["ended_at"].is_null() {
        if !client.json {
            shown = show(&answer, shown);
        }
        tokio::time::sleep(LOOK).await;
        answer = client.get(&path).await?["onboarding"].clone();
        if answer["run"] != run {
            let what = format!("the onboarding of {id} was asked for anew by somebody else");
            return Err(Failure::new(Code::Refused, what, "ask for it again to follow that one"));
        }
    }
    if client.json {
        print(&answer);
    } else if waits {
        show(&answer, shown);
    } else {
        say(&format!("asked for; `walkon account onboard {id}` without --no-wait follows it"));
    }
    verdict(id, &answer)
}

/// Prints the steps that have ended since; how many those are by now.
fn show(answer: &Value, shown: usize) -> usize {
    let steps = answer["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_over = |step: &&Value| {
        !["waiting", "running"].contains(&step["state"].as_str().unwrap_or_default())
    };
    let over: Vec<_> = steps.iter().take_while(is_over).collect();
    for step in over.iter().skip(shown) {
        let (state, name) = (text(&step["state"]), text(&step["step"]));
        say(&format!("{state:<8} {name:<12} {}", text(&step["why"])));
        if let Some(fix) = step["fix"].as_str() {
            say(&format!("{:<21} do: {fix}", ""));
        }
    }
    over.len().max(shown)
}

fn verdict(id: &AccountId, answer: &Value) -> Result<(), Failure> {
    if answer["ending"] == "failed" {
        let what = format!("{id} is not connected: a step has failed");
        let remedy = "do what is said there, then onboard it again";
        return Err(Failure::new(Code::Refused, what, remedy));
    }
    Ok(())
}
