//! The step language on pages of a site of its own, on the fake browser and on Chromium.

use std::fs;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::fixture::driver;
use crate::support::fleet::{Home, TestFleet};

type Seen = Arc<watch::Sender<Vec<String>>>;

/// A small site that remembers what was sent and pressed; it ends when dropped.
struct Desk {
    origin: String,
    seen: Seen,
    _serving: JoinSet<()>,
}

impl Desk {
    async fn open() -> Self {
        let seen = Seen::default();
        let page = |text: &'static str| get(move || async move { Html(format!("{HEAD}{text}")) });
        let sent = |State(seen): State<Seen>, body: Bytes| async move {
            let body = String::from_utf8_lossy(&body).into_owned();
            seen.send_modify(|all| all.push(body));
            Html(format!("{HEAD}<h1>Thank you</h1>"))
        };
        let pressed = |State(seen): State<Seen>, Path(what): Path<String>| async move {
            seen.send_modify(|all| all.push(what));
        };
        let router = Router::new()
            .route("/booking", page(include_str!("../support/pages/booking.html")))
            .route("/shifting", page(include_str!("../support/pages/shifting.html")))
            .route("/round", page(include_str!("../support/pages/round.html")))
            .route("/drawn", page(include_str!("../support/pages/drawn.html")))
            .route("/lazy", page(include_str!("../support/pages/lazy.html")))
            .route("/heavy", page(include_str!("../support/pages/heavy.html")))
            .route("/busy", page("<h1>Slow down a little</h1>"))
            .route("/sent", post(sent))
            .route("/pressed/{what}", get(pressed))
            .with_state(seen.clone());
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, seen, _serving: serving }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.borrow().clone()
    }

    /// A fleet with one account on this site and one behavior: `scroll_feed`.
    async fn fleet(&self, home: Home, steps: &str) -> TestFleet {
        self.fleet_of("", home, steps).await
    }

    /// The same, with more said of the account.
    async fn fleet_of(&self, account: &str, home: Home, steps: &str) -> TestFleet {
        let home = home.account("ada", account);
        let folder = home.path("behaviors/desk");
        fs::create_dir_all(folder.join("files")).unwrap();
        let site = format!(
            "id = \"desk\"\norigin = \"{}\"\n[signs]\nlimited_heading = \"Slow down a little\"\n",
            self.origin
        );
        fs::write(folder.join("site.toml"), site).unwrap();
        fs::write(folder.join("files/ticket.txt"), "Bergen to Oslo").unwrap();
        fs::write(folder.join("_shared.toml"), SHARED).unwrap();
        let head = "format = 1\nkind = \"scroll_feed\"\nabout = \"Fills a form.\"\n";
        fs::write(folder.join("scroll_feed.toml"), format!("{head}{steps}")).unwrap();
        home.on_site("desk").start().await
    }
}

const HEAD: &str = "<!doctype html><html lang=en><meta name=viewport \
    content=\"width=device-width\"><title>Desk</title><body>";

/// What the site's behaviors share.
const SHARED: &str = r#"
format = 1

[[block.settle_in]]
repeat = 5
while = { role = "button", name = "Got it" }
do = "dismiss"

[[block.dismiss]]
click = { role = "button", name = "Got it" }
"#;

fn look() -> Value {
    json!({"account": "ada", "kind": "scroll_feed"})
}

const BOOKING: &str = r#"
[[step]]
open = "/booking"
within = "10s"

[[step]]
use = "settle_in"

[[step]]
select = "Oslo"
from = { role = "combobox", name = "City" }

[[step]]
upload = "ticket.txt"
into = { css = "input[type=file]" }
deadline = "10s"

[[step]]
pick = { by_name = 1, by_nick = 1 }

[[step]]
click = { role = "button", name = "Send" }

[[step]]
wait_for = { role = "heading", name = "Thank you" }

[[block.by_name]]
type = "{username}"
into = { label = "Name" }

[[block.by_nick]]
type = "{username}"
into = { role = "textbox", name = "Name" }
"#;

/// Fills the form and says what the site was sent.
async fn booked(home: Home) {
    let desk = Desk::open().await;
    let fleet = desk.fleet(home, BOOKING).await;
    let id = fleet.enqueue(&look()).await;
    fleet.reaches(&id, "done").await;
    // An attempt that a busy host is too slow for is made anew.
    let sent = desk.seen().pop().unwrap();
    for (name, value) in [("city", "osl"), ("name", "ada"), ("ticket", "Bergen to Oslo")] {
        let mut parts = sent.split("form-data; name=\"");
        let part = parts.find(|part| part.starts_with(&format!("{name}\"")));
        assert!(part.is_some_and(|part| part.contains(value)), "{name} in {sent}");
    }
    assert!(sent.contains("filename=\"ticket.txt\""), "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_a_list_and_a_file_is_filled_on_the_fake_browser() {
    booked(Home::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_a_list_and_a_file_is_filled_by_keys_and_pointer_on_chromium() {
    if driver().is_some() {
        booked(Home::new().await.chromium()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_shifts_as_the_pointer_comes_is_not_clicked_where_the_button_was() {
    if driver().is_none() {
        return;
    }
    let desk = Desk::open().await;
    let steps = "[[step]]\nopen = \"/shifting\"\n\n[[step]]\n\
        click = { role = \"button\", name = \"Keep\" }\n\n[[step]]\n\
        wait_for = { text = \"kept\" }\n";
    let fleet = desk.fleet(Home::new().await.chromium(), steps).await;
    let id = fleet.enqueue(&look()).await;
    fleet.reaches(&id, "done").await;
    assert_eq!(desk.seen(), ["keep"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_button_is_pressed_where_it_is_and_not_in_the_corners_of_its_box() {
    if driver().is_none() {
        return;
    }
    let desk = Desk::open().await;
    let steps = "[[step]]\nopen = \"/round\"\n\n[[step]]\nrepeat = 20\ndo = \"press\"\n\n\
        [[step]]\nwait_for = { text = \"kept 20\" }\n\n\
        [[block.press]]\nclick = { role = \"button\", name = \"Keep\" }\n";
    let fleet = desk.fleet(Home::new().await.chromium(), steps).await;
    let id = fleet.enqueue(&look()).await;
    fleet.reaches(&id, "done").await;
    assert_eq!(desk.seen(), ["keep"; 20]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_the_page_draws_is_chosen_from_and_what_moves_or_is_disabled_is_waited_for() {
    if driver().is_none() {
        return;
    }
    let desk = Desk::open().await;
    let steps = "[[step]]\nopen = \"/drawn\"\n\n[[step]]\nselect = \"Oslo\"\n\
        from = { role = \"combobox\", name = \"City\" }\n\n[[step]]\n\
        click = { role = \"button\", name = \"Go on\" }\n\n[[step]]\n\
        click = { role = \"button\", name = \"Catch me\" }\n";
    let fleet = desk.fleet(Home::new().await.chromium(), steps).await;
    let id = fleet.enqueue(&look()).await;
    fleet.reaches(&id, "done").await;
    assert_eq!(desk.seen(), ["Oslo", "late", "moves"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_list_does_not_hold_is_told_with_what_it_holds() {
    let desk = Desk::open().await;
    let steps = "[[step]]\nopen = \"/booking\"\n\n[[step]]\nselect = \"Osol\"\n\
        from = { role = \"combobox\", name = \"City\" }\nwithin = \"100ms\"\n";
    let fleet = desk.fleet(Home::new().await, steps).await;
    let id = fleet.enqueue(&look()).await;
    let failed = fleet.reaches(&id, "failed").await;
    assert_eq!(failed["code"], "option_missing");
    let why = failed["why"].as_str().unwrap();
    assert!(why.contains("did you mean \"Oslo\"? it has \"Bergen\""), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_and_a_deadline_end_what_would_go_on() {
    let desk = Desk::open().await;
    let steps = "budget = 6\n\n[[step]]\nopen = \"/booking\"\n\n[[step]]\nrepeat = 100\n\
        do = \"look\"\n\n[[block.look]]\nwait_for = { role = \"button\", name = \"Send\" }\n";
    let fleet = desk.fleet(Home::new().await, steps).await;
    let id = fleet.enqueue(&look()).await;
    let failed = fleet.reaches(&id, "failed").await;
    assert_eq!(failed["code"], "budget_spent", "{failed}");
    drop(fleet);
    let steps = "[[step]]\nopen = \"/booking\"\n\n[[step]]\nrepeat = 100\ndo = \"look\"\n\
        deadline = \"300ms\"\n\n[[block.look]]\npause = [\"5s\", \"5s\"]\n";
    let fleet = desk.fleet(Home::new().await, steps).await;
    let id = fleet.enqueue(&look()).await;
    let failed = fleet.reaches(&id, "failed").await;
    assert_eq!(failed["code"], "step_too_long", "{failed}");
    let why = failed["why"].as_str().unwrap();
    assert!(why.contains("step 2 (repeat look 100 times)"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_says_slow_down_lets_the_account_rest() {
    let desk = Desk::open().await;
    let fleet = desk.fleet(Home::new().await, "[[step]]\nopen = \"/busy\"\n").await;
    fleet.enqueue(&look()).await;
    let found = |event: &Value| event["type"] == "finding" && event["code"] == "limited";
    fleet.event("the account is limited", found).await;
    let told = |event: &Value| event["code"] == "rate_limited";
    let event = fleet.event("it is told why", told).await;
    assert_eq!(event["why"], "the site says: Slow down a little");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_on_which_nobody_acts_for_a_while_gives_back_what_it_does_not_need() {
    if driver().is_none() {
        return;
    }
    let desk = Desk::open().await;
    let steps = "[[step]]\nopen = \"/heavy\"\n\n[[step]]\npause = [\"400s\", \"400s\"]\n\n\
        [[step]]\nexpect = { text = \"given back\" }\n";
    let fleet = desk.fleet(Home::new().await.chromium(), steps).await;
    let id = fleet.enqueue(&look()).await;
    fleet.reaches(&id, "done").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finger_flings_through_a_feed_and_stops_at_what_it_looks_for() {
    if driver().is_none() {
        return;
    }
    let desk = Desk::open().await;
    let steps = "[[step]]\nopen = \"/lazy\"\n\n[[step]]\nscroll_until = { role = \"button\", \
        name = \"At last\" }\n\n[[step]]\nclick = { role = \"button\", name = \"At last\" }\n";
    let home = Home::new().await.chromium();
    let fleet = desk.fleet_of("device = \"pixel-8\"\n", home, steps).await;
    let id = fleet.enqueue(&look()).await;
    fleet.reaches(&id, "done").await;
    let seen = desk.seen();
    assert_eq!(seen.last().map(String::as_str), Some("at-last"), "{seen:?}");
    assert!(seen.iter().any(|what| what == "glided"), "it went on by itself: {seen:?}");
}
