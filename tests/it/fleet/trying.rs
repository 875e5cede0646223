//! Trying behaviors by hand: `walkon behavior run` and `walkon behavior test`.

use serde_json::json;

use crate::support::fixture::driver;
use crate::support::fleet::Home;

const LIKE: [&str; 9] =
    ["behavior", "run", "like", "--site", "plaza", "--account", "ada", "--target", "post:7"];

/// A home where what failed is not made again before somebody has looked.
async fn home() -> Home {
    Home::new().await.env("WALKON__QUEUE__RETRY", "1m")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_shows_each_step_and_is_an_ordinary_action_to_every_limit() {
    let plan = "[plans.once.kinds.like]\ndaily = 1\n";
    let home = home().await.settings(plan).account("ada", "plan = \"once\"\n");
    let mut fleet = home.start().await;
    let said = fleet.home.run(&LIKE).await;
    assert_eq!(said.code, 0, "{said:?}");
    for part in ["  read main", "  click button \"Like\"", "done: made", "/sessions/"] {
        assert!(said.out.contains(part), "{part} in {said:?}");
    }
    assert_eq!(fleet.done("ada", "like").await.len(), 1);
    // The day's only like is spent: a run by hand spends no other.
    let mut again = LIKE.to_vec();
    again[8] = "post:8";
    again.extend(["--patience", "3s"]);
    let said = fleet.home.run(&again).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("error: it did not begin: "), "{said:?}");
    assert_eq!(fleet.get("/api/stats").await["waiting"], 0);
    assert_eq!(fleet.done("ada", "like").await.len(), 1);
    let mut elsewhere = LIKE.to_vec();
    elsewhere[4] = "shop";
    let said = fleet.home.run(&elsewhere).await;
    assert!(said.code == 3 && said.err.contains("is on `plaza`, not on `shop`"), "{said:?}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_fails_makes_one_attempt_and_says_what_the_page_has_instead() {
    let lost = "format = 1\nkind = \"read_post\"\nabout = \"Reads.\"\n\n\
        [[step]]\nopen = \"target\"\n\n\
        [[step]]\nclick = { role = \"button\", name = \"Lkie\" }\nwithin = \"300ms\"\n";
    let home = home().await.behavior("read_post", lost).account("ada", "");
    let mut fleet = home.start().await;
    let mut words = LIKE.to_vec();
    words[2] = "read_post";
    let said = fleet.home.run(&words).await;
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("element_missing"), "{said:?}");
    assert!(said.err.contains("the page has button \"Like\""), "{said:?}");
    assert!(said.out.contains("(click button \"Lkie\"): no button"), "{said:?}");
    let actions = fleet.get("/api/actions").await;
    let [action] = &actions["actions"].as_array().unwrap()[..] else { panic!("{actions}") };
    assert_eq!((&action["attempts"], &action["state"]), (&json!(1), &json!("cancelled")));
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_step_by_step_goes_as_far_as_enter_is_pressed() {
    let mut fleet = home().await.account("ada", "").start().await;
    // Signed in first, so that its own steps are all there is.
    let said = fleet.home.run(&LIKE).await;
    assert!(said.out.contains("done: made"), "{said:?}");
    let mut words = LIKE.to_vec();
    words[8] = "post:8";
    words.push("--step");
    let said = fleet.home.run_with(&words, "\nq\n").await;
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("next:    1  read main   [Enter]"), "{said:?}");
    assert!(said.out.contains("next:    2  click button \"Like\"   [Enter]"), "{said:?}");
    assert!(said.err.contains("left"), "{said:?}");
    assert_eq!(fleet.done("ada", "like").await.len(), 1);
    let said = fleet.home.run_with(&words, "\n\n").await;
    assert!(said.code == 0 && said.out.contains("done: made"), "{said:?}");
    assert_eq!(fleet.done("ada", "like").await.len(), 2);
    assert_eq!(fleet.stop().await, 0);
}

/// Plaza's own tests hold; one that cannot is told.
async fn plaza_holds(home: Home) {
    let mut fleet = home.account("ada", "").start().await;
    let words = ["behavior", "test", "--site", "plaza", "--account", "ada"];
    let said = fleet.home.run(&words).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("6 of 6 hold"), "{said:?}");
    fleet.fault(&json!({"fault": "changed_markup", "paths": "/p/"})).await;
    let said = fleet.home.run(&[&words[..], &["--json", "--patience", "5s"]].concat()).await;
    assert_eq!(said.code, 1, "{said:?}");
    let report = said.json();
    let of = |about: &str| {
        let tests = report["tests"].as_array().unwrap();
        tests.iter().find(|test| test["about"] == about).cloned().unwrap()
    };
    assert_eq!(of("A post is read.")["holds"], true, "{report}");
    let liked = of("A post is liked.");
    assert_eq!((&liked["was"], &liked["holds"]), (&json!("failed page_changed"), &json!(false)));
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plazas_own_tests_hold_on_the_fake_browser_and_tell_when_its_pages_change() {
    plaza_holds(home().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plazas_own_tests_hold_on_chromium_and_tell_when_its_pages_change() {
    if driver().is_some() {
        plaza_holds(home().await.chromium()).await;
    }
}
