//! An account's browser between its actions, and on a host that is short of something.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use walkon::egress::{PracticeProxy, Speaks};

use crate::support::fixture::driver;
use crate::support::fleet::{Home, TestFleet};
use crate::support::{eventually, processes};

fn like(account: &str, post: u32) -> Value {
    json!({"account": account, "kind": "like", "target": format!("post:{post}")})
}

/// How many sessions of an account were recorded.
async fn sessions(fleet: &TestFleet, account: &str) -> usize {
    let listed = fleet.get("/api/sessions").await;
    let all = listed["sessions"].as_array().unwrap();
    all.iter().filter(|session| session["account"] == account).count()
}

const ONE_SLOT: &str = "[worker]\nslots = 1\n\n\
    [plans.spaced.kinds.like]\ncooldown = \"6s\"\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_waits_parked_for_its_next_action_and_holds_up_nobody() {
    if driver().is_none() {
        return;
    }
    let home = Home::new().await.chromium().settings(ONE_SLOT);
    let home = home.account("ada", "plan = \"spaced\"\n").account("ben", "");
    let mut fleet = home.start().await;
    let first = fleet.enqueue(&like("ada", 7)).await;
    let second = fleet.enqueue(&like("ada", 8)).await;
    fleet.reaches(&first, "done").await;
    let parked = eventually("the browser is parked", async || {
        let workers = fleet.get("/api/workers").await;
        let is = workers["workers"].as_array().unwrap().iter().any(|worker| worker["parked"] == 1);
        is.then_some(workers.clone()).ok_or(workers)
    });
    let workers = parked.await;
    assert_eq!(workers["workers"][0]["reason"], "fit", "{workers}");
    let other = fleet.enqueue(&like("ben", 7)).await;
    fleet.reaches(&other, "done").await;
    fleet.reaches(&second, "done").await;
    let at = |id: &str| {
        let id = id.to_owned();
        let fleet = &fleet;
        async move {
            let wish = |event: &Value| event["action"] == id.as_str() && event["type"] == "done";
            fleet.event("it is done", wish).await["at"].as_str().unwrap().to_owned()
        }
    };
    assert!(at(&other).await < at(&second).await, "the one slot served another meanwhile");
    assert_eq!(sessions(&fleet, "ada").await, 1, "both were done in one browser");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parked_browser_is_closed_when_a_person_pauses_its_account() {
    if driver().is_none() {
        return;
    }
    let settings = "[plans.spaced.kinds.like]\ncooldown = \"40s\"\n";
    let home = Home::new().await.chromium().settings(settings);
    let mut fleet = home.account("ada", "plan = \"spaced\"\n").start().await;
    let first = fleet.enqueue(&like("ada", 7)).await;
    fleet.enqueue(&like("ada", 8)).await;
    fleet.reaches(&first, "done").await;
    let folder = fleet.home.data().join("browsers/ada");
    eventually("the browser is parked", async || {
        let workers = fleet.get("/api/workers").await;
        if workers["workers"][0]["parked"] == 1 { Ok(()) } else { Err(workers) }
    })
    .await;
    assert!(!processes::naming(&folder).is_empty());
    let paused = fleet.home.run(&["account", "pause", "ada"]).await;
    assert_eq!(paused.code, 0, "{paused:?}");
    eventually("its browser is closed", async || {
        processes::naming(&folder).is_empty().then_some(())
    })
    .await;
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_waits_is_not_used_for_an_account_that_was_changed_meanwhile() {
    let plan = "[plans.spaced.kinds.like]\ncooldown = \"5s\"\n";
    let home = Home::new().await.settings(plan).account("ada", "plan = \"spaced\"\n");
    let mut fleet = home.start().await;
    let mut likes = Vec::new();
    for post in [7, 8, 9] {
        likes.push(fleet.enqueue(&like("ada", post)).await);
    }
    for id in &likes[..2] {
        fleet.reaches(id, "done").await;
    }
    assert_eq!(sessions(&fleet, "ada").await, 1, "nothing was changed");
    fleet.home.secret("ada.password", "another");
    let said = fleet.home.run(&["account", "reload"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    fleet.reaches(&likes[2], "done").await;
    assert_eq!(sessions(&fleet, "ada").await, 2, "the third was done in a browser of its own");
    assert_eq!(fleet.done("ada", "like").await.len(), 3);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_short_of_memory_takes_no_browser_work_and_says_so() {
    if driver().is_none() {
        return;
    }
    let settings = "[worker]\nspare_mib = 100000000\n";
    let home = Home::new().await.chromium().settings(settings);
    let mut fleet = home.account("ada", "").start().await;
    let id = fleet.enqueue(&like("ada", 7)).await;
    let path = format!("/api/actions/{id}/why");
    let why = eventually("it is said why", async || {
        let why = fleet.get(&path).await;
        let is = why["reasons"].as_array().unwrap().iter().any(|one| one["code"] == "no_worker");
        if is { Ok(why) } else { Err(why) }
    })
    .await;
    let said = fleet.home.run(&["action", "why", &id]).await;
    assert!(said.out.contains("of memory are left"), "{said:?} {why}");
    assert!(said.out.contains("`worker.slots`"), "with what to do: {said:?}");
    let answer = fleet.home.http.get(fleet.url("/pressure")).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 503);
    let pressure: Value = answer.json().await.unwrap();
    assert_eq!(pressure["workers"][0]["reason"], "memory", "{pressure}");
    assert_eq!(pressure["orphans_total"], 0, "{pressure}");
    let answer = fleet.home.http.get(fleet.url("/metrics")).send().await.unwrap();
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    let metrics = answer.text().await.unwrap();
    for line in [
        "walkon_actions{state=\"waiting\"} 1",
        "walkon_workers{reason=\"memory\"} 1",
        "walkon_workers{reason=\"fit\"} 0",
        "walkon_accounts_ready{class=\"browser\"} 1",
        "walkon_orphans_total 0",
        "# EOF",
    ] {
        assert!(metrics.lines().any(|one| one == line), "no {line} in\n{metrics}");
    }
    let named = |line: &str| line.starts_with("# ") || line.starts_with("walkon_");
    assert!(metrics.lines().all(named), "{metrics}");
    assert_eq!(fleet.action(&id, |_| true).await["attempts"], 0, "nothing was tried");
    assert_eq!(fleet.ledger().await.len(), 0);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_or_page_that_crashes_costs_a_try_and_no_effect() {
    if driver().is_none() {
        return;
    }
    let mut fleet = Home::new().await.chromium().account("ada", "").start().await;
    let folder = fleet.home.data().join("browsers/ada");
    for (post, code) in [(7, "browser_died"), (8, "page_crashed")] {
        fleet.fault(&json!({"fault": "delay", "account": "ada", "paths": "/p/", "ms": 4000})).await;
        let before = fleet.asked_by("ada").await;
        let id = fleet.enqueue(&like("ada", post)).await;
        let renderer = |pid: &i32| processes::command_line(*pid).contains("--type=renderer");
        let victims = eventually("the page is on its way", async || {
            if fleet.asked_by("ada").await == before {
                return None;
            }
            let tree = processes::tree(&folder);
            let pages: Vec<_> = tree.iter().copied().filter(renderer).collect();
            (!pages.is_empty()).then_some((tree, pages))
        });
        let (tree, pages) = victims.await;
        let victims = if code == "browser_died" { vec![tree[0]] } else { pages };
        for victim in victims {
            let _ = kill(Pid::from_raw(victim), Signal::SIGKILL);
        }
        let wish = |event: &Value| event["action"] == id.as_str() && event["code"] == code;
        fleet.event("it is told", wish).await;
        fleet.no_faults().await;
        let done = fleet.reaches(&id, "done").await;
        assert_eq!(done["outcome"], "made", "{done}");
    }
    assert_eq!(fleet.done("ada", "like").await.len(), 2);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_whose_proxy_leaves_from_elsewhere_does_nothing() {
    let start = |at: &str| {
        let at = format!("{at}:0").parse().unwrap();
        PracticeProxy::start(Speaks::Http, at, "walkon", "pw")
    };
    let (one, other) = (start("127.0.0.11").await.unwrap(), start("127.0.0.12").await.unwrap());
    let home = Home::new().await;
    let secret = home.secret("proxy.password", "pw");
    let through = |proxy: &PracticeProxy| {
        format!(
            "proxy = {{ url = \"http://{}\", username = \"walkon\", exit = \"127.0.0.11\", \
             password_file = \"{}\" }}\n",
            proxy.address(),
            secret.display()
        )
    };
    let echo = format!("http://{}/address", home.plaza.site);
    let (right, wrong) = (through(&one), through(&other));
    let home = home.env("WALKON__HEALTH__ECHO", &echo).account("ada", &right);
    let mut fleet = home.account("ben", &wrong).start().await;
    let good = fleet.enqueue(&like("ada", 7)).await;
    let bad = fleet.enqueue(&like("ben", 7)).await;
    fleet.reaches(&good, "done").await;
    let wish = |event: &Value| event["action"] == bad.as_str() && event["code"] == "exit_differs";
    let told = fleet.event("it is told", wish).await;
    let why = told["why"].as_str().unwrap();
    assert!(why.contains("from 127.0.0.12, not from 127.0.0.11"), "{told}");
    assert_eq!(fleet.done("ben", "like").await.len(), 0);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packed_accounts_act_each_as_itself_from_one_browser() {
    if driver().is_none() {
        return;
    }
    let settings = "[browser]\nsessions = \"packed\"\n\n[worker]\nslots = 1\nparked = 2\n\n\
        [plans.spaced.kinds.like]\ncooldown = \"15s\"\n";
    let home = Home::new().await.chromium().settings(settings);
    let alike = "plan = \"spaced\"\ndevice = \"desktop-laptop\"\n";
    let mut fleet = home.account("ada", alike).account("ben", alike).start().await;
    let mut likes = Vec::new();
    for post in [7, 8] {
        likes.push(fleet.enqueue(&like("ada", post)).await);
        likes.push(fleet.enqueue(&like("ben", post)).await);
    }
    eventually("both are parked", async || {
        let workers = fleet.get("/api/workers").await;
        if workers["workers"][0]["parked"] == 2 { Ok(()) } else { Err(workers) }
    })
    .await;
    let browsers: Vec<_> = processes::naming(&fleet.home.data().join("browsers"))
        .into_iter()
        .map(processes::command_line)
        .filter(|line| line.contains("--remote-debugging-pipe") && !line.contains("--type="))
        .collect();
    assert_eq!(browsers.len(), 1, "{browsers:?}");
    for id in &likes {
        fleet.reaches(id, "done").await;
    }
    for account in ["ada", "ben"] {
        assert_eq!(fleet.done(account, "like").await.len(), 2, "{account}");
        assert_eq!(sessions(&fleet, account).await, 1, "both were done in one session");
    }
    assert_eq!(fleet.stop().await, 0);
}
