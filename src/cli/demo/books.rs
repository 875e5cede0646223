//! The books: Plaza's ledger against our receipts, as multisets of (account, kind, target, text).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::caps::{Act, excess};
use super::stage::Stage;
use super::story::Told;
use crate::cli::out::{say, table};
use crate::cli::report::{Code, Failure};
use crate::cli::roles::wait_until_ready;

/// One effect: account, kind, target, the first digits of its text's hash.
type Effect = (String, String, String, String);

/// What the comparison came to.
pub(super) struct Verdict {
    missing: Vec<Effect>,
    extra: Vec<Effect>,
    unknown: usize,
    /// What the ledger shows beyond a plan.
    over: Vec<String>,
}

impl Verdict {
    /// An error unless everything agrees and no cap was exceeded.
    pub(super) fn agree(&self) -> Result<(), Failure> {
        if let Some(first) = self.over.first() {
            let what = format!("the ledger is beyond a plan {} times: {first}", self.over.len());
            return Err(Failure::new(
                Code::Disagrees,
                what,
                "this is a bug: no cap may be exceeded",
            ));
        }
        if self.missing.is_empty() && self.extra.is_empty() && self.unknown == 0 {
            return Ok(());
        }
        let what = format!(
            "ledger and receipts differ: {} missing in the ledger, {} extra there, {} unknown",
            self.missing.len(),
            self.extra.len(),
            self.unknown
        );
        Err(Failure::new(Code::Disagrees, what, "this is a bug: the lines above say where"))
    }

    /// Each thing that is not as it must be, on a line.
    fn tell(&self) {
        for (name, list) in [("missing", &self.missing), ("extra", &self.extra)] {
            for (account, kind, target, mark) in list {
                say(&format!("{name}: {account} {kind} {target} {mark}"));
            }
        }
        for over in &self.over {
            say(&format!("over cap: {over}"));
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Digits of a text's hash that both sides write.
fn mark(value: &Value) -> String {
    value.as_str().map(|hash| hash.chars().take(16).collect()).unwrap_or_default()
}

fn effects_of_ledger(ledger: &Value) -> Vec<Effect> {
    let entries = ledger.as_array().map(Vec::as_slice).unwrap_or_default();
    let effect = |e: &Value| {
        (text(&e["account"]), text(&e["kind"]), text(&e["target"]), mark(&e["text_hash"]))
    };
    entries.iter().map(effect).collect()
}

fn effects_of_receipts(receipts: &Value) -> Vec<Effect> {
    let entries = receipts["receipts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let made = entries.iter().filter(|r| r["state"] == "done" && r["effect"] == "made");
    let effect = |r: &Value| {
        // A publication has no target; Plaza writes down whose it is.
        let account = text(&r["account"]);
        let target = match r["target"].as_str() {
            Some(target) => target.to_owned(),
            None => format!("member:{account}"),
        };
        (account, text(&r["kind"]), target, mark(&r["text_hash"]))
    };
    made.map(effect).collect()
}

/// What the ledger shows beyond the plan of somebody.
fn beyond_plans(stage: &Stage, ledger: &Value) -> Vec<String> {
    let entries = ledger.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut found = Vec::new();
    for (account, plan, zone) in stage.plans() {
        let mine = entries.iter().filter(|entry| entry["account"] == account);
        let act = |entry: &Value| {
            Some(Act { kind: text(&entry["kind"]), at: entry["at"].as_str()?.parse().ok()? })
        };
        let mut acts: Vec<_> = mine.filter_map(act).collect();
        acts.sort_by_key(|act| act.at);
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let over = excess(&acts, plan, &zone);
        found.extend(over.into_iter().map(|what| format!("{account}, {what}")));
    }
    found
}

/// What stands in one list more often than in the other.
fn more(one: &[Effect], other: &[Effect]) -> Vec<Effect> {
    let mut counts: BTreeMap<&Effect, i64> = BTreeMap::new();
    for effect in one {
        *counts.entry(effect).or_default() += 1;
    }
    for effect in other {
        *counts.entry(effect).or_default() -= 1;
    }
    let more = counts.into_iter().filter(|(_, count)| *count > 0);
    more.flat_map(|(effect, count)| std::iter::repeat_n(effect.clone(), count as usize)).collect()
}

/// Compares, and prints the table or the JSON.
pub(super) async fn close(
    stage: &Stage,
    told: &Told,
    took: Duration,
    json: bool,
) -> Result<Verdict, Failure> {
    wait_until_ready(&stage.url()).await?;
    let seen = stage.judge("/ledger").await?;
    let ledger = effects_of_ledger(&seen);
    let receipts = effects_of_receipts(&stage.api("/api/receipts").await?);
    let accounts = stage.api("/api/accounts").await?;
    let sessions = stage.api("/api/sessions?most=1000").await?;
    let count = |value: &Value| value.as_array().map_or(0, Vec::len);
    let states = told.states();
    let verdict = Verdict {
        missing: more(&receipts, &ledger),
        extra: more(&ledger, &receipts),
        unknown: states["unknown"],
        over: beyond_plans(stage, &seen),
    };
    let seconds = (took.as_secs_f64() * 10.0).round() / 10.0;
    let (account_count, session_count) =
        (count(&accounts["accounts"]), count(&sessions["sessions"]));
    if json {
        let mut object = super::totals(told);
        object["planned"] = json!(told.asked());
        object["ledger"] = json!(ledger.len());
        object["receipts"] = json!(receipts.len());
        object["ledger_missing"] = json!(verdict.missing.len());
        object["ledger_extra"] = json!(verdict.extra.len());
        object["differences"] = json!([&verdict.missing, &verdict.extra]);
        object["over_cap"] = json!(verdict.over.len());
        object["over_caps"] = json!(verdict.over);
        object["accounts"] = json!(account_count);
        object["sessions"] = json!(session_count);
        object["taken_up"] = json!(told.taken_up());
        object["suspended"] = json!(told.suspended());
        object["seconds"] = json!(seconds);
        say(&object.to_string());
        return Ok(verdict);
    }
    say("");
    let row = |name: &str, value: String, why: &str| vec![name.to_owned(), value, why.to_owned()];
    let notes = [
        ("done", ""),
        ("waiting", "for a person: their account is suspended"),
        ("expired", "held back by a cap of one like a day"),
        ("refused", "an unknown kind and an unknown account"),
        ("failed", ""),
        ("unknown", ""),
        ("cancelled", ""),
        ("running", ""),
    ];
    let mut rows = vec![row("planned", told.asked().to_string(), "")];
    for (name, why) in notes {
        let count = states[name];
        rows.push(row(name, count.to_string(), if count > 0 { why } else { "" }));
    }
    rows.push(row("taken up", told.taken_up().to_string(), "after their worker was killed"));
    rows.push(row("suspended", told.suspended().join(", "), "banned by plaza; waits for a person"));
    rows.push(row("sessions", session_count.to_string(), "recorded"));
    rows.push(row("ledger", ledger.len().to_string(), "effects that plaza saw"));
    rows.push(row("receipts", receipts.len().to_string(), "effects that we say we made"));
    rows.push(row("missing", verdict.missing.len().to_string(), "in the ledger"));
    rows.push(row("extra", verdict.extra.len().to_string(), "in the ledger"));
    rows.push(row("over cap", verdict.over.len().to_string(), "effects beyond a plan"));
    rows.push(row("seconds", seconds.to_string(), ""));
    table(&rows);
    verdict.tell();
    Ok(verdict)
}
