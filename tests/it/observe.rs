//! Recording: what is done in a browser that is looked at becomes a behavior.

use std::time::Duration;

use walkon::driver::Session;
use walkon::driver::cdp::Observed;
use walkon_core::behavior::Behavior;
use walkon_core::behavior::record::{Deed, Doer, record};
use walkon_core::gesture::{Gesture, Input, Timed};
use walkon_core::kind;
use walkon_core::site::Site as SiteFile;
use walkon_core::step::Locator;

use crate::support::fixture::{Stand, driver, one};
use crate::support::site::Site;

/// Presses an element as long as a person does.
async fn press(session: &dyn Session, locator: &Locator) {
    let node = one(session, locator).await;
    let at = session.quad(&node).await.unwrap().expect("it is rendered").center();
    let inputs = [(0.0, Input::Move(at)), (10.0, Input::Down(at)), (160.0, Input::Up(at))];
    let gesture = inputs.map(|(at_ms, input)| Timed { at_ms, input });
    session.dispatch(&Gesture(gesture.into())).await.unwrap();
}

async fn keys(session: &dyn Session, names: &[&str]) {
    let both = names.iter().flat_map(|name| {
        let key = (*name).to_owned();
        [Input::KeyDown { key: key.clone() }, Input::KeyUp { key }]
    });
    let timed = both.zip(0..).map(|(input, at)| Timed { at_ms: f64::from(at) * 8.0, input });
    session.dispatch(&Gesture(timed.collect())).await.unwrap();
}

/// What was done, up to so many things.
async fn seen(observed: &Observed, count: usize) -> Vec<Deed> {
    let mut deeds = Vec::new();
    while deeds.len() < count {
        let next = tokio::time::timeout(Duration::from_secs(10), observed.next()).await;
        let next = next.unwrap_or_else(|_| panic!("only {deeds:?} was seen"));
        deeds.push(next.expect("the browser lives"));
    }
    deeds
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_in_a_browser_becomes_a_behavior_without_its_password() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let observed = driver.observe(stand.spec.clone()).await.unwrap();
    observed.session().navigate(&site.url("/members")).await.unwrap();
    let act = async {
        let session = observed.session();
        press(session, &Locator::role("button", "Got it")).await;
        press(session, &Locator::role("textbox", "Username")).await;
        keys(session, &["a", "d", "a"]).await;
        press(session, &Locator::role("textbox", "Password")).await;
        keys(session, &["s", "e", "s", "a", "m", "e", "Enter"]).await;
        press(session, &Locator::css("#again b")).await;
    };
    let (deeds, ()) = tokio::join!(seen(&observed, 5), act);
    observed.close().await;
    assert!(!format!("{deeds:?}").contains("sesame"), "{deeds:?}");
    let file = format!("id = \"desk\"\norigin = \"{}\"\n", site.origin);
    let file = SiteFile::parse(&file, "site.toml").unwrap();
    let doer = Doer { site: &file, username: Some("ada") };
    let opened = [&[Deed::Open("/members".to_owned())], deeds.as_slice()].concat();
    let made = record(&opened, kind::find("sign_in").unwrap(), doer).unwrap();
    let behavior = Behavior::parse(&made.text, "sign_in.toml").expect(&made.text);
    let steps: Vec<_> = behavior.steps.iter().map(ToString::to_string).collect();
    // By role and name, with another way to fall back on; what is said twice by what it says.
    assert_eq!(
        steps,
        [
            "open /members",
            "click button \"Got it\" or text \"Got it\"",
            "type {username} into textbox \"Username\" or label \"Username\"",
            "type {secret.password} into textbox \"Password\" or label \"Password\"",
            "press Enter",
            "click test id \"again\" or css \"#again\"",
        ],
        "{}",
        made.text
    );
}
