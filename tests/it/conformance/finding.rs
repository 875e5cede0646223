//! Finding elements and reading them.

use walkon::driver::{Error, Read, Session};
use walkon_core::gesture::{Gesture, Input, Timed};
use walkon_core::step::Locator;

use super::site::Site;
use super::{Can, Subject, button, by, label, text};
use crate::support::eventually;
use crate::support::fixture::{click, one, until};

pub(super) async fn each_way_of_naming_finds_what_it_names_and_nothing_else(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.on_page(&site).await;
    let test_id = |id: &str| by(|locator| locator.test_id = Some(id.to_owned()));
    for (locator, matches) in [
        (button("Like"), 2),
        (button("Like this too"), 1),
        (button("like"), 0),
        (button("Hidden"), 0),
        (button("Follow"), 0),
        (button("Follow ada"), 1),
        (button("Bare"), 1),
        (button("Draft"), 0),
        (button("Publish now"), 1),
        (button("Odd spaces"), 1),
        (button("  Odd spaces"), 1),
        (Locator::role("heading", "Ways in"), 1),
        (Locator::role("link", "Next"), 1),
        (Locator::role("img", "A cat"), 1),
        (Locator::role("textbox", "What"), 1),
        (Locator::role("combobox", "Size"), 1),
        (Locator { role: Some("heading".to_owned()), ..Locator::default() }, 1),
        (label("What"), 1),
        (label("Size"), 1),
        (label("Next"), 0),
        (test_id("save"), 1),
        (test_id("sav"), 0),
        (text("bold words"), 1),
        (text("Some bold words"), 1),
        (text("bold"), 0),
        (Locator::css("a[href='/old']"), 1),
        (Locator::css("nothing"), 0),
        (Locator::default(), 0),
    ] {
        let found = session.locate(&locator).await.unwrap();
        assert_eq!(found.len(), matches, "{locator}");
        assert_eq!(found, session.locate(&locator).await.unwrap(), "{locator}: other numbers");
    }
    let refused = session.locate(&Locator::css("][")).await;
    assert!(matches!(refused, Err(Error::Protocol { .. })), "{refused:?}");
    session.close().await;
}

pub(super) async fn what_is_inside_an_element_is_found_there(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.on_page(&site).await;
    let post = one(&*session, &Locator::role("region", "Post")).await;
    for locator in [button("Like"), Locator::css("button"), text("Like")] {
        assert_eq!(session.locate_in(&post, &locator).await.unwrap().len(), 1, "{locator}");
    }
    for locator in [button("Like this too"), Locator::css("section"), label("What")] {
        assert_eq!(session.locate_in(&post, &locator).await.unwrap().len(), 0, "{locator}");
    }
    session.close().await;
}

pub(super) async fn an_outline_tells_what_a_screen_reader_would_announce(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.on_page(&site).await;
    let outline = session.outline().await.unwrap();
    let parts: Vec<_> =
        outline.iter().map(|part| (part.role.as_str(), part.name.as_str())).collect();
    let once = [
        ("heading", "Ways in"),
        ("button", "Like this too"),
        ("img", "A cat"),
        ("textbox", "What"),
        ("combobox", "Size"),
        ("region", "Post"),
    ];
    let at = once.map(|part| {
        assert_eq!(parts.iter().filter(|other| **other == part).count(), 1, "{part:?}: {parts:?}");
        parts.iter().position(|other| *other == part)
    });
    assert!(at.is_sorted(), "not in the document's order: {parts:?}");
    assert!(!parts.iter().any(|(_, name)| *name == "Hidden"), "{parts:?}");
    session.close().await;
}

pub(super) async fn a_page_is_read_without_touching_it(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.on_page(&site).await;
    let read = async |what: Read| session.read(&what).await.unwrap();
    let heading = one(&*session, &Locator::role("heading", "Ways in")).await;
    let link = one(&*session, &Locator::role("link", "Next")).await;
    let measure = one(&*session, &label("Size")).await;
    let save = one(&*session, &Locator::css("[data-testid]")).await;
    assert_eq!(read(Read::Url).await.unwrap(), site.url("/page"));
    assert_eq!(read(Read::Title).await.as_deref(), Some("Conformance"));
    assert_eq!(read(Read::Text(heading.clone())).await.as_deref(), Some("Ways in"));
    assert_eq!(read(Read::Attribute(link.clone(), "href".into())).await.as_deref(), Some("/old"));
    assert_eq!(read(Read::Attribute(link.clone(), "title".into())).await, None);
    assert_eq!(read(Read::Value(heading.clone())).await, None);
    assert_eq!(read(Read::Value(measure)).await.as_deref(), Some("Medium"));
    assert!(session.enabled(&link).await.unwrap() && !session.enabled(&save).await.unwrap());
    let viewport = read(Read::Viewport).await.unwrap();
    let words: Vec<&str> = viewport.split(' ').collect();
    assert_eq!((words[0], words[1], words[3]), ("0", "0", "720"), "{viewport}");
    let (width, whole): (f64, f64) = (words[2].parse().unwrap(), words[4].parse().unwrap());
    // A scroll bar may take its part of the width.
    assert!((1260.0..=1280.0).contains(&width) && whole > 720.0, "{viewport}");
    session.close().await;
}

pub(super) async fn an_element_is_hit_only_in_view_and_where_nothing_covers_it(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.on_page(&site).await;
    let hit = async |name: &str| {
        let node = one(&*session, &button(name)).await;
        session.hittable(&node).await.unwrap()
    };
    assert!(hit("Like this too").await);
    assert_eq!(hit("Under").await, !subject.can(Can::LayOut));
    assert!(!hit("Far").await);
    let hidden = one(&*session, &Locator::css("button[hidden]")).await;
    assert_eq!(session.quad(&hidden).await.unwrap(), None);
    let at = session.quad(&one(&*session, &Locator::css("h1")).await).await.unwrap().unwrap();
    let before = scrolled(&*session).await;
    let wheel = Input::Wheel { at: at.center(), dy: 9_000.0 };
    session.dispatch(&Gesture(vec![Timed { at_ms: 0.0, input: wheel }])).await.unwrap();
    eventually("it has scrolled", async || {
        (scrolled(&*session).await > before && hit("Far").await).then_some(())
    })
    .await;
    session.close().await;
}

async fn scrolled(session: &dyn Session) -> f64 {
    let viewport = session.read(&Read::Viewport).await.unwrap().unwrap();
    viewport.split(' ').nth(1).unwrap().parse().unwrap()
}

pub(super) async fn an_element_that_went_is_gone(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.on_page(&site).await;
    if subject.can(Can::RunScripts) {
        let leaving = one(&*session, &Locator::css("#leaving")).await;
        click(&*session, &button("Remove")).await.unwrap();
        eventually("it is removed", async || {
            matches!(session.quad(&leaving).await, Err(Error::Gone)).then_some(())
        })
        .await;
    }
    let heading = one(&*session, &Locator::css("h1")).await;
    session.navigate(&site.url("/page?again")).await.unwrap();
    assert!(matches!(session.read(&Read::Text(heading.clone())).await, Err(Error::Gone)));
    assert!(matches!(session.quad(&heading).await, Err(Error::Gone)));
    assert!(matches!(session.hittable(&heading).await, Err(Error::Gone)));
    assert!(matches!(session.enabled(&heading).await, Err(Error::Gone)));
    let inside = session.locate_in(&heading, &Locator::css("b")).await;
    assert!(matches!(inside, Err(Error::Gone)), "{inside:?}");
    // By a link this time: nobody has told the driver.
    let heading = one(&*session, &Locator::css("h1")).await;
    click(&*session, &Locator::role("link", "Next")).await.unwrap();
    until(&*session, &Read::Url, |url| url.ends_with("?moved")).await;
    assert!(matches!(session.read(&Read::Text(heading)).await, Err(Error::Gone)));
    session.close().await;
}
