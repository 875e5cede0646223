//! `walkon enqueue --file`: a report by line, whatever stands in the file.

use serde_json::{Value, json};

use crate::support::fleet::Home;

fn like(account: &str, post: u32, key: &str) -> String {
    json!({"account": account, "kind": "like", "target": format!("post:{post}"), "key": key})
        .to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_line_is_taken_in_or_refused_by_itself_with_its_number() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    fleet.home.run(&["pause", "--all", "--why", "to count"]).await;
    let long = json!({"account": "ada", "kind": "comment", "target": "post:7",
        "with": {"text": "x".repeat(17 * 1024)}});
    let lines = [
        format!("\u{feff}{}", like("ada", 1, "a")),
        like("adda", 2, "b"),
        String::new(),
        "{\"account\":\"ada\",".to_owned(),
        like("ada", 1, "a"),
        like("ada", 3, "a"),
        long.to_string(),
        "   ".to_owned(),
        like("ada", 4, "c"),
    ];
    let path = fleet.home.path("actions.jsonl");
    std::fs::write(&path, lines.join("\r\n")).unwrap();
    let path = path.to_str().unwrap();
    let said = fleet.home.run(&["enqueue", "--file", path, "--json"]).await;
    assert_eq!(said.code, 3, "some were refused: {said:?}");
    let report: Value = said.json();
    let rows = report["lines"].as_array().unwrap();
    let short = |row: &Value| {
        let code = row["code"].as_str().unwrap_or_default();
        format!("{} {} {code}", row["line"], row["status"].as_str().unwrap()).trim().to_owned()
    };
    let wanted = [
        "1 accepted",
        "2 refused unknown_account",
        "4 refused unreadable",
        "5 same",
        "6 refused conflict",
        "7 refused too_large",
        "9 accepted",
    ];
    assert_eq!(rows.iter().map(short).collect::<Vec<_>>(), wanted);
    assert_eq!(rows[0]["id"], rows[3]["id"], "one key, one action");
    let refused = rows.iter().filter(|row| row["status"] == "refused");
    for row in refused {
        assert!(row["why"].as_str().is_some_and(|why| !why.is_empty()), "{row}");
        assert!(row["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{row}");
    }
    assert!(rows[1]["fix"].as_str().unwrap().contains("did you mean `ada`?"), "{}", rows[1]);
    assert_eq!((&report["accepted"], &report["same"]), (&2.into(), &1.into()), "{report}");
    assert_eq!((&report["refused"], &report["failed"]), (&4.into(), &0.into()), "{report}");
    let said = fleet.home.run(&["enqueue", "--file", path]).await;
    assert!(said.out.contains("line 2: refused unknown_account: there is no account `adda`"));
    assert!(said.out.ends_with("7 lines: 0 accepted, 3 same, 4 refused, 0 failed\n"), "{said:?}");
    assert!(said.err.contains("4 lines were refused"), "{said:?}");
    let stats = fleet.get("/api/stats").await;
    assert_eq!(stats["waiting"], 2, "{stats}");
    let said = fleet.home.run(&["enqueue", "--file", "/nowhere/actions.jsonl"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert_eq!(fleet.stop().await, 0);
    let said = fleet.home.run(&["enqueue", "--file", path]).await;
    assert_eq!(said.code, 4, "nobody answers: {said:?}");
    assert!(said.err.contains("lines 1 to 9") && said.err.contains("`key`"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_by_standard_input_goes_in_whole_and_in_its_order() {
    let home = Home::new().await.account("ada", "").account("ben", "");
    let mut fleet = home.start().await;
    fleet.home.run(&["pause", "--all", "--why", "to count"]).await;
    let account = |n: u32| if n.is_multiple_of(2) { "ada" } else { "ben" };
    let line = |n: u32| like(account(n), n, &format!("k{n}"));
    let text = (0..1200).map(line).collect::<Vec<_>>().join("\n");
    let said = fleet.home.run_with(&["enqueue", "--file", "-", "--json"], &text).await;
    assert_eq!(said.code, 0, "{}", said.err);
    let report = said.json();
    assert_eq!(report["accepted"], 1200, "{}", report["refused"]);
    let lines: Vec<_> =
        report["lines"].as_array().unwrap().iter().map(|row| &row["line"]).collect();
    assert!(lines.iter().zip(1..).all(|(line, number)| **line == json!(number)));
    let said = fleet.home.run_with(&["enqueue", "--file", "-", "--json"], &text).await;
    assert_eq!((said.code, &said.json()["same"]), (0, &1200.into()), "sent again, nothing is new");
    let stats = fleet.get("/api/stats").await;
    assert_eq!(stats["waiting"], 1200, "{stats}");
    assert_eq!(fleet.stop().await, 0);
}
