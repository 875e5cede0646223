//! What is judged at the end: ledger and receipts, caps, what was asked, and what is shown.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};
use walkon_core::action::Action;

use super::{BROKEN, username};
use crate::support::fleet::TestFleet;

/// What was asked for: ids that were answered, and entries of the stream.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) ids: Vec<String>,
    pub(super) entries: Vec<String>,
}

/// One effect: account, kind, target, the first digits of its text's hash.
type Effect = [String; 4];

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn effect(one: &Value) -> Effect {
    let mark = text(&one["text_hash"]).chars().take(16).collect();
    [text(&one["account"]).replace('.', "-"), text(&one["kind"]), text(&one["target"]), mark]
}

async fn receipts(fleet: &TestFleet) -> Vec<Value> {
    fleet.get("/api/receipts").await["receipts"].as_array().cloned().unwrap_or_default()
}

async fn in_state(fleet: &TestFleet, state: &str) -> Vec<Value> {
    let list = fleet.get(&format!("/api/actions?state={state}&most=1000")).await;
    list["actions"].as_array().cloned().unwrap_or_default()
}

/// Whether it lasts until another day or a person what an action waits for; else what it is.
async fn lasts(fleet: &TestFleet, action: &Value) -> Result<(), String> {
    let why = fleet.get(&format!("/api/actions/{}/why", text(&action["id"]))).await;
    let mut reasons = why["reasons"].as_array().into_iter().flatten();
    let lasts = |reason: &Value| reason["code"] == "held" || reason["code"] == "kind_daily_cap";
    if reasons.any(lasts) { Ok(()) } else { Err(why.to_string()) }
}

/// The effects of what may have been made and cannot be read, since its account is held.
async fn unread(fleet: &TestFleet) -> BTreeSet<Effect> {
    let mut open = in_state(fleet, "unknown").await;
    // What is as good made twice waits to be made again, and is found there then.
    let is_broken = |one: &Value| BROKEN.iter().any(|broken| one["account"] == broken.0);
    let again = |one: &Value| is_broken(one) && one["attempts"].as_u64() > Some(0);
    open.extend(in_state(fleet, "waiting").await.into_iter().filter(again));
    open.iter().map(effect_of).collect()
}

/// What an action that is still in the queue would make.
fn effect_of(row: &Value) -> Effect {
    let action: Action = serde_json::from_value(row["action"].clone()).unwrap();
    let hash = action.text_hash();
    let what = json!({"account": row["account"], "kind": action.kind, "target": action.target,
        "text_hash": hash});
    effect(&what)
}

/// An account that left with an act under way: a person looks whether it was made, and says so.
async fn look_and_settle(fleet: &TestFleet) {
    let parked = fleet.get("/api/dead?parked=true").await["dead"].clone();
    for action in parked.as_array().into_iter().flatten() {
        let sought = effect_of(action);
        let is_made = fleet.ledger().await.iter().any(|one| effect(one) == sought);
        let outcome = if is_made { "done" } else { "failed" };
        let path = format!("/api/actions/{}/settle", text(&action["id"]));
        let (status, _, body) = fleet.post(&path, json!({"outcome": outcome}).to_string()).await;
        assert_eq!(status, 200, "{body}");
    }
}

/// Whether everything has ended that needs no other day and no person, and is in the books; else
/// what is open.
pub(super) async fn is_settled(fleet: &TestFleet, asked: &Asked) -> Result<(), String> {
    let stats = fleet.get("/api/stats").await;
    let is_still = stats["running"] == 0;
    let came = fleet.events(|event| event["type"] == "queued").await;
    let is_in = |entry: &String| came.iter().any(|event| event["intake"] == entry.as_str());
    if !is_still || !asked.entries.iter().all(is_in) {
        return Err(stats.to_string());
    }
    for action in in_state(fleet, "waiting").await {
        lasts(fleet, &action).await?;
    }
    look_and_settle(fleet).await;
    for action in in_state(fleet, "unknown").await {
        lasts(fleet, &action).await?;
    }
    let stats = fleet.get("/api/stats").await;
    // The queue is ahead of its books for an instant.
    let receipts = receipts(fleet).await;
    let ended = receipts.len() as u64;
    let all = ["done", "failed", "cancelled", "expired", "refused", "unknown"];
    let told: u64 = all.iter().filter_map(|state| stats[*state].as_u64()).sum();
    if ended == told {
        return Ok(());
    }
    let mut known = BTreeSet::new();
    let twice = receipts.iter().filter(|one| !known.insert(text(&one["action"])));
    let twice: Vec<_> = twice.collect();
    Err(format!("{ended} receipts of {told}, {stats}; twice: {twice:?}"))
}

/// What Plaza saw is what our receipts say was made, effect by effect.
pub(super) async fn ledger_and_receipts(fleet: &TestFleet) {
    let made = |one: &&Value| one["state"] == "done" && one["effect"] == "made";
    let mut counts: BTreeMap<Effect, (u32, u32)> = BTreeMap::new();
    for entry in fleet.ledger().await.iter().filter(|one| one["kind"] != "sign_in") {
        counts.entry(effect(entry)).or_default().0 += 1;
    }
    for receipt in receipts(fleet).await.iter().filter(made) {
        counts.entry(effect(receipt)).or_default().1 += 1;
    }
    assert!(counts.len() > 150, "only {} effects", counts.len());
    let unread = unread(fleet).await;
    counts.retain(|one, (seen, told)| (seen != told || *seen > 1) && !unread.contains(one));
    assert!(counts.is_empty(), "seen and told: {counts:?}");
}

/// Two likes a day, and 300 ms between two comments.
pub(super) async fn no_cap_is_exceeded(fleet: &TestFleet) {
    let mut likes: BTreeMap<(String, String), u32> = BTreeMap::new();
    let mut comments: BTreeMap<String, Timestamp> = BTreeMap::new();
    for entry in fleet.ledger().await {
        let (account, at) = (text(&entry["account"]), text(&entry["at"]));
        if entry["kind"] == "like" {
            *likes.entry((account.clone(), at[..10].to_owned())).or_default() += 1;
        } else if entry["kind"] == "comment" {
            let at: Timestamp = at.parse().unwrap();
            if let Some(last) = comments.insert(account, at) {
                assert!(at.duration_since(last).as_millis() >= 299, "{entry}");
            }
        }
    }
    let over: Vec<_> = likes.iter().filter(|(_, count)| **count > 2).collect();
    assert!(over.is_empty(), "{over:?}");
    assert!(likes.values().filter(|count| **count == 2).count() > 30, "caps were used: {likes:?}");
}

/// Each action that was taken in has ended, or waits.
pub(super) async fn nothing_is_lost(fleet: &TestFleet, asked: &Asked) {
    let mut known: BTreeSet<_> =
        receipts(fleet).await.iter().map(|one| text(&one["action"])).collect();
    for state in ["waiting", "unknown"] {
        known.extend(in_state(fleet, state).await.iter().map(|one| text(&one["id"])));
    }
    let lost: Vec<_> = asked.ids.iter().filter(|id| !known.contains(*id)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let counts = fleet.get("/api/stats").await;
    let states = counts.as_object().unwrap().iter().filter(|(name, _)| *name != "planned");
    let sum: u64 = states.filter_map(|(_, count)| count.as_u64()).sum();
    assert_eq!(counts["planned"], sum, "{counts}");
    for receipt in receipts(fleet).await {
        let by_hand = receipt["code"] == "resolved";
        assert!(receipt["state"] != "failed" || by_hand, "{receipt}");
    }
}

/// Page and API say of each account how it is: five are stopped, each for its own reason, and
/// nobody else is.
pub(super) async fn each_stands_as_it_is_shown(fleet: &TestFleet, left: &[&str]) {
    let status = fleet.get("/api/accounts/status?most=1000").await;
    let rows = status["accounts"].as_array().unwrap();
    let mut shown: Vec<_> = rows.iter().map(|row| text(&row["id"])).collect();
    let mut expected: Vec<_> = left.iter().map(|id| (*id).to_owned()).collect();
    shown.sort();
    expected.sort();
    assert_eq!(shown, expected);
    for row in rows {
        let id = text(&row["id"]);
        match BROKEN.iter().find(|broken| broken.0 == id) {
            None => {
                assert_eq!((&row["state"], &row["holds"]), (&json!("active"), &json!([])), "{row}");
            }
            Some((_, state, hold, ..)) => {
                let kinds: Vec<_> =
                    row["holds"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
                assert_eq!((&row["state"], kinds), (&json!(state), vec![&json!(hold)]), "{row}");
                let page = fleet.home.http.get(fleet.url(&format!("/accounts/{id}"))).send().await;
                let page = page.unwrap().text().await.unwrap();
                assert!(page.contains(state), "{id}: {page}");
            }
        }
    }
    let acted: BTreeSet<_> = fleet.ledger().await.iter().map(|one| text(&one["account"])).collect();
    assert!(left.iter().filter(|id| acted.contains(&username(id))).count() > 40, "{acted:?}");
}
