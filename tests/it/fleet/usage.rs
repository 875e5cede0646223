//! How attempts ended, as an operator asks for it.

use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::fleet::{Home, TestFleet};

/// The lines of a count, once all four ends are in it.
async fn counted(fleet: &TestFleet, by: &str) -> Vec<Value> {
    eventually("all is counted", async || {
        let answer = fleet.get(&format!("/api/usage?by={by}&hours=1")).await;
        let lines = answer["usage"].as_array().unwrap().clone();
        let total = |line: &Value| line["total"].as_u64().unwrap();
        if lines.iter().map(total).sum::<u64>() >= 4 { Ok(lines) } else { Err(answer) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_are_counted_by_account_and_by_result_and_once_across_a_restart() {
    let home = Home::new().await.account("ada", "").account("ben", "");
    let mut fleet = home.start().await;
    for (account, post) in [("ada", 1), ("ada", 2), ("ben", 1)] {
        let target = format!("post:{post}");
        let like = json!({"account": account, "kind": "like", "target": target});
        let id = fleet.enqueue(&like).await;
        fleet.reaches(&id, "done").await;
    }
    // A post that is not there: it is tried, and it fails.
    let gone = json!({"account": "ben", "kind": "like", "target": "post:99999"});
    let gone = fleet.enqueue(&gone).await;
    fleet.reaches(&gone, "failed").await;
    let lines = counted(&fleet, "account").await;
    assert_eq!(lines[0], json!({"of": "ada", "total": 2, "results": {"done": 2}}));
    assert_eq!((&lines[1]["of"], &lines[1]["results"]["done"]), (&json!("ben"), &json!(1)));
    assert_eq!(lines[1]["results"]["failed"], 1, "{lines:?}");
    let before = counted(&fleet, "result").await;
    assert_eq!(fleet.stop().await, 0);
    fleet.restart().await;
    assert_eq!(
        counted(&fleet, "result").await,
        before,
        "an event that is read again is counted once"
    );
    let page = fleet.home.http.get(fleet.url("/usage?by=account&hours=24"));
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("4 attempts ended, 3 of them done"), "{page}");
    let row = page.split("<tr>").find(|row| row.contains("href=\"/accounts/ben\"")).unwrap();
    assert!(row.contains("<b>2</b>") && row.contains("s-failed"), "{row}");
    let said = fleet.home.run(&["usage", "--by", "account"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.starts_with("account  total  done  failed"), "{}", said.out);
    let said = fleet.home.run(&["usage", "--by", "result", "--account", "ada", "--json"]).await;
    let only = json!([{"of": "done", "total": 2, "results": {"done": 2}}]);
    assert_eq!(said.json()["usage"], only);
    let (status, sort, body) = {
        let answer = fleet.home.http.get(fleet.url("/api/usage?by=colour")).send().await.unwrap();
        let sort = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (answer.status().as_u16(), sort, answer.text().await.unwrap())
    };
    assert_eq!((status, sort.as_str()), (400, "application/problem+json"), "{body}");
    assert!(body.contains("by=account"), "{body}");
    assert_eq!(fleet.stop().await, 0);
}
