//! What Plaza refuses.

use plaza::{Error, Options};
use reqwest::StatusCode;

use crate::support::{Square, client};

#[tokio::test]
async fn who_is_signed_out_is_sent_to_the_sign_in_page() {
    let square = Square::open().await;
    let answer = square.stranger().get("/p/7?x=1").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()["location"], "/signin?next=/p/7?x=1");
    let read = square.stranger().get("/read/post/7").send().await.unwrap();
    assert_eq!(read.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_act() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    for site in ["cross-site", "same-site"] {
        let forged = ada.post("/p/7/like").header("sec-fetch-site", site);
        assert_eq!(forged.send().await.unwrap().status(), StatusCode::FORBIDDEN, "{site}");
    }
    let forged = ada.post("/p/7/like").header("origin", "http://elsewhere.test");
    assert_eq!(forged.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert!(square.deeds().await.is_empty());
    let own = ada.post("/p/7/like").header("sec-fetch-site", "same-origin");
    assert_eq!(own.send().await.unwrap().status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_unknown_host_is_not_answered() {
    let square = Square::open().await;
    let answer = square.stranger().get("/").header("host", "rebound.test").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn pages_cannot_reach_the_control_port() {
    let square = Square::open().await;
    let reset = format!("http://{}/reset", square.running.control);
    let forged = client().post(reset).header("origin", "http://elsewhere.test").send().await;
    assert_eq!(forged.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_port_in_use_is_named_with_its_remedy() {
    let square = Square::open().await;
    let taken = square.running.site;
    let error = plaza::start(Options { listen: taken, ..Options::default() }).await.unwrap_err();
    assert!(matches!(error, Error::PortInUse { address, .. } if address == taken));
    assert!(error.to_string().contains(&taken.port().to_string()));
    assert!(error.remedy().contains("choose another port"));
}

#[tokio::test]
async fn the_control_port_stays_on_loopback() {
    let options = Options { control: ([0, 0, 0, 0], 0).into(), ..Options::default() };
    let error = plaza::start(options).await.unwrap_err();
    assert!(matches!(error, Error::ControlNotLoopback { .. }));
}

#[tokio::test]
async fn a_stopped_plaza_no_longer_listens() {
    let square = Square::open().await;
    let site = square.running.site;
    square.running.stop().await;
    assert!(client().get(format!("http://{site}/")).send().await.is_err());
}
