//! Pictures, deaths and endings.

use futures_util::FutureExt as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use walkon::driver::Error;

use super::site::Site;
use super::{Can, Subject};
use crate::support::processes;

pub(super) async fn a_picture_is_a_picture(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.on_page(&site).await;
    let picture = session.capture().await.unwrap();
    assert_eq!(picture[..3], [0xff, 0xd8, 0xff], "it is no JPEG");
    assert_eq!(picture[picture.len() - 2..], [0xff, 0xd9], "it is cut off");
    assert_eq!(picture.len() > 5_000, subject.can(Can::LayOut), "{} bytes", picture.len());
    session.close().await;
}

pub(super) async fn a_killed_browser_is_dead_for_the_call_in_flight_and_for_later_ones(
    subject: Subject,
) {
    let site = Site::start().await;
    let (stand, session) = subject.enter(&site).await;
    let (url, mut tree) = (site.url("/hang"), Vec::new());
    let killed = async {
        site.saw("/hang").await;
        if subject.can(Can::BeJailed) {
            tree = processes::tree(stand.path());
            kill(Pid::from_raw(processes::first(stand.path())), Signal::SIGKILL).unwrap();
        } else {
            session.kill();
        }
    };
    let (result, ()) = tokio::join!(session.navigate(&url), killed);
    assert!(matches!(result, Err(Error::Dead(_))), "{result:?}");
    assert!(session.is_dead());
    // Nothing is waited for: each is ready when it is first asked.
    assert!(matches!(session.capture().now_or_never(), Some(Err(Error::Dead(_)))));
    assert!(matches!(session.state().now_or_never(), Some(Err(Error::Dead(_)))));
    let page = site.url("/page");
    assert!(matches!(session.navigate(&page).now_or_never(), Some(Err(Error::Dead(_)))));
    session.close().await;
    processes::none_left(&tree).await;
}

pub(super) async fn a_close_leaves_nothing_behind(subject: Subject) {
    let site = Site::start().await;
    for way in ["close", "kill", "drop"] {
        let (stand, session) = subject.on_page(&site).await;
        let tree = processes::tree(stand.path());
        assert_eq!(tree.len() > 2, subject.can(Can::BeJailed), "{tree:?}");
        match way {
            "close" => session.close().await,
            "kill" => session.kill(),
            _ => drop(session),
        }
        processes::none_left(&tree).await;
    }
}
