//! What a browser keeps, and for whom.

use walkon_core::storage_state::StorageState;

use super::site::Site;
use super::{Can, Subject};

fn cookies(state: &StorageState) -> Vec<(&str, &str, &str)> {
    let cookie = state.cookies.iter();
    cookie.map(|c| (c.name.as_str(), c.value.as_str(), c.path.as_str())).collect()
}

pub(super) async fn a_storage_state_goes_from_one_browser_into_the_next(subject: Subject) {
    let site = Site::start().await;
    let mut stand = subject.stand(&[&site.origin]);
    let session = subject.open(&stand).await;
    session.navigate(&site.url("/sign-in")).await.unwrap();
    let state = session.state().await.unwrap();
    assert_eq!(state, session.state().await.unwrap());
    session.close().await;
    // Those of other paths too, and those that scripts do not see.
    let all = [("sid", "abc", "/"), ("soft", "1", "/"), ("deep", "2", "/deep")];
    assert_eq!(cookies(&state), all);
    assert!(state.cookies[0].http_only && state.cookies[0].same_site.as_deref() == Some("Lax"));
    if subject.can(Can::RunScripts) {
        assert!(state.cookies[0].expires > 1e9 && state.cookies[1].expires < 0.0);
        assert_eq!(state.origins.len(), 1, "{state:?}");
        assert_eq!(state.origins[0].local_storage, [("mark".to_owned(), "mine".to_owned())]);
    }

    let mut state = state;
    for kept in &mut state.origins {
        kept.local_storage = vec![("mark".to_owned(), "théirs".to_owned())];
    }
    let before = site.count();
    stand.next_session();
    stand.spec.state = Some(state.clone());
    let session = subject.open(&stand).await;
    assert_eq!(site.count(), before, "restoring asked the site");
    assert_eq!(session.state().await.unwrap(), state);
    session.navigate(&site.url("/deep/place")).await.unwrap();
    let sent = site.saw("/deep/place").await;
    for cookie in ["sid=abc", "soft=1", "deep=2"] {
        assert!(sent.header("cookie").contains(cookie), "{:?}", sent.headers);
    }
    // The page would have written `mine`, had it found nothing.
    assert_eq!(session.state().await.unwrap(), state);
    session.close().await;
}

pub(super) async fn two_browsers_share_nothing(subject: Subject) {
    let site = Site::start().await;
    let ((_one, first), (_two, second)) = tokio::join!(subject.enter(&site), subject.enter(&site));
    first.navigate(&site.url("/sign-in")).await.unwrap();
    second.navigate(&site.url("/page")).await.unwrap();
    assert_eq!(site.saw("/page").await.header("cookie"), "");
    assert!(second.state().await.unwrap().cookies.is_empty());
    assert_eq!(first.state().await.unwrap().cookies.len(), 3);
    tokio::join!(first.close(), second.close());
}
