//! The browser door against a real Chromium in a real jail.

use std::time::Duration;

use tokio::time::Instant;
use walkon::driver::{Error, Read};
use walkon_core::step::Locator;

use crate::support::fixture::{Stand, click, driver, one};
use crate::support::site::Site;

#[tokio::test(flavor = "multi_thread")]
async fn a_click_by_role_and_name_reaches_the_page() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let begun = Instant::now();
    let session = stand.open(&driver).await;
    eprintln!("opened in {:?}", begun.elapsed());
    let begun = Instant::now();
    let arrival = session.navigate(&site.url("/hello")).await.unwrap();
    eprintln!("navigated in {:?}", begun.elapsed());
    assert_eq!((arrival.url, arrival.status), (site.url("/hello"), Some(200)));
    let begun = Instant::now();
    click(&*session, &Locator::role("button", "Like this too")).await.unwrap();
    eprintln!("clicked in {:?}", begun.elapsed());
    site.saw("/clicked-too").await;
    session.close().await;
}
