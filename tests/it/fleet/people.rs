//! The page of all accounts: found, counted, many paused at once, the file read again.

use serde_json::{Value, json};

use crate::support::fleet::{Home, TestFleet};

async fn page(fleet: &TestFleet, path: &str) -> String {
    let answer = fleet.home.http.get(fleet.url(path)).send().await.unwrap();
    assert!(answer.headers().contains_key("server-timing"), "{path}");
    answer.text().await.unwrap()
}

/// Whose rows are on a page.
fn rows(page: &str) -> Vec<&str> {
    let links = page.split("class=\"who\" href=\"/accounts/").skip(1);
    links.map(|rest| rest.split('"').next().unwrap()).collect()
}

async fn send(fleet: &TestFleet, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let form = fleet.home.http.post(fleet.url(path)).form(fields);
    let answer = form.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn paused(fleet: &TestFleet) -> Vec<String> {
    let answer = fleet.get("/api/accounts/status?state=paused&most=1000").await;
    let all = answer["accounts"].as_array().unwrap();
    all.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_found_a_page_at_a_time_and_paused_and_resumed_many_at_once() {
    let mut home = Home::new().await.account("ada", "").account("zoe", "plan = \"slow\"\n");
    for number in 0..70 {
        home = home.account(&format!("m{number:02}"), "");
    }
    let mut fleet = home.start().await;
    let done = fleet.enqueue(&json!({"account": "ada", "kind": "like", "target": "post:7"})).await;
    fleet.reaches(&done, "done").await;
    let first = page(&fleet, "/accounts").await;
    assert_eq!((rows(&first).len(), rows(&first)[0]), (60, "ada"));
    assert!(first.contains("72 accounts") && first.contains("unknown"), "{first}");
    let second = page(&fleet, "/accounts?from=60").await;
    assert_eq!(rows(&second).len(), 12);
    assert_eq!(rows(&page(&fleet, "/accounts?q=M1").await).len(), 10);
    assert_eq!(rows(&page(&fleet, "/accounts?plan=slow").await), ["zoe"]);
    assert!(rows(&page(&fleet, "/accounts?health=critical").await).is_empty());
    assert!(page(&fleet, "/accounts?q=%3Cscript%3E").await.contains("No account is like that"));
    assert!(page(&fleet, "/accounts?q=ada").await.contains("like post:7"), "its last action");

    let chosen = [("act", "pause"), ("reason", "a feast"), ("id", "m01"), ("id", "zoe")];
    assert_eq!(send(&fleet, "/accounts/bulk", &chosen).await.0, 200);
    assert_eq!(paused(&fleet).await, ["m01", "zoe"]);
    let status = fleet.get("/api/accounts/zoe/status").await;
    assert_eq!((&status["health"], &status["may_act"]), (&json!("unknown"), &json!(false)));
    assert_eq!(status["holds"][0]["reason"], "a feast", "{status}");
    let all = [("act", "pause"), ("all", "1"), ("q", "m0")];
    send(&fleet, "/accounts/bulk", &all).await;
    assert_eq!(paused(&fleet).await.len(), 11, "ten that match, and zoe");
    assert_eq!(rows(&page(&fleet, "/accounts").await)[0], "m00", "who rests comes first");
    send(&fleet, "/accounts/bulk", &[("resume", "zoe"), ("q", "m0"), ("all", "1")]).await;
    assert_eq!(paused(&fleet).await.len(), 10, "the button of one concerns one");
    send(&fleet, "/accounts/bulk", &[("act", "resume"), ("all", "1")]).await;
    assert_eq!(paused(&fleet).await, [""; 0]);

    let counted = fleet.get("/api/accounts/status?most=2&q=m").await;
    assert_eq!((&counted["total"], &counted["matching"]), (&json!(72), &json!(70)), "{counted}");
    assert_eq!((&counted["next"], &counted["states"]["active"]), (&json!(2), &json!(70)));
    let wrong: Value = fleet.get("/api/accounts/status?health=helthy").await;
    assert!(wrong["fix"].as_str().unwrap().contains("did you mean `healthy`?"), "{wrong}");

    let text = format!("{}{}", fleet.home.entry("ada", ""), fleet.home.entry("eve", "pln = 1\n"));
    std::fs::write(fleet.home.path("accounts.toml"), text).unwrap();
    let (status, told) = send(&fleet, "/accounts/reload", &[]).await;
    assert_eq!(status, 200, "{told}");
    assert!(told.contains("<b>71</b> removed") && told.contains("unknown field `pln`"), "{told}");
    assert_eq!(fleet.stop().await, 0);
}
