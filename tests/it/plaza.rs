//! The same steps on the practice site, by the fake browser and by Chromium: its ledger judges.

use serde_json::Value;
use walkon::driver::fake::FakeDriver;
use walkon::driver::{Driver, Read, Session};
use walkon_core::gesture::{Gesture, Input, Point, Timed};
use walkon_core::step::Locator;

use crate::support::fixture::{Stand, click, driver, one, until};

/// Signs in, likes a post and comments on it.
async fn visit(session: &dyn Session, origin: &str) {
    let label = |text: &str| Locator { label: Some(text.to_owned()), ..Locator::default() };
    session.navigate(&format!("{origin}/signin")).await.unwrap();
    for (field, text) in [("Username", "ada"), ("Password", "ada-secret")] {
        click(session, &label(field)).await.unwrap();
        let typed = Timed { at_ms: 0.0, input: Input::Insert { text: text.to_owned() } };
        session.dispatch(&Gesture(vec![typed])).await.unwrap();
    }
    click(session, &Locator::role("button", "Sign in")).await.unwrap();
    until(session, &Read::Url, |url| !url.contains("signin")).await;
    session.navigate(&format!("{origin}/p/7")).await.unwrap();
    reach(session, &Locator::role("button", "Like")).await;
    appears(session, &Locator::role("button", "Unlike")).await;
    reach(session, &label("Add a comment")).await;
    let typed = Timed { at_ms: 0.0, input: Input::Insert { text: "So still.".to_owned() } };
    session.dispatch(&Gesture(vec![typed])).await.unwrap();
    reach(session, &Locator::role("button", "Post comment")).await;
    let said = Locator { text: Some("So still.".to_owned()), ..Locator::default() };
    appears(session, &said).await;
}

/// Scrolls to the one element that a locator names, as far as needed, and clicks it.
async fn reach(session: &dyn Session, locator: &Locator) {
    let node = one(session, locator).await;
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(10));
    let mut scrolled = 0;
    while !session.hittable(&node).await.unwrap() {
        if scrolled < 20 {
            let wheel = Input::Wheel { at: Point { x: 600.0, y: 300.0 }, dy: 150.0 };
            session.dispatch(&Gesture(vec![Timed { at_ms: 0.0, input: wheel }])).await.unwrap();
            scrolled += 1;
        }
        tick.tick().await;
    }
    click(session, locator).await.unwrap();
}

async fn appears(session: &dyn Session, locator: &Locator) {
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(10));
    for _ in 0..500 {
        // A page that is being replaced has nothing in it for a moment.
        if session.locate(locator).await.is_ok_and(|found| found.len() == 1) {
            return;
        }
        tick.tick().await;
    }
    panic!("{locator} did not appear");
}

/// What the ledger holds after the same visit by a driver: who did what, to what, in which words.
async fn ledger(driver: &dyn Driver) -> Vec<[String; 4]> {
    let site = plaza::start(plaza::Options::default()).await.unwrap();
    let origin = format!("http://{}", site.site);
    let stand = Stand::new(&[&origin]);
    let session = driver.open(stand.spec.clone()).await.unwrap();
    visit(&*session, &origin).await;
    session.close().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("http://{}/ledger", site.control)).send().await.unwrap();
    let entries: Vec<Value> = answer.json().await.unwrap();
    site.stop().await;
    let word = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let keys = ["account", "kind", "target", "text"];
    entries.iter().map(|entry| keys.map(|key| word(entry, key))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fake_and_chromium_leave_the_same_effects_on_the_practice_site() {
    let expected = [["ada", "like", "post:7", ""], ["ada", "comment", "post:7", "So still."]];
    assert_eq!(ledger(&FakeDriver::new()).await, expected);
    let Some(driver) = driver() else { return };
    assert_eq!(ledger(&driver).await, expected);
}
