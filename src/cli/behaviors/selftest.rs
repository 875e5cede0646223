//! `walkon behavior test`: carries out a site's own tests, and says which hold.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::time::Instant;
use walkon_core::behavior::selftest::SelfTest;
use walkon_core::fault::Fault;
use walkon_core::id::AccountId;

use super::follow::{End, Follower};
use super::run::{on_site, patience};
use crate::catalog::{self, site};
use crate::cli::client::Client;
use crate::cli::lists::{print, text};
use crate::cli::out::{say, table};
use crate::cli::report::{Code, Failure};
use crate::config::Config;

/// `walkon behavior test`
#[derive(Debug, Args)]
pub(in crate::cli) struct Test {
    /// The site whose `tests.toml` it is.
    #[arg(long)]
    site: String,
    /// The account that does it: one for tests, for what they do stays on the site.
    #[arg(long)]
    account: AccountId,
    /// How long one test may wait for its turn.
    #[arg(long, default_value = "2m", value_parser = patience)]
    patience: Duration,
}

/// What became of one test.
struct Row {
    test: SelfTest,
    end: Option<End>,
    holds: bool,
    why: Option<String>,
}

/// `walkon behavior test`
pub(super) async fn test(config: &Config, client: &Client, args: &Test) -> Result<(), Failure> {
    let tests = read(config, &args.site)?;
    on_site(client, &args.account, &args.site).await?;
    let mut rows = Vec::new();
    for test in tests {
        rows.push(carry_out(client, args, test).await?);
    }
    let failed = rows.iter().filter(|row| !row.holds).count();
    if client.json {
        let list: Vec<_> = rows.iter().map(Row::json).collect();
        print(&json!({"site": args.site, "tests": list, "failed": failed}));
    } else {
        tell(&rows);
    }
    if failed == 0 {
        return Ok(());
    }
    let what = format!("{failed} of {} tests do not hold", rows.len());
    let remedy = "their lines say what happened; `walkon behavior run` shows one step by step";
    Err(Failure::new(Code::Failed, what, remedy))
}

/// The tests of a site, if all that it has is good.
fn read(config: &Config, id: &str) -> Result<Vec<SelfTest>, Failure> {
    let folder = config.fleet.behaviors.join(id);
    if !folder.join("site.toml").is_file() {
        let what = format!("there is no site in {}", folder.display());
        return Err(Failure::new(Code::Refused, what, "name a folder of `fleet.behaviors`"));
    }
    let mut faults: Vec<Fault> = Vec::new();
    let entry = site::read(&folder, &mut faults)?;
    if !faults.is_empty() {
        return Err(catalog::Error::Wrong(faults).into());
    }
    let tests = entry.map(|entry| entry.tests).unwrap_or_default();
    if tests.is_empty() {
        let what = format!("{id} has no tests");
        let remedy =
            format!("write {}: docs/behaviors.md#testing", folder.join("tests.toml").display());
        return Err(Failure::new(Code::Refused, what, remedy));
    }
    Ok(tests)
}

async fn carry_out(client: &Client, args: &Test, test: SelfTest) -> Result<Row, Failure> {
    let account = args.account.as_str();
    let action = json!(test.action(account)).to_string();
    let answer = match client.post("/api/actions", action).await {
        Ok(answer) => answer,
        Err(Failure { what, code: Code::Refused, .. }) => {
            return Ok(Row { test, end: None, holds: false, why: Some(what) });
        }
        Err(failure) => return Err(failure),
    };
    let mut follower = Follower::new(client, text(&answer["id"]), account, false);
    let since = Instant::now();
    loop {
        if let Some(end) = follower.look(since).await? {
            let (outcome, code) = (end.outcome.as_deref(), end.code.as_deref());
            let holds = test.holds(&end.state, outcome, code);
            let why = if holds { None } else { end.why.clone() };
            return Ok(Row { test, end: Some(end), holds, why });
        }
        if follower.session().is_none() && since.elapsed() > args.patience {
            follower.take_back("`behavior test` waited long enough").await;
            let why = format!("it did not begin: {}", follower.reasons());
            return Ok(Row { test, end: None, holds: false, why: Some(why) });
        }
        follower.rest().await;
    }
}

impl Row {
    fn expected(&self) -> String {
        match &self.test.code {
            Some(code) => format!("{} {code}", self.test.expect),
            None => self.test.expect.clone(),
        }
    }

    /// How it ended, in the words in which a test expects it.
    fn was(&self) -> String {
        let Some(end) = &self.end else { return "not begun".to_owned() };
        match (&end.outcome, &end.code) {
            (Some(outcome), _) if end.state == "done" => outcome.clone(),
            (_, Some(code)) => format!("{} {code}", end.state),
            _ => end.state.clone(),
        }
    }

    fn json(&self) -> Value {
        let took_ms = self.end.as_ref().and_then(|end| end.took_ms);
        let session = self.end.as_ref().and_then(|end| end.session.clone());
        json!({"about": self.test.about, "kind": self.test.kind, "target": self.test.target,
            "expected": self.expected(), "was": self.was(), "holds": self.holds,
            "why": self.why, "took_ms": took_ms, "session": session})
    }
}

fn tell(rows: &[Row]) {
    let heads = ["", "test", "kind", "target", "expected", "was", "seconds"];
    let mut all = vec![heads.map(str::to_owned).to_vec()];
    all.extend(rows.iter().map(|row| {
        let took_ms = row.end.as_ref().and_then(|end| end.took_ms);
        let took = took_ms.map_or(String::new(), |ms| format!("{:.2}", ms / 1_000.0));
        let target = row.test.target.as_ref().map(ToString::to_string).unwrap_or_default();
        let mark = if row.holds { "ok" } else { "FAILS" };
        let (about, kind) = (row.test.about.clone(), row.test.kind.clone());
        vec![mark.to_owned(), about, kind, target, row.expected(), row.was(), took]
    }));
    table(&all);
    for row in rows.iter().filter(|row| !row.holds) {
        let why = row.why.as_deref().unwrap_or("it ended otherwise");
        say(&format!("{}: {why}", row.test.about));
    }
    let held = rows.iter().filter(|row| row.holds).count();
    say(&format!("{held} of {} hold", rows.len()));
}
