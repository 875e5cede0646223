//! Acting: pointer, finger, keys, lists and files.

use walkon::driver::{Error, Read, Session, Upload};
use walkon_core::device::{Device, Form};
use walkon_core::gesture::{Gesture, Input, Timed};
use walkon_core::step::Locator;

use super::site::Site;
use super::{Can, Subject, button, label};
use crate::support::fixture::{click, desktop, one, until};

async fn dispatch(session: &dyn Session, inputs: Vec<Input>) {
    let timed = |(at, input)| Timed { at_ms: f64::from(at) * 2.0, input };
    let gesture = Gesture((0_u32..).zip(inputs).map(timed).collect());
    let fidelity = session.dispatch(&gesture).await.unwrap();
    assert!(fidelity.late_ms.len() <= gesture.0.len(), "{fidelity:?}");
}

fn stroke(key: &str) -> [Input; 2] {
    [Input::KeyDown { key: key.to_owned() }, Input::KeyUp { key: key.to_owned() }]
}

pub(super) async fn a_click_presses_the_one_button_it_aims_at(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.on_page(&site).await;
    click(&*session, &button("Like this too")).await.unwrap();
    site.saw("/like-too").await;
    assert!(!site.was_asked("/like"));
    until(&*session, &Read::Url, |url| url == site.url("/page")).await;
    session.close().await;
}

fn phone() -> Device {
    Device {
        name: "phone".to_owned(),
        form: Form::Phone,
        model: Some("Pixel 8".to_owned()),
        android: Some("15".to_owned()),
        width: 412,
        height: 915,
        scale: 2.625,
        touch: true,
        ..desktop()
    }
}

pub(super) async fn a_finger_taps_where_the_device_is_touched_or_the_browser_does_not_open(
    subject: Subject,
) {
    let site = Site::start().await;
    let mut stand = subject.stand(&[&site.origin]);
    stand.spec.device = phone();
    if !subject.can(Can::Emulate) {
        let error = subject.driver.open(stand.spec.clone()).await.err().expect("it is refused");
        assert!(matches!(error, Error::Unable(_)), "{error}");
        assert!(error.to_string().contains("the device `phone` is emulated"), "{error}");
        return;
    }
    let session = subject.open(&stand).await;
    session.navigate(&site.url("/page")).await.unwrap();
    let node = one(&*session, &button("Like this too")).await;
    let at = session.quad(&node).await.unwrap().unwrap().center();
    let tap = [(0.0, Input::TouchStart(at)), (40.0, Input::TouchEnd)];
    let tap = tap.map(|(at_ms, input)| Timed { at_ms, input });
    session.dispatch(&Gesture(tap.into())).await.unwrap();
    site.saw("/like-too").await;
    session.close().await;
}

pub(super) async fn whatever_is_typed_arrives(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.on_page(&site).await;
    click(&*session, &label("What")).await.unwrap();
    let mut inputs = vec![Input::KeyDown { key: "Shift".to_owned() }];
    inputs.extend(stroke("H"));
    inputs.push(Input::KeyUp { key: "Shift".to_owned() });
    for key in ["i", " ", "x", "Backspace", "!"] {
        inputs.extend(stroke(key));
    }
    // Letters with a mark of their own, beyond the first 65,536, and of several signs each.
    for text in ["é", "世", "🙂", "👩‍🚀", "e\u{301}"] {
        inputs.push(Input::Insert { text: text.to_owned() });
    }
    dispatch(&*session, inputs).await;
    let typed = "Hi !é世🙂👩‍🚀e\u{301}";
    let node = one(&*session, &label("What")).await;
    until(&*session, &Read::Value(node), |text| text == typed).await;
    dispatch(&*session, stroke("Enter").into()).await;
    let said = site.saw("/say").await.body;
    let said: Vec<(String, String)> =
        url::form_urlencoded::parse(said.as_bytes()).into_owned().collect();
    assert!(said.contains(&("what".to_owned(), typed.to_owned())), "{said:?}");
    session.close().await;
}

pub(super) async fn a_list_is_chosen_from_by_keys(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.on_page(&site).await;
    let list = one(&*session, &label("Size")).await;
    let options = session.locate_in(&list, &Locator::css("option")).await.unwrap();
    let mut texts = Vec::new();
    for option in &options {
        texts.push(session.read(&Read::Text(option.clone())).await.unwrap().unwrap());
    }
    assert_eq!(texts, ["Small", "Medium", "Large", "Huge"]);
    assert!(!session.enabled(&options[2]).await.unwrap());
    click(&*session, &label("Size")).await.unwrap();
    // Past the one that is disabled.
    for key in ["ArrowDown", "Enter"] {
        dispatch(&*session, stroke(key).into()).await;
    }
    until(&*session, &Read::Value(list), |text| text == "Huge").await;
    click(&*session, &button("Say it")).await.unwrap();
    assert!(site.saw("/say").await.body.contains("size=xl"));
    session.close().await;
}

pub(super) async fn a_file_is_given_under_its_name(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.on_page(&site).await;
    let field = one(&*session, &Locator::css("#photo")).await;
    let file = Upload { name: "a cat.txt".to_owned(), bytes: b"meow, meow".to_vec() };
    session.upload(&field, &file).await.unwrap();
    click(&*session, &button("Send it")).await.unwrap();
    let sent = site.saw("/file").await.body;
    assert!(sent.contains("filename=\"a cat.txt\"") && sent.contains("meow, meow"), "{sent}");
    session.close().await;
}
