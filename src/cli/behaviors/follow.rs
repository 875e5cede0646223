//! Following one action from its lane to its end, step by step, by what the fleet tells of it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cli::client::Client;
use crate::cli::lists::text;
use crate::cli::out::say;
use crate::cli::report::Failure;
use crate::web::api::hands::Why;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(150);
/// How long it may wait before it is said why.
const SILENT: Duration = Duration::from_secs(2);

/// How an action ended: the first attempt at it, for whoever tries a behavior wants no second one.
#[derive(Debug, Clone)]
pub(super) struct End {
    /// Its state: `done`, `failed`, `unknown`, …
    pub(super) state: String,
    /// `made`, `already` or `none`.
    pub(super) outcome: Option<String>,
    /// A word for programs.
    pub(super) code: Option<String>,
    /// A sentence for people.
    pub(super) why: Option<String>,
    /// How long the attempt took on the recording's clock, in milliseconds.
    pub(super) took_ms: Option<f64>,
    /// The session it was recorded in.
    pub(super) session: Option<String>,
}

/// Follows one action.
pub(super) struct Follower<'a> {
    pub(super) client: &'a Client,
    pub(super) id: String,
    pub(super) account: String,
    /// Says each step as it is walked.
    pub(super) aloud: bool,
    session: Option<String>,
    told: u64,
    began_ms: Option<f64>,
    ended_ms: Option<f64>,
    reasons: String,
}

impl<'a> Follower<'a> {
    pub(super) fn new(client: &'a Client, id: String, account: &str, aloud: bool) -> Self {
        Self {
            client,
            id,
            account: account.to_owned(),
            aloud,
            session: None,
            told: 0,
            began_ms: None,
            ended_ms: None,
            reasons: String::new(),
        }
    }

    /// The session it is recorded in, once that is known.
    pub(super) fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// Looks once; how it ended, if it has. An attempt that would be made again ends it, too.
    pub(super) async fn look(&mut self, since: Instant) -> Result<Option<End>, Failure> {
        let row = self.client.get(&format!("/api/actions/{}", self.id)).await?;
        self.tell_steps().await?;
        let state = text(&row["state"]);
        // A worker that was lost says nothing of the behavior: another takes it up.
        let tried = !row["code"].is_null() && row["code"] != "lost";
        match state.as_str() {
            "running" => return Ok(None),
            // It came back with nothing said: a pause, a host without a browser.
            "waiting" if !tried => {
                if since.elapsed() > SILENT {
                    self.tell_reasons().await?;
                }
                return Ok(None);
            }
            _ => {}
        }
        if state == "waiting" {
            self.take_back("`behavior run` makes one attempt").await;
        }
        // The recording's last piece may be on its way.
        for _ in 0..10 {
            self.tell_steps().await?;
            if self.session.is_none() || self.ended_ms.is_some() {
                break;
            }
            tokio::time::sleep(EVERY).await;
        }
        let some = |name: &str| row[name].as_str().map(str::to_owned);
        let state = if state == "waiting" { "failed".to_owned() } else { state };
        let took_ms = self.began_ms.zip(self.ended_ms).map(|(from, to)| to - from);
        let (outcome, code, why) = (some("outcome"), some("code"), some("why"));
        let session = self.session.clone();
        Ok(Some(End { state, outcome, code, why, took_ms, session }))
    }

    /// Waits until it is time to look again.
    pub(super) async fn rest(&self) {
        tokio::time::sleep(EVERY).await;
    }

    /// Takes the action back, so that nothing is done of it any more; too late is no matter.
    pub(super) async fn take_back(&self, why: &str) {
        let body = json!(Why { why: Some(why.to_owned()) }).to_string();
        let _ = self.client.post(&format!("/api/actions/{}/cancel", self.id), body).await;
    }

    /// Says once what keeps it.
    async fn tell_reasons(&mut self) -> Result<(), Failure> {
        let why = self.client.get(&format!("/api/actions/{}/why", self.id)).await?;
        let reasons = why["reasons"].as_array().cloned().unwrap_or_default();
        let said: Vec<_> = reasons.iter().map(|reason| text(&reason["why"])).collect();
        let said = if said.is_empty() { "no worker is free".to_owned() } else { said.join("; ") };
        if self.aloud && said != self.reasons {
            say(&format!("it waits: {said}"));
        }
        self.reasons = said;
        Ok(())
    }

    /// What keeps it, as was last found.
    pub(super) fn reasons(&self) -> &str {
        &self.reasons
    }

    /// Says what the recording has told of it since.
    async fn tell_steps(&mut self) -> Result<(), Failure> {
        if self.session.is_none() {
            self.session = self.find_session().await?;
        }
        let Some(session) = &self.session else { return Ok(()) };
        let answer = self.client.get(&format!("/api/sessions/{session}")).await?;
        let events = answer["events"].as_array().cloned().unwrap_or_default();
        let begins = events.iter().position(|event| self.begins(event)).unwrap_or(events.len());
        let mut over = false;
        for event in &events[begins..] {
            if over {
                break;
            }
            over = event["type"] == "action_end" && event["action"] == self.id.as_str();
            let seq = event["seq"].as_u64().unwrap_or(0);
            if seq > self.told {
                self.told = seq;
                let (began, line) = told(event, self.began_ms);
                self.began_ms = began;
                if over {
                    self.ended_ms = event["t"].as_f64();
                }
                if let Some(line) = line.filter(|_| self.aloud) {
                    say(&line);
                }
            }
        }
        Ok(())
    }

    fn begins(&self, event: &Value) -> bool {
        event["type"] == "action_begin" && event["action"] == self.id.as_str()
    }

    async fn find_session(&self) -> Result<Option<String>, Failure> {
        let path = format!("/api/sessions?most=20&account={}", self.account);
        let answer = self.client.get(&path).await?;
        for head in answer["sessions"].as_array().into_iter().flatten() {
            let id = text(&head["session"]);
            let session = self.client.get(&format!("/api/sessions/{id}")).await?;
            let events = session["events"].as_array().into_iter().flatten();
            if events.into_iter().any(|event| self.begins(event)) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}

/// One event of a recording in words, with its time since the action began.
fn told(event: &Value, began_ms: Option<f64>) -> (Option<f64>, Option<String>) {
    let t = event["t"].as_f64().unwrap_or(0.0);
    let began = began_ms.unwrap_or(t);
    let at = format!("{:>8.2} s", (t - began) / 1_000.0);
    let line = match event["type"].as_str() {
        Some("step_begin") => {
            Some(format!("{at}  {:>3}  {}", text(&event["step"]), text(&event["title"])))
        }
        Some("step_end") if event["error"].is_string() => {
            Some(format!("{at}       failed: {}", text(&event["error"])))
        }
        Some("navigated") => {
            let status = text(&event["status"]);
            Some(format!("{at}       at {} {status}", text(&event["url"])).trim_end().to_owned())
        }
        Some("log" | "gap") => {
            let words = [&event["text"], &event["why"]].map(text).concat();
            Some(format!("{at}       {words}"))
        }
        _ => None,
    };
    (Some(began), line)
}
