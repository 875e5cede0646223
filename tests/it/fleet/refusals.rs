//! Bad actions, through all three doors: each is refused with a code, a reason and a remedy.

use serde_json::{Value, json};

use crate::support::fleet::{Home, TestFleet};

struct Case {
    what: &'static str,
    json: String,
    code: &'static str,
    status: u16,
    /// A part of the reason, and one of the remedy.
    says: [&'static str; 2],
}

fn case(what: &'static str, json: &Value, code: &'static str, says: [&'static str; 2]) -> Case {
    Case { what, json: json.to_string(), code, status: 422, says }
}

fn in_hours(hours: i64) -> String {
    #[expect(clippy::disallowed_methods, reason = "the fleet is a real one, on the real clock")]
    let now = jiff::Timestamp::now();
    (now + jiff::SignedDuration::from_hours(hours)).to_string()
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn cases() -> Vec<Case> {
    let like = |more: Value| {
        let mut like = json!({"account": "ada", "kind": "like", "target": "post:7"});
        like.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        like
    };
    let text = "x".repeat(17 * 1024);
    let long =
        json!({"account": "ada", "kind": "comment", "target": "post:7", "with": {"text": text}});
    vec![
        Case {
            what: "malformed JSON",
            json: r#"{"account":"ada","kind":"#.to_owned(),
            code: "unreadable",
            status: 422,
            says: ["not readable", "one JSON object"],
        },
        Case {
            status: 413,
            ..case("more than 16 KiB", &long, "too_large", ["the most is 16384", "reference"])
        },
        case(
            "unknown account",
            &like(json!({"account": "adda"})),
            "unknown_account",
            ["no account `adda`", "did you mean `ada`?"],
        ),
        case(
            "unknown kind",
            &like(json!({"kind": "lik"})),
            "unknown_kind",
            ["no kind `lik`", "did you mean `like`?"],
        ),
        case(
            "unknown field",
            &like(json!({"targt": "post:7"})),
            "unknown_field",
            ["no field `targt`", "did you mean `target`?"],
        ),
        case(
            "another sort of target",
            &like(json!({"target": "member:ben"})),
            "bad_target",
            ["cannot be done to a `member`", "post:<id>"],
        ),
        case(
            "a target that leaves its path",
            &like(json!({"target": "post:../7"})),
            "unreadable",
            ["`post:../7` is not a target", "one JSON object"],
        ),
        case(
            "expired",
            &like(json!({"expires_at": "2020-01-01T00:00:00Z"})),
            "expired",
            ["in the past", "later `expires_at`"],
        ),
        case(
            "far in the future",
            &like(json!({"not_before": in_hours(24 * 91)})),
            "too_far_ahead",
            ["90 days ahead", "closer"],
        ),
        case(
            "a route that nobody has",
            &like(json!({"route": "api"})),
            "no_api_route",
            ["has no `like`", "leave `route` out"],
        ),
        case(
            "a cooldown that outlasts it",
            &like(json!({"account": "ben", "target": "post:8", "expires_at": in_hours(1)})),
            "cannot_in_time",
            ["cooldown", "let it expire after"],
        ),
        Case {
            status: 409,
            ..case(
                "a used key with other content",
                &like(json!({"target": "post:9", "key": "one"})),
                "conflict",
                ["used before, with other content, by ", "a key of its own"],
            )
        },
    ]
}

async fn by_stream(fleet: &TestFleet, case: &Case) {
    let intake = fleet.xadd(&case.json).await;
    let event = fleet.event(case.what, |event| event["intake"] == intake.as_str()).await;
    assert_eq!((&event["type"], &event["code"]), (&"refused".into(), &case.code.into()), "{event}");
    let why = event["why"].as_str().unwrap();
    assert!(case.says.iter().all(|part| why.contains(part)), "{}: {why}", case.what);
}

async fn by_http(fleet: &TestFleet, case: &Case) {
    let (status, sort, body) = fleet.post("/api/actions", case.json.clone()).await;
    assert_eq!(status, case.status, "{}: {body}", case.what);
    assert_eq!(sort, "application/problem+json", "{}", case.what);
    assert_eq!((&body["code"], &body["status"]), (&case.code.into(), &status.into()), "{body}");
    for (name, part) in ["why", "fix"].into_iter().zip(case.says) {
        assert!(body[name].as_str().unwrap().contains(part), "{}: {body}", case.what);
    }
}

async fn by_command(fleet: &TestFleet, case: &Case) {
    let said = fleet.home.run(&["enqueue", &case.json]).await;
    assert_eq!((said.code, said.out.as_str()), (3, ""), "{}: {said:?}", case.what);
    for (name, part) in ["error: ", "remedy: "].into_iter().zip(case.says) {
        let line = said.err.lines().find(|line| line.starts_with(name));
        assert!(line.is_some_and(|line| line.contains(part)), "{}: {}", case.what, said.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_bad_action_is_refused_alike_by_stream_http_and_command() {
    let home = Home::new().await.account("ada", "").account("ben", "plan = \"slow\"\n");
    // One that a busy host loses would let the slow account cool down before it has acted.
    let mut fleet = home.env("WALKON__QUEUE__LEASE", "20s").start().await;
    let first = json!({"account": "ada", "kind": "like", "target": "post:7", "key": "one"});
    let first = fleet.enqueue(&first).await;
    let cooling = json!({"account": "ben", "kind": "like", "target": "post:7"});
    let cooling = fleet.enqueue(&cooling).await;
    fleet.reaches(&first, "done").await;
    fleet.reaches(&cooling, "done").await;
    let cases = cases();
    for case in &cases {
        by_stream(&fleet, case).await;
        by_http(&fleet, case).await;
        by_command(&fleet, case).await;
    }
    let conflict = cases.last().unwrap();
    let (_, _, body) = fleet.post("/api/actions", conflict.json.clone()).await;
    assert!(body["why"].as_str().unwrap().contains(&first), "the first is named: {body}");
    let stats = fleet.get("/api/stats").await;
    assert_eq!((&stats["done"], &stats["waiting"]), (&2.into(), &0.into()), "{stats}");
    assert_eq!(stats["refused"], cases.len(), "those of the stream are counted: {stats}");
    assert_eq!(fleet.ledger().await.len(), 2, "nothing refused was done");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_is_one_action_by_whichever_door_it_comes() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let like = json!({"account": "ada", "kind": "like", "target": "post:7", "key": "k"});
    let id = fleet.enqueue(&like).await;
    let (status, _, body) = fleet.post("/api/actions", like.to_string()).await;
    assert_eq!((status, &body["same"], &body["id"]), (200, &true.into(), &id.as_str().into()));
    let said = fleet.home.run(&["enqueue", &like.to_string()]).await;
    assert_eq!(
        (said.code, said.out.trim()),
        (0, format!("{id} (known already by its key)").as_str())
    );
    fleet.xadd(&like.to_string()).await;
    // What came after it on the stream is taken in after it.
    let after = fleet.xadd(r#"{"account":"ada","kind":"save","target":"post:7"}"#).await;
    let wish = |event: &Value| event["intake"] == after.as_str() && event["type"] == "done";
    fleet.event("the one after it is done", wish).await;
    fleet.reaches(&id, "done").await;
    let all = fleet.get("/api/actions").await;
    assert_eq!(all["actions"].as_array().unwrap().len(), 2, "{all}");
    assert_eq!(fleet.done("ada", "like").await.len(), 1);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_handler_takes_is_a_problem_too_and_the_fleet_goes_on() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let (status, sort, body) = fleet.post("/api/actions", "x".repeat(3 << 20)).await;
    assert_eq!((status, sort.as_str()), (413, "application/problem+json"), "{body}");
    for (path, body) in [
        ("/api/accounts/import", "{"),
        ("/api/accounts/NOT AN ID/pause", r#"{"reason":"x"}"#),
        ("/api/accounts/nobody/pause", r#"{"reason":"x"}"#),
        ("/api/actions/nothing/cancel", "{}"),
    ] {
        let (status, sort, body) = fleet.post(path, body).await;
        assert!((400..500).contains(&status), "{path}: {status}");
        assert_eq!(sort, "application/problem+json", "{path}: {body}");
        assert!(body["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{path}: {body}");
    }
    let mut redis = fleet.redis().await;
    let mut add = redis::cmd("XADD");
    add.arg("walkon:intake").arg("*").arg("other").arg("field");
    let intake: String = add.query_async(&mut redis).await.unwrap();
    let event = fleet.event("it is refused", |event| event["intake"] == intake.as_str()).await;
    assert!(event["why"].as_str().unwrap().contains("`action`"), "{event}");
    let like = json!({"account": "ada", "kind": "like", "target": "post:7"});
    let id = fleet.enqueue(&like).await;
    fleet.reaches(&id, "done").await;
    assert_eq!(fleet.stop().await, 0);
}
