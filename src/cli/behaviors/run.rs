//! `walkon behavior run`: one behavior for one account, looked on at.
//!
//! It asks the fleet for an ordinary action, the most urgent there is, and follows it: grant,
//! holds, caps and cooldowns are those of any other, for nothing here goes round the queue.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;
use walkon_core::action::{LABEL_PACE, LABEL_STEP, Target};
use walkon_core::id::AccountId;

use super::follow::{End, Follower};
use crate::cli::browse::{self, Display};
use crate::cli::client::Client;
use crate::cli::lists::{print, text};
use crate::cli::out::say;
use crate::cli::report::{Code, Failure};

/// `walkon behavior run`
#[derive(Debug, Args)]
pub(in crate::cli) struct Run {
    /// The kind whose behavior is carried out.
    kind: String,
    /// The site: the account's must be this one.
    #[arg(long)]
    site: String,
    /// The account that does it.
    #[arg(long)]
    account: AccountId,
    /// What it is done to: `post:7`.
    #[arg(long)]
    target: Option<Target>,
    /// An argument of the kind, again for each: `--with text=Hello`.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    with: Vec<(String, String)>,
    /// Shows the session's page, where its pictures are: opens it where there is a display, and
    /// prints its address.
    #[arg(long)]
    show: bool,
    /// Waits before each step until Enter is pressed; `q` and Enter take the action back.
    #[arg(long)]
    step: bool,
    /// How many times as fast as a person it moves and reads. Above the fleet's own pace only on a
    /// site of this host; never a limit.
    #[arg(long)]
    pace: Option<f64>,
    /// How long it may wait for its turn before it is taken back.
    #[arg(long, default_value = "2m", value_parser = patience)]
    patience: Duration,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, for example text=Hello")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A time as behaviors write it.
pub(super) fn patience(text: &str) -> Result<Duration, String> {
    let parsed: Result<jiff::SignedDuration, _> = text.parse();
    let time = parsed.ok().and_then(|time| Duration::try_from(time).ok());
    time.ok_or_else(|| format!("`{text}` is not a time: write for example `30s` or `2m`"))
}

impl Run {
    fn action(&self) -> Value {
        let mut labels = BTreeMap::new();
        if self.step {
            labels.insert(LABEL_STEP, "1".to_owned());
        }
        if let Some(pace) = self.pace {
            labels.insert(LABEL_PACE, pace.to_string());
        }
        let with: BTreeMap<_, _> = self.with.iter().cloned().collect();
        json!({"account": self.account, "kind": self.kind, "target": self.target, "with": with,
            "route": "browser", "priority": 0, "labels": labels})
    }
}

/// `walkon behavior run`
pub(super) async fn run(client: &Client, args: &Run, display: Display) -> Result<(), Failure> {
    on_site(client, &args.account, &args.site).await?;
    let answer = client.post("/api/actions", args.action().to_string()).await?;
    let id = text(&answer["id"]);
    let aloud = !client.json;
    if aloud {
        say(&format!("{id}: {} for {}", args.kind, args.account));
    }
    let mut follower = Follower::new(client, id.clone(), args.account.as_str(), aloud);
    let mut keys = args.step.then(keys);
    let (since, mut shown) = (Instant::now(), false);
    let end = loop {
        if let Some(end) = follower.look(since).await? {
            break end;
        }
        if let (Some(session), false) = (follower.session(), shown) {
            shown = true;
            let page = client.page(&format!("/sessions/{session}"));
            if args.show {
                browse::show(&page, display);
            }
        }
        if let Some(keys) = &mut keys {
            step_on(client, &follower, keys).await?;
        }
        if follower.session().is_none() && since.elapsed() > args.patience {
            follower.take_back("`behavior run` waited long enough").await;
            let what = format!("it did not begin: {}", follower.reasons());
            let remedy = "wait until that has passed, or give it more with --patience";
            return Err(Failure::new(Code::Refused, what, remedy));
        }
        follower.rest().await;
    };
    report(client, &id, &end)
}

/// The account is there, and on that site.
pub(super) async fn on_site(client: &Client, id: &AccountId, site: &str) -> Result<(), Failure> {
    let account = client.get(&format!("/api/accounts/{id}/status")).await?;
    let own = text(&account["site"]);
    if own == site {
        return Ok(());
    }
    let what = format!("the account `{id}` is on `{own}`, not on `{site}`");
    Err(Failure::new(Code::Refused, what, "name one of that site: `walkon account list`"))
}

/// Lines from standard input, one an Enter; it ends where standard input does.
#[expect(
    clippy::disallowed_methods,
    reason = "a read of standard input cannot be stopped: a stop must not wait for it"
)]
pub(super) fn keys() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    // It may sit in a read for ever: the process ends over it.
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Where the action waits at a step, asks whether it may go on.
async fn step_on(
    client: &Client,
    follower: &Follower<'_>,
    keys: &mut mpsc::UnboundedReceiver<String>,
) -> Result<(), Failure> {
    let path = format!("/api/actions/{}/step", follower.id);
    let waits = client.get(&path).await?;
    let Some(step) = waits["waits_at"].as_u64() else { return Ok(()) };
    if !client.json {
        say(&format!("next:  {step:>3}  {}   [Enter]", text(&waits["title"])));
    }
    match keys.recv().await.as_deref().map(str::trim) {
        Some("q") => drop(client.post(&path, json!({"leave": true}).to_string()).await?),
        Some(_) => drop(client.post(&path, json!({"to": step}).to_string()).await?),
        // Nobody is there to press Enter: it walks on to its end.
        None => drop(client.post(&path, json!({"to": u32::MAX}).to_string()).await?),
    }
    Ok(())
}

fn report(client: &Client, id: &str, end: &End) -> Result<(), Failure> {
    let page = end.session.as_ref().map(|session| client.page(&format!("/sessions/{session}")));
    if client.json {
        print(&json!({"action": id, "state": end.state, "outcome": end.outcome,
            "code": end.code, "why": end.why, "took_ms": end.took_ms, "session": page}));
    }
    let recorded = page.map_or(String::new(), |page| format!("its recording: {page}"));
    if end.state == "done" {
        if !client.json {
            let outcome = end.outcome.as_deref().unwrap_or("done");
            say(&format!("done: {outcome}"));
            say(&recorded);
        }
        return Ok(());
    }
    let code = end.code.as_deref().unwrap_or("no code");
    let why = end.why.as_deref().unwrap_or("nothing was said");
    let what = format!("it is {}: {code}: {why}", end.state);
    Err(Failure::new(Code::Failed, what, recorded))
}
