//! A person's hands by the command line: pauses that take hold, dead letters, the pool, a forecast.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::fleet::{Home, TestFleet};

/// Likes after six seconds of thinking it over, or stays six seconds after it has.
fn slow_like(thinks: &str, stays: &str) -> String {
    format!(
        "format = 1\nkind = \"like\"\nabout = \"Likes, slowly.\"\n\n\
         [effect]\npresent = {{ role = \"button\", name = \"Unlike\" }}\n\
         absent = {{ role = \"button\", name = \"Like\" }}\n\n{thinks}\
         [[step]]\nclick = {{ role = \"button\", name = \"Like\" }}\ncommit = true\n\n{stays}"
    )
}

/// Ten minutes at the hundredfold pace of these fleets.
const SIX_SECONDS: &str = "[[step]]\npause = [\"599s\", \"600s\"]\n\n";

fn like(account: &str, post: u32) -> Value {
    json!({"account": account, "kind": "like", "target": format!("post:{post}")})
}

fn at(event: &Value) -> Timestamp {
    event["at"].as_str().unwrap().parse().unwrap()
}

/// The event of an act by hand.
async fn act(fleet: &TestFleet, code: &str) -> Value {
    let what = format!("{code} is told");
    fleet.event(&what, |event| event["type"] == "act" && event["code"] == code).await
}

fn operator() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap();
    user.unwrap().name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_of_all_takes_back_within_two_seconds_what_has_not_begun_and_claims_nothing() {
    let home = Home::new().await.behavior("like", &slow_like(SIX_SECONDS, "")).account("ada", "");
    let mut fleet = home.account("ben", "").start().await;
    let thinking = fleet.enqueue(&like("ada", 7)).await;
    fleet.reaches(&thinking, "running").await;
    let said = fleet.home.run(&["pause", "--all", "--why", "odd numbers"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "the fleet is paused"), "{said:?}");
    let back = |event: &Value| event["action"] == thinking.as_str() && event["code"] == "released";
    let back = fleet.event("it is handed back", back).await;
    let paused = act(&fleet, "pause").await;
    assert_eq!((&paused["by"], &paused["why"]), (&json!(operator()), &json!("odd numbers")));
    let took = at(&back).as_millisecond() - at(&paused).as_millisecond();
    assert!(took <= 2000, "it took {took} ms");
    let waits = fleet.get(&format!("/api/actions/{thinking}")).await;
    assert_eq!((&waits["state"], &waits["attempts"]), (&"waiting".into(), &0.into()), "{waits}");
    let later = fleet.enqueue(&like("ben", 7)).await;
    let why = fleet.home.run(&["action", "why", &later]).await;
    let words = format!("paused (the fleet by {}: odd numbers)", operator());
    assert!(why.out.contains(&words) && why.out.contains("to do: "), "{why:?}");
    assert!(why.out.contains("walkon resume"), "{why:?}");
    let page = fleet.home.http.get(fleet.url("/queue")).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("The fleet is paused for "), "the page says so: {page}");
    assert!(page.contains("odd numbers") && page.contains("walkon resume --all"), "{page}");

    assert_eq!(fleet.stop().await, 0);
    fleet.restart().await;
    let why = fleet.get(&format!("/api/actions/{later}/why")).await;
    assert_eq!(why["reasons"][0]["code"], "paused", "it outlives a restart: {why}");
    assert_eq!(why["reasons"][0]["since"], paused["at"], "{why}");
    let said = fleet.home.run(&["resume", "--all"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "the fleet goes on"), "{said:?}");
    let of = |id: &str, event: &Value| event["type"] == "claimed" && event["action"] == id;
    let resumed = act(&fleet, "resume").await;
    let claimed = fleet.event("it is claimed", |event| of(&later, event)).await;
    let took = at(&claimed).as_millisecond() - at(&resumed).as_millisecond();
    assert!(took <= 2000, "it took {took} ms");
    for (id, account) in [(&thinking, "ada"), (&later, "ben")] {
        fleet.reaches(id, "done").await;
        assert_eq!(fleet.done(account, "like").await.len(), 1);
    }
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_begun_when_its_site_is_paused_is_finished_and_nothing_follows() {
    let home = Home::new().await.behavior("like", &slow_like("", SIX_SECONDS)).account("ada", "");
    let mut fleet = home.start().await;
    let begun = fleet.enqueue(&like("ada", 7)).await;
    let begins = |event: &Value| event["type"] == "begun" && event["action"] == begun.as_str();
    fleet.event("it has begun", begins).await;
    let said = fleet.home.run(&["pause", "--site", "plaza", "--why", "a deploy"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "site plaza is paused"), "{said:?}");
    let next = fleet.enqueue(&like("ada", 8)).await;
    let done = fleet.reaches(&begun, "done").await;
    assert_eq!(done["attempts"], 1, "{done}");
    let why = fleet.home.run(&["action", "why", &next]).await;
    assert!(why.out.contains("paused (site plaza by "), "{why:?}");
    assert_eq!(fleet.done("ada", "like").await.len(), 1);
    let pool = fleet.home.run(&["pool", "status", "--json"]).await.json();
    assert_eq!((&pool["total"], &pool["paused"]), (&1.into(), &1.into()), "{pool}");
    let said = fleet.home.run(&["resume", "--site", "plaza"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "site plaza goes on"), "{said:?}");
    let said = fleet.home.run(&["resume", "--site", "plaza"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "site plaza was not paused"), "{said:?}");
    fleet.reaches(&next, "done").await;
    let said = fleet.home.run(&["pause", "--site", "plazza"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("did you mean `plaza`?"), "{said:?}");
    assert_eq!(fleet.home.run(&["pause"]).await.code, 2, "nothing is paused by accident");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_listed_with_their_reason_and_put_back_one_or_all() {
    let mut fleet = Home::new().await.account("ada", "").account("ben", "").start().await;
    let mut dead = Vec::new();
    for (account, post) in [("ada", 901), ("ada", 902), ("ben", 903)] {
        dead.push(fleet.enqueue(&like(account, post)).await);
    }
    for id in &dead {
        let failed = fleet.reaches(id, "failed").await;
        assert_eq!(failed["code"], "target_missing", "{failed}");
    }
    let home = &fleet.home;
    let all = home.run(&["dead", "list", "--json"]).await.json();
    assert_eq!(all.as_array().unwrap().len(), 3, "{all}");
    let ben = home.run(&["dead", "list", "--account", "ben"]).await;
    assert!(ben.out.contains(&dead[2]) && ben.out.contains("target_missing"), "{ben:?}");
    assert!(!ben.out.contains(&dead[0]), "{ben:?}");
    let listed = home.run(&["action", "list", "--dead", "--json"]).await.json();
    assert_eq!(listed, all);
    home.run(&["pause", "--all", "--why", "to look at them"]).await;
    let said = home.run(&["dead", "retry", &dead[0], "--why", "the post is back"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "1 of 1 put back"), "{said:?}");
    let told = act(&fleet, "retry").await;
    assert_eq!((&told["action"], &told["by"]), (&json!(dead[0]), &json!(operator())), "{told}");
    assert_eq!(told["why"], "the post is back", "{told}");
    let said = home.run(&["dead", "retry", &dead[0]]).await;
    assert_eq!(said.code, 3, "it is none any more: {said:?}");
    assert!(said.err.contains(&dead[0]), "{said:?}");
    let said = home.run(&["dead", "retry", "--all", "--code", "no_such"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "0 of 0 put back"), "{said:?}");
    let said = home.run(&["dead", "retry", "--all", "--code", "target_missing"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "2 of 2 put back"), "{said:?}");
    for id in &dead {
        fleet.reaches(id, "waiting").await;
    }
    let said = home.run(&["action", "cancel", &dead[1], "--why", "not needed"]).await;
    assert_eq!((said.code, said.out.trim()), (0, format!("{} is cancelled", dead[1]).as_str()));
    let told = act(&fleet, "cancel").await;
    assert_eq!((&told["by"], &told["why"]), (&json!(operator()), &json!("not needed")), "{told}");
    let said = home.run(&["action", "settle", &dead[0], "done"]).await;
    assert_eq!(said.code, 3, "it waits for no person: {said:?}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_to_an_account_by_hand_is_told_with_who_and_why() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    fleet.home.run(&["account", "pause", "ada", "--reason", "holidays"]).await;
    let held = act(&fleet, "hold").await;
    assert_eq!((&held["account"], &held["why"]), (&json!("ada"), &json!("holidays")), "{held}");
    assert_eq!((&held["by"], &held["outcome"]), (&json!(operator()), &json!("operator")));
    let shown = fleet.home.run(&["account", "show", "ada"]).await.json();
    assert_eq!(shown["holds"][0]["actor"], json!(operator()), "{shown}");
    fleet.home.run(&["account", "resume", "ada"]).await;
    let lifted = act(&fleet, "lift").await;
    assert_eq!(lifted["by"], json!(operator()), "{lifted}");
    let events = fleet.home.run(&["events"]).await;
    let line = events.out.lines().find(|line| line.contains("act  ada  operator  hold"));
    assert!(line.is_some_and(|line| line.contains(&operator())), "{events:?}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_forecast_of_a_running_fleet_reads_its_own_redis() {
    let home = Home::new().await.account("ada", "plan = \"slow\"\n").account("ben", "");
    let temp = home.path("temp");
    std::fs::create_dir(&temp).unwrap();
    let mut fleet = home.env("TMPDIR", temp.to_str().unwrap()).start().await;
    let done = fleet.enqueue(&like("ada", 7)).await;
    fleet.reaches(&done, "done").await;
    fleet.home.run(&["account", "pause", "ben"]).await;
    let (cooling, held) =
        (fleet.enqueue(&like("ada", 8)).await, fleet.enqueue(&like("ben", 8)).await);
    let said = fleet.home.run(&["queue", "forecast", "--days", "1", "--json"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let foreseen = said.json();
    assert_eq!((&foreseen["runs"], &foreseen["never"]), (&1.into(), &1.into()), "{foreseen}");
    let why = fleet.get(&format!("/api/actions/{cooling}/why")).await;
    assert_eq!(foreseen["actions"][0]["at"], why["earliest"], "{foreseen}");
    assert_eq!(foreseen["actions"][1]["action"], held.as_str(), "{foreseen}");
    assert_eq!(foreseen["actions"][1]["reasons"][0]["code"], "held", "{foreseen}");
    let text = fleet.home.run(&["queue", "forecast"]).await;
    assert!(text.out.contains("1 runs, 0 expires, 0 later, 1 never"), "{text:?}");
    let said = fleet.home.run(&["queue", "forecast", "--days", "91"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert_eq!(fleet.stop().await, 0);
    let said = fleet.home.run(&["queue", "forecast"]).await;
    assert_eq!(said.code, 5, "no Redis answers: {said:?}");
    let left: Vec<_> = std::fs::read_dir(&temp).unwrap().flatten().collect();
    assert!(left.is_empty(), "its own folder is gone: {left:?}");
}
