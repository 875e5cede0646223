//! Grants from the front door: a site's owner publishes, changes and takes away a file, and the
//! fleet acts there or does not.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use walkon::coordinator::{Coordinator, Error};
use walkon::egress::WellKnown;
use walkon::signing::FleetKeys;
use walkon_core::bundle::{Login, Secret};
use walkon_core::clock::{Clock as _, ManualClock, SystemClock};
use walkon_core::grant::{Code, Denied};
use walkon_core::lease::Claim;
use walkon_core::origin::WebOrigin;
use walkon_core::signature::{KeyPair, jws};
use walkon_core::site::Private;

use crate::intake;
use crate::support::redis::Bench;

/// What an owner's server answers, byte by byte; nothing after it but silence, if it hangs.
#[derive(Debug, Clone)]
struct Answer {
    bytes: Vec<u8>,
    hangs: bool,
}

fn answer(head: &str, body: &str) -> Answer {
    let text = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    Answer { bytes: text.into_bytes(), hangs: false }
}

fn published(file: &Value) -> Answer {
    answer("200 OK\r\ncontent-type: application/json", &file.to_string())
}

/// A site's owner, with a server on loopback.
struct Owner {
    address: SocketAddr,
    says: Arc<Mutex<Answer>>,
    asked: Arc<Mutex<Vec<String>>>,
    _serving: JoinSet<()>,
}

impl Owner {
    async fn start(tls: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let says = Arc::new(Mutex::new(answer("404 Not Found", "")));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut serving = JoinSet::new();
        let acceptor = tls.then(acceptor);
        let (says_too, asked_too) = (says.clone(), asked.clone());
        serving.spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (says, asked) = (says_too.clone(), asked_too.clone());
                let acceptor = acceptor.clone();
                talks.spawn(async move {
                    match acceptor {
                        None => talk(stream, &says, &asked).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                talk(stream, &says, &asked).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, says, asked, _serving: serving }
    }

    fn say(&self, answer: Answer) {
        *self.says.lock().unwrap() = answer;
    }

    /// The first lines of what it was asked.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

pub(crate) fn acceptor() -> tokio_rustls::TlsAcceptor {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = CertificateDer::from_pem_slice(include_bytes!("support/tls/shop.pem"));
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("support/tls/shop.key")).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.unwrap()], key)
        .unwrap();
    Arc::new(config).into()
}

async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    says: &Mutex<Answer>,
    asked: &Mutex<Vec<String>>,
) {
    let mut head = vec![0; 4096];
    let read = stream.read(&mut head).await.unwrap_or(0);
    asked.lock().unwrap().push(String::from_utf8_lossy(&head[..read]).into_owned());
    let Answer { bytes, hangs } = says.lock().unwrap().clone();
    let _ = stream.write_all(&bytes).await;
    let _ = stream.flush().await;
    if hangs {
        std::future::pending::<()>().await;
    }
    let _ = stream.shutdown().await;
}

fn here(plain_http: bool) -> Private {
    let nets = vec!["127.0.0.0/8".parse().unwrap()];
    let at = Some("127.0.0.1".parse().unwrap());
    Private { nets, at, by: "ada".to_owned(), plain_http, ..Private::default() }
}

fn asks() -> WellKnown {
    // Tests may run before anything else has asked for TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    WellKnown {
        roots: vec![include_bytes!("support/tls/ca.pem").to_vec()],
        patience: Duration::from_secs(3),
        ..WellKnown::default()
    }
}

fn code(result: Result<impl std::fmt::Debug, Denied>) -> Code {
    result.expect_err("it was taken for a grant").code
}

#[tokio::test]
async fn the_file_is_fetched_over_tls_from_the_checked_address_and_nothing_else_is_asked() {
    let owner = Owner::start(true).await;
    let origin: WebOrigin = format!("https://shop.test:{}", owner.address.port()).parse().unwrap();
    owner.say(answer("200 OK\r\ncache-control: public, max-age=90", "{}"));
    let found = asks().ask(&origin, Some(&here(false))).await.unwrap();
    assert_eq!(found, ("{}".to_owned(), Some(90)));
    let asked = owner.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("GET /.well-known/walkon.json HTTP/1.1\r\n"), "{asked:?}");
    assert!(!asked[0].to_lowercase().contains("cookie"), "{asked:?}");
}

#[tokio::test]
async fn whatever_is_no_plain_answer_is_refused_by_its_own_code() {
    let owner = Owner::start(true).await;
    let origin: WebOrigin = format!("https://shop.test:{}", owner.address.port()).parse().unwrap();
    let big = "x".repeat(65 << 10);
    for (said, expected) in [
        (answer("302 Found\r\nlocation: /other.json", ""), Code::AuthorisationRedirected),
        (answer("301 Moved\r\nlocation: https://cdn.test/x", ""), Code::AuthorisationRedirected),
        (answer("404 Not Found", ""), Code::AuthorisationMissing),
        (answer("410 Gone", ""), Code::AuthorisationMissing),
        (answer("500 Oh", ""), Code::AuthorisationUnreachable),
        (answer("429 Slow", ""), Code::AuthorisationUnreachable),
        (answer("200 OK", &big), Code::AuthorisationTooLarge),
        (Answer { bytes: b"not http\r\n\r\n".to_vec(), hangs: false }, {
            Code::AuthorisationUnreachable
        }),
    ] {
        owner.say(said.clone());
        let before = owner.asked().len();
        let found = asks().ask(&origin, Some(&here(false))).await;
        assert_eq!(code(found), expected, "{}", String::from_utf8_lossy(&said.bytes[..9]));
        assert_eq!(owner.asked().len(), before + 1, "it followed or asked again");
    }
}

#[tokio::test]
async fn an_owner_who_drips_or_never_ends_is_given_up() {
    let owner = Owner::start(true).await;
    let origin: WebOrigin = format!("https://shop.test:{}", owner.address.port()).parse().unwrap();
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec();
    owner.say(Answer { bytes: head, hangs: true });
    let quick = WellKnown { patience: Duration::from_millis(300), ..asks() };
    let found = quick.ask(&origin, Some(&here(false))).await;
    assert_eq!(code(found), Code::AuthorisationUnreachable);
}

#[tokio::test]
async fn a_certificate_that_does_not_hold_is_no_answer() {
    let owner = Owner::start(true).await;
    owner.say(published(&json!({})));
    let port = owner.address.port();
    let shop: WebOrigin = format!("https://shop.test:{port}").parse().unwrap();
    let strangers = WellKnown { roots: Vec::new(), ..asks() };
    let untrusted = strangers.ask(&shop, Some(&here(false))).await;
    assert_eq!(code(untrusted), Code::AuthorisationUnreachable);
    let other: WebOrigin = format!("https://other.test:{port}").parse().unwrap();
    let misnamed = asks().ask(&other, Some(&here(false))).await;
    assert_eq!(code(misnamed), Code::AuthorisationUnreachable);
    assert!(owner.asked().is_empty());
}

#[tokio::test]
async fn a_private_address_is_not_asked_unless_somebody_vouched_for_it() {
    let owner = Owner::start(false).await;
    let port = owner.address.port();
    for text in ["https://10.0.0.1", "https://169.254.169.254", "https://[fd00::1]"] {
        let found = asks().ask(&text.parse().unwrap(), None).await;
        assert_eq!(code(found), Code::PrivateAddress, "{text}");
    }
    let shop: WebOrigin = format!("http://shop.test:{port}").parse().unwrap();
    assert_eq!(code(asks().ask(&shop, None).await), Code::SchemeDenied);
    assert_eq!(code(asks().ask(&shop, Some(&here(false))).await), Code::SchemeDenied);
    let elsewhere = Private { nets: vec!["10.0.0.0/8".parse().unwrap()], ..here(true) };
    assert_eq!(code(asks().ask(&shop, Some(&elsewhere)).await), Code::PrivateAddress);
    assert!(owner.asked().is_empty());
}

/// A coordinator whose one site is the owner's, by a name that is not loopback.
struct Fleet {
    coordinator: Coordinator,
    origin: WebOrigin,
    clock: ManualClock,
    id: String,
    _folder: tempfile::TempDir,
    bench: Bench,
}

const LIKE: &str = r#"{"account":"ada","kind":"like","target":"post:7"}"#;

impl Fleet {
    async fn before(owner: &Owner) -> Self {
        let bench = Bench::at("2026-11-21T12:00:00Z").await;
        let folder = tempfile::tempdir().unwrap();
        let mut coordinator = intake::coordinator(&bench, folder.path()).await;
        let origin: WebOrigin =
            format!("http://shop.test:{}", owner.address.port()).parse().unwrap();
        let mut catalog = (*coordinator.catalog).clone();
        let entry = catalog.sites.values_mut().next().unwrap();
        entry.site.origin = origin.to_string();
        entry.site.private = Some(here(true));
        coordinator.catalog = Arc::new(catalog);
        let clock = ManualClock::at(SystemClock.now());
        coordinator.clock = Arc::new(clock.clone());
        let path = folder.path().join("signing.key");
        FleetKeys::rotate(&path, |path, text| std::fs::write(path, text)).unwrap();
        let keys = FleetKeys::read(&path).unwrap();
        let id = keys.ids()[0].clone();
        coordinator.grants.keys = Some(Arc::new(keys));
        coordinator.grants.asks = asks();
        coordinator.enroll_all().await.unwrap();
        Self { coordinator, origin, clock, id, _folder: folder, bench }
    }

    fn file(&self) -> Value {
        let expires: Timestamp = self.clock.now() + jiff::SignedDuration::from_hours(24 * 30);
        json!({
            "version": 1,
            "origin": self.origin,
            "expires": expires,
            "agents": [{"id": self.id}],
            "grants": [{"agents": [self.id], "kinds": ["like"], "paths": ["/"]}],
        })
    }

    /// What becomes of an action: accepted, or the code by which it is refused.
    async fn sends(&self, action: &str) -> Result<(), String> {
        match self.coordinator.submit(action.as_bytes(), None).await {
            Ok(_) => Ok(()),
            Err(Error::Refused(refuse)) => {
                assert!(!refuse.remedy.is_empty(), "{refuse}: no remedy");
                Err(refuse.code)
            }
            Err(error) => panic!("{error}"),
        }
    }

    async fn pass_minutes(&self, minutes: i64) {
        self.clock.advance_ms(minutes * 60_000);
        self.coordinator.look_round().await.unwrap();
    }
}

fn refused(code: &str) -> Result<(), String> {
    Err(code.to_owned())
}

#[tokio::test]
async fn a_site_that_grants_nothing_is_not_acted_on() {
    let owner = Owner::start(false).await;
    let fleet = Fleet::before(&owner).await;
    assert_eq!(fleet.sends(LIKE).await, refused("authorisation_missing"), "before it was asked");
    fleet.coordinator.look_round().await.unwrap();
    assert_eq!(fleet.sends(LIKE).await, refused("authorisation_missing"), "after it said no");
    let mut another = fleet.file();
    another["agents"][0]["id"] = json!("another fleet");
    owner.say(published(&another));
    fleet.pass_minutes(6).await;
    assert_eq!(fleet.sends(LIKE).await, refused("agent_not_listed"));
}

#[tokio::test]
async fn what_is_granted_is_done_and_what_is_not_is_refused_until_it_is_taken_away() {
    let owner = Owner::start(false).await;
    let fleet = Fleet::before(&owner).await;
    owner.say(published(&fleet.file()));
    fleet.coordinator.look_round().await.unwrap();
    assert_eq!(fleet.sends(LIKE).await, Ok(()));
    let follow = r#"{"account":"ada","kind":"follow","target":"member:bob"}"#;
    assert_eq!(fleet.sends(follow).await, refused("action_denied"));
    // The owner takes it away: noticed well within a quarter of an hour.
    owner.say(answer("404 Not Found", ""));
    fleet.pass_minutes(11).await;
    assert_eq!(fleet.sends(LIKE).await, refused("authorisation_missing"));
}

#[tokio::test]
async fn nobody_signs_up_where_the_grant_does_not_list_it() {
    let owner = Owner::start(false).await;
    let fleet = Fleet::before(&owner).await;
    owner.say(published(&fleet.file()));
    fleet.coordinator.look_round().await.unwrap();
    let sign_up = r#"{"account":"ada","kind":"sign_up"}"#;
    assert_eq!(fleet.sends(sign_up).await, refused("action_denied"));
    let mut more = fleet.file();
    more["grants"][0]["kinds"] = json!(["like", "sign_up"]);
    owner.say(published(&more));
    fleet.pass_minutes(11).await;
    assert_eq!(fleet.sends(sign_up).await, Ok(()));
}

#[tokio::test]
async fn ceilings_reach_the_queue_and_leave_it_with_the_grant() {
    let owner = Owner::start(false).await;
    let fleet = Fleet::before(&owner).await;
    let mut file = fleet.file();
    file["grants"][0]["limits"] = json!({"submits_per_minute": 0});
    owner.say(published(&file));
    fleet.coordinator.look_round().await.unwrap();
    assert_eq!(fleet.sends(LIKE).await, Ok(()));
    let ask = fleet.bench.asking("w1");
    let claim = async || fleet.coordinator.queue.claim(&ask).await.unwrap();
    assert!(matches!(claim().await, Claim::Nothing { next: None }), "never is never");
    owner.say(published(&fleet.file()));
    fleet.pass_minutes(11).await;
    let ask = fleet.bench.asking("w1");
    let claimed = fleet.coordinator.queue.claim(&ask).await.unwrap();
    assert!(matches!(claimed, Claim::Work(_)), "{claimed:?}");
}

#[tokio::test]
async fn ceilings_that_several_shards_cannot_count_are_refused_by_their_own_code() {
    let owner = Owner::start(false).await;
    let mut fleet = Fleet::before(&owner).await;
    fleet.coordinator.grants.counts_nothing = true;
    let mut file = fleet.file();
    file["grants"][0]["limits"] = json!({"concurrent_sessions": 3});
    owner.say(published(&file));
    fleet.coordinator.look_round().await.unwrap();
    assert_eq!(fleet.sends(LIKE).await, refused("ceiling_uncounted"));
}

#[tokio::test]
async fn what_an_operator_vouched_for_is_in_the_audit_log_once_and_again_when_it_changes() {
    let owner = Owner::start(false).await;
    let mut fleet = Fleet::before(&owner).await;
    let noted = async |fleet: &Fleet| {
        let noted = fleet.coordinator.store.noted(None, 100).await.unwrap();
        let said = noted.into_iter().filter(|entry| entry.note.action == "site.private");
        said.map(|entry| (entry.note.actor, entry.note.why.unwrap())).collect::<Vec<_>>()
    };
    for _ in 0..2 {
        fleet.coordinator.audit_vouched().await.unwrap();
    }
    let first = noted(&fleet).await;
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(first[0].0, "ada");
    assert!(first[0].1.contains("127.0.0.0/8"), "{first:?}");
    let mut catalog = (*fleet.coordinator.catalog).clone();
    catalog.sites.values_mut().next().unwrap().site.private = None;
    fleet.coordinator.catalog = Arc::new(catalog);
    fleet.coordinator.audit_vouched().await.unwrap();
    let then = noted(&fleet).await;
    assert_eq!((then.len(), then[0].1.as_str()), (2, "nothing any more"), "{then:?}");
}

#[tokio::test]
async fn a_site_that_wants_a_name_and_password_is_told_them_when_it_is_asked_for_its_grant() {
    let owner = Owner::start(true).await;
    let origin: WebOrigin = format!("https://shop.test:{}", owner.address.port()).parse().unwrap();
    owner.say(answer("200 OK", "{}"));
    let password = Secret::new("let me in".to_owned());
    let login = Login { username: "qa".to_owned(), password };
    // Its own authority is what `private` says: nothing else is trusted here.
    let ca = Some(include_str!("support/tls/ca.pem").to_owned());
    let private = Private { ca, ..here(false) };
    let strict = WellKnown { roots: Vec::new(), ..asks() };
    strict.ask_as(&origin, Some(&private), Some(&login)).await.unwrap();
    strict.ask(&origin, Some(&private)).await.unwrap();
    let asked = owner.asked();
    assert!(asked[0].to_lowercase().contains("authorization: basic cwe6"), "{asked:?}");
    assert!(!asked[1].to_lowercase().contains("authorization"), "{asked:?}");
}

#[tokio::test]
async fn a_site_that_is_away_ends_nothing_at_once_and_begins_nothing() {
    let owner = Owner::start(false).await;
    let fleet = Fleet::before(&owner).await;
    owner.say(published(&fleet.file()));
    fleet.coordinator.look_round().await.unwrap();
    owner.say(answer("503 Away", ""));
    fleet.pass_minutes(11).await;
    assert_eq!(fleet.sends(LIKE).await, refused("authorisation_unreachable"));
    let ada = "ada".parse().unwrap();
    let runs = async || {
        let bundle = fleet.coordinator.bundle(&ada).await.unwrap();
        bundle.access.pass().is_some()
    };
    assert!(runs().await, "what runs was ended by silence");
    fleet.pass_minutes(55).await;
    assert!(!runs().await, "an hour of silence was taken for a grant");
}

#[tokio::test]
async fn an_operator_revokes_and_takes_up_again_and_both_are_in_the_audit_log() {
    let owner = Owner::start(false).await;
    let fleet = Fleet::before(&owner).await;
    owner.say(published(&fleet.file()));
    fleet.coordinator.look_round().await.unwrap();
    fleet.coordinator.revoke_grant(&fleet.origin, "ada", "too loud").await.unwrap();
    assert_eq!(fleet.sends(LIKE).await, refused("authorisation_revoked"));
    fleet.pass_minutes(20).await;
    assert_eq!(fleet.sends(LIKE).await, refused("authorisation_revoked"), "a look lifted it");
    fleet.coordinator.verify_grant(&fleet.origin, "bob").await.unwrap();
    assert_eq!(fleet.sends(LIKE).await, Ok(()));
    let noted = fleet.coordinator.store.noted(None, 10).await.unwrap();
    let deeds: Vec<_> =
        noted.iter().map(|e| (e.note.action.as_str(), e.note.actor.as_str())).collect();
    assert!(deeds.contains(&("grant.revoke", "ada")), "{deeds:?}");
    assert!(deeds.contains(&("grant.verify", "bob")), "{deeds:?}");
}

#[tokio::test]
async fn a_signed_grant_is_taken_by_the_pinned_key_alone_and_outlasts_silence() {
    let owner = Owner::start(false).await;
    let fleet = Fleet::before(&owner).await;
    let key = KeyPair::from_seed(&[9; 32]).unwrap();
    let signed = jws::seal(&key, &fleet.file().to_string());
    let strangers = KeyPair::from_seed(&[8; 32]).unwrap().public();
    let pin = async |key| fleet.coordinator.pin_grant(&fleet.origin, &signed, key, "ada").await;
    let stranger = pin(&strangers).await.unwrap_err().to_string();
    assert!(stranger.contains("key"), "{stranger}");
    assert_eq!(fleet.sends(LIKE).await, refused("authorisation_missing"));
    pin(&key.public()).await.unwrap();
    assert_eq!(fleet.sends(LIKE).await, Ok(()));
    fleet.pass_minutes(60 * 24).await;
    assert_eq!(fleet.sends(LIKE).await, Ok(()), "a signed grant needs no look");
    assert!(owner.asked().is_empty());
    fleet.pass_minutes(60 * 24 * 30).await;
    assert_eq!(fleet.sends(LIKE).await, refused("authorisation_expired"));
}

#[tokio::test]
async fn a_site_that_asks_for_signatures_is_refused_while_nobody_can_check_them() {
    let owner = Owner::start(false).await;
    let mut fleet = Fleet::before(&owner).await;
    let mut file = fleet.file();
    file["grants"][0]["require_signature"] = json!(true);
    owner.say(published(&file));
    fleet.coordinator.look_round().await.unwrap();
    assert_eq!(fleet.sends(LIKE).await, refused("signature_required"));
    fleet.coordinator.grants.directory = Some("https://fleet.test/keys".to_owned());
    assert_eq!(fleet.sends(LIKE).await, Ok(()));
    let bundle = fleet.coordinator.bundle(&"ada".parse().unwrap()).await.unwrap();
    let day = bundle.signing.expect("a key of the day");
    let used = KeyPair::read(day.seed.expose()).unwrap().public().thumbprint();
    assert_ne!(used, fleet.id, "the fleet's own key left the coordinator");
    let listed = fleet.coordinator.grants.keys.as_ref().unwrap();
    assert!(listed.directory(fleet.clock.now()).unwrap().contains(&used));
}
