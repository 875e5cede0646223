//! The relay, spoken to as a browser speaks to it, with practice proxies behind it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use walkon::egress::{PracticeProxy, Proxy, Relay, RelaySpec, Speaks};
use walkon_core::dial::Dial as _;

use crate::support::fixture::{Notes, Stand, driver};
use crate::support::site::Site;

struct Door {
    relay: Relay,
    notes: Arc<Notes>,
    address: SocketAddr,
}

impl Door {
    fn new(allow: &[&str], proxy: Option<Proxy>) -> Self {
        let notes = Arc::new(Notes::default());
        let allow: Vec<_> = allow.iter().map(|origin| origin.parse().unwrap()).collect();
        let relay = Relay::new(RelaySpec {
            granted: allow.clone(),
            allow,
            loopback_allowed: true,
            private: None,
            proxy,
            recorder: notes.clone(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        relay.serve(listener);
        Self { relay, notes, address }
    }

    fn open(allow: &[&str], proxy: Option<Proxy>) -> Self {
        let door = Self::new(allow, proxy);
        door.relay.open();
        door
    }

    /// Sends bytes and takes the whole answer.
    async fn say(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let mut answer = Vec::new();
        // A relay that is shut resets: that is an empty answer too.
        let _ = stream.write_all(bytes.as_bytes()).await;
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    async fn get(&self, url: &str) -> String {
        self.say(&format!("GET {url} HTTP/1.1\r\nHost: wrong.test\r\nConnection: close\r\n\r\n"))
            .await
    }

    /// Gets a page through a tunnel.
    async fn get_in_tunnel(&self, site: &Site, path: &str) -> String {
        let authority = site.origin.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let connect = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        stream.write_all(connect.as_bytes()).await.unwrap();
        let mut head = vec![0; 1024];
        let read = stream.read(&mut head).await.unwrap();
        let head = String::from_utf8_lossy(&head[..read]).into_owned();
        if !head.starts_with("HTTP/1.1 200") {
            return head;
        }
        let get = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
        stream.write_all(get.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

async fn practice(speaks: Speaks, last: u8) -> (PracticeProxy, impl Fn(&str) -> Proxy) {
    let address = SocketAddr::from(([127, 0, 0, last], 0));
    let proxy = PracticeProxy::start(speaks, address, "ada", "s3cret").await.unwrap();
    let scheme = if speaks == Speaks::Http { "http" } else { "socks5" };
    let url = format!("{scheme}://{}", proxy.address());
    let with = move |password: &str| {
        Proxy::new(&url, Some("ada".to_owned()), Some(password.to_owned())).unwrap()
    };
    (proxy, with)
}

#[tokio::test]
async fn an_allowed_origin_is_reached_under_its_own_name_and_every_byte_is_counted() {
    let site = Site::start().await;
    let door = Door::open(&[&site.origin], None);
    let answer = door.get(&site.url("/hello?x=1")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let seen = site.saw("/hello").await;
    assert_eq!(format!("http://{}", seen.header("host")), site.origin);
    let (sent, received) = door.relay.bytes();
    assert!(sent > 40 && received > 1_000, "{sent} {received}");
}

#[tokio::test]
async fn a_tunnel_joins_the_two_sides() {
    let site = Site::start().await;
    let door = Door::open(&[&site.origin], None);
    let answer = door.get_in_tunnel(&site, "/hello").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(door.relay.bytes().1 > 1_000);
}

#[tokio::test]
async fn nothing_passes_before_it_is_opened_nor_after_it_is_shut() {
    let site = Site::start().await;
    let door = Door::new(&[&site.origin], None);
    assert_eq!(door.get(&site.url("/hello")).await, "");
    door.relay.open();
    assert!(door.get(&site.url("/hello")).await.starts_with("HTTP/1.1 200"));
    door.relay.shut();
    door.relay.open();
    let reached = TcpStream::connect(door.address).await;
    assert!(reached.is_err() || door.get(&site.url("/hello")).await.is_empty());
    assert_eq!(site.seen().len(), 1);
}

#[tokio::test]
async fn an_origin_that_is_not_listed_is_refused_and_told_of_once() {
    let (site, other) = (Site::start().await, Site::start().await);
    let door = Door::open(&[&site.origin], None);
    for _ in 0..2 {
        let answer = door.get(&other.url("/hello")).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(answer.contains("walkon-relay: "), "{answer}");
    }
    assert!(door.get_in_tunnel(&other, "/hello").await.starts_with("HTTP/1.1 403"));
    assert!(door.get("/hello").await.starts_with("HTTP/1.1 403"));
    assert!(other.seen().is_empty());
    let told = door.notes.sentences().iter().filter(|text| text.contains(&other.origin)).count();
    assert!(told <= 2, "{:?}", door.notes.sentences());
}

#[tokio::test]
async fn an_origin_that_leads_to_a_private_address_is_refused_even_with_a_grant() {
    let door = Door::open(&["http://10.0.0.1", "http://169.254.169.254"], None);
    for url in ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data"] {
        let answer = door.get(url).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(answer.contains("private address"), "{answer}");
    }
}

#[tokio::test]
async fn an_origin_without_a_grant_is_refused_unless_it_is_loopback() {
    let recorder = Arc::new(Notes::default());
    let allow = ["http://127.0.0.1:9", "http://example.com"].map(|text| text.parse().unwrap());
    let spec = RelaySpec {
        allow: allow.to_vec(),
        granted: Vec::new(),
        loopback_allowed: false,
        private: None,
        proxy: None,
        recorder,
    };
    let relay = Relay::new(spec);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    relay.serve(listener);
    relay.open();
    let door = Door { relay, notes: Arc::default(), address };
    assert!(door.get("http://example.com/").await.contains("granted nothing"));
    assert!(door.get("http://127.0.0.1:9/").await.contains("development only"));
}

#[tokio::test]
async fn the_accounts_own_proxy_carries_it_on_from_an_address_of_its_own() {
    let site = Site::start().await;
    for (speaks, last) in [(Speaks::Http, 11), (Speaks::Socks5, 12)] {
        let (_proxy, with) = practice(speaks, last).await;
        let door = Door::open(&[&site.origin], Some(with("s3cret")));
        let (plain, tunnel) = (format!("/plain{last}"), format!("/tunnel{last}"));
        assert!(door.get(&site.url(&plain)).await.starts_with("HTTP/1.1 200"));
        assert!(door.get_in_tunnel(&site, &tunnel).await.starts_with("HTTP/1.1 200"));
        assert_eq!(door.relay.trouble(), None);
        for path in [plain, tunnel] {
            let seen = site.saw(&path).await;
            assert_eq!(seen.from.ip().to_string(), format!("127.0.0.{last}"));
            assert_eq!(seen.header("proxy-authorization"), "");
        }
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_the_credentials_is_told_apart_from_one_that_is_gone() {
    let site = Site::start().await;
    for speaks in [Speaks::Http, Speaks::Socks5] {
        let (proxy, with) = practice(speaks, 13).await;
        let door = Door::open(&[&site.origin], Some(with("wrong")));
        for answer in [door.get(&site.url("/x")).await, door.get_in_tunnel(&site, "/x").await] {
            assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
            assert!(!answer.contains("wrong"), "{answer}");
            assert_eq!(door.relay.trouble().unwrap().code(), "proxy_refused");
        }
        drop(proxy);
        let door = Door::open(&[&site.origin], Some(with("s3cret")));
        for answer in [door.get(&site.url("/x")).await, door.get_in_tunnel(&site, "/x").await] {
            assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
            assert_eq!(door.relay.trouble().unwrap().code(), "proxy_unreachable");
        }
    }
    assert!(site.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_goes_through_its_proxy_and_a_dead_one_is_said_to_be_dead() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let (proxy, with) = practice(Speaks::Http, 11).await;
    let stand = Stand::with_proxy(&[&site.origin], Some(with("s3cret")));
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    assert_eq!(site.saw("/hello").await.from.ip().to_string(), "127.0.0.11");
    drop(proxy);
    let gone = session.navigate(&site.url("/again")).await;
    assert!(gone.unwrap_err().to_string().contains("could not be reached"));
    assert_eq!(stand.relay.trouble().unwrap().code(), "proxy_unreachable");
    session.close().await;
}
