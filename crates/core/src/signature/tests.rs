//! The published vectors, and the faults that a signature may have, one at a time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::base::base;
use super::day::Day;
use super::directory::{Directory, Jwk};
use super::*;

const SEED: &str = "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU";
const CREATED: i64 = 1_735_689_600;
const LIST: &str = "https://signature-agent.test/.well-known/http-message-signatures-directory";

fn key() -> KeyPair {
    KeyPair::read(SEED).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn encoded(lines: &str) -> String {
    STANDARD.encode(key().sign(lines.as_bytes()))
}

/// A published vector: what it covers, its parameters (of `v5` the list itself), what came out.
#[derive(serde::Deserialize)]
struct Vector {
    agent: Option<String>,
    parts: Vec<(String, String)>,
    params: String,
    signature: String,
}

impl Vector {
    fn named(name: &str) -> Self {
        let all: serde_json::Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
        serde_json::from_value(all[name].clone()).unwrap()
    }

    /// What we sign for the same parts.
    fn over(&self) -> String {
        let parts = self.parts.iter().map(|(name, value)| (name.as_str(), value.clone()));
        encoded(&base(parts, &self.params))
    }

    fn judged(&self) -> Result<Verified, Doubt> {
        judged(self.agent.as_deref(), &self.params, &self.signature)
    }
}

/// What becomes of a GET of `https://example.com/`, two seconds after it was signed.
fn judged(agent: Option<&str>, params: &str, signature: &str) -> Result<Verified, Doubt> {
    let label = if params.contains("agent2") { "agent2" } else { "sig1" };
    let (input, signature) = (format!("{label}={params}"), format!("{label}=:{signature}:"));
    let mut headers = vec![("signature-input", input.as_str()), ("signature", signature.as_str())];
    headers.extend(agent.map(|agent| ("signature-agent", agent)));
    verify(&example(&headers), at(CREATED + 2), |_, _| Some(key().public()))
}

fn example<'a>(headers: &'a [(&'a str, &'a str)]) -> Message<'a> {
    Message {
        method: "GET",
        scheme: "https",
        authority: "example.com",
        path: "/path/to/resource",
        query: None,
        headers,
    }
}

fn ours<'a>(authority: &'a str, method: &'a str, path: &'a str) -> Signing<'a> {
    let nonce = std::array::from_fn(|at| at as u8);
    Signing { method, authority, path, directory: LIST, created: at(CREATED), nonce }
}

#[test]
fn thumbprints_are_those_of_the_rfc() {
    assert_eq!(key().public().x(), "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs");
    assert_eq!(key().public().thumbprint(), TEST_KEY);
    let other = PublicKey::read("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
    assert_eq!(other.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn what_is_signed_in_the_vectors_is_signed_here_byte_by_byte() {
    for name in ["v1", "v2", "v3", "v4", "n1", "n3"] {
        let vector = Vector::named(name);
        assert_eq!(vector.over(), vector.signature, "{name}");
    }
}

#[test]
fn v2_of_the_draft_is_verified() {
    let verified = Vector::named("v2").judged().unwrap();
    assert_eq!(verified.key, TEST_KEY);
    assert_eq!(verified.directory, "https://signature-agent.test");
}

#[test]
fn v3_the_older_form_of_the_agent_is_not_taken() {
    let judged = Vector::named("v3").judged();
    assert!(matches!(judged, Err(Doubt::Invalid(_))), "{judged:?}");
}

#[test]
fn v4_without_an_agent_is_not_taken() {
    let judged = Vector::named("v4").judged();
    assert!(matches!(judged, Err(Doubt::Invalid(_))), "{judged:?}");
}

#[test]
fn v5_a_list_of_keys_proves_its_key() {
    let body = serde_json::to_string(&Directory { keys: vec![Jwk::new(key().public(), None)] });
    let (body, vector) = (body.unwrap(), Vector::named("v5"));
    assert_eq!(body, vector.params);
    let span = (CREATED, 4_889_289_600);
    let proof = directory::prove_until(&key(), body.as_bytes(), "signature-agent.test", span);
    assert_eq!(proof.digest, "sha-256=:CADMT2aBdV/rqQr/NIru64ERQkCobVvllA4V0fLFDu0=:");
    assert_eq!(proof.signature, format!("binding0=:{}:", vector.signature));
}

#[test]
fn n1_what_does_not_cover_its_receiver_is_invalid_though_it_is_signed() {
    let judged = Vector::named("n1").judged();
    assert_eq!(judged, Err(Doubt::Invalid("it does not cover to whom it goes")));
}

#[test]
fn n3_what_never_ends_is_invalid_though_it_is_signed() {
    let judged = Vector::named("n3").judged();
    assert_eq!(judged, Err(Doubt::Invalid("it lacks created or expires")));
}

#[test]
fn w1_and_w2_our_own_form_byte_by_byte() {
    for (name, what, length, digest) in [
        (
            "w1",
            ours("example.com", "GET", "/path/to/resource"),
            413,
            "d28348ad0aca2d3d1b3760e467358f8da7310b247cd1861fa43af8fbdf15ee9e",
        ),
        (
            "w2",
            ours("localhost:8443", "POST", "/"),
            401,
            "9b45ccce0119e2e9fe36b8bee17de0358e7b48cb222211df2f19ee91686e2895",
        ),
    ] {
        let (lines, _) = sign::lines(&key(), &what);
        assert_eq!(lines.len(), length);
        let bytes: Vec<u8> = Sha256::digest(&lines).to_vec();
        let hex = bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert_eq!(hex, digest);
        let signature = Vector::named(name).signature;
        assert_eq!(sign(&key(), &what).signature, format!("sig1=:{signature}:"));
    }
}

/// Signs a GET of `https://example.com/path/to/resource`, spoils one thing, and judges.
fn spoilt(spoil: impl FnOnce(&mut Signed)) -> Result<Verified, Doubt> {
    let mut signed = sign(&key(), &ours("example.com", "GET", "/path/to/resource"));
    spoil(&mut signed);
    let headers = [
        ("signature-agent", signed.agent.as_str()),
        ("signature-input", signed.input.as_str()),
        ("signature", signed.signature.as_str()),
    ];
    verify(&example(&headers), at(CREATED + 2), |_, _| Some(key().public()))
}

#[test]
fn what_we_sign_is_verified() {
    let verified = spoilt(|_| {}).unwrap();
    assert_eq!((verified.key.as_str(), verified.directory.as_str()), (TEST_KEY, LIST));
    assert!(verified.covered.iter().any(|part| part == "\"@method\""));
    assert_eq!(verified.nonce.as_deref(), Some("AAECAwQFBgcICQoLDA0ODw=="));
}

#[test]
fn each_fault_alone_makes_it_invalid() {
    type Spoil = fn(&mut Signed);
    let faults: [(&str, Spoil); 13] = [
        ("another agent", |s| s.agent = "sig1=\"https://other.test/keys\"".into()),
        ("an agent without https", |s| s.agent = "sig1=\"http://other.test/keys\"".into()),
        ("an agent with parameters", |s| s.agent.push_str(";type=directory")),
        ("an agent under another label", |s| s.agent = s.agent.replace("sig1", "sig2")),
        ("an agent that is no text", |s| s.agent = "sig1=7".into()),
        ("two members of one label", |s| s.agent = format!("{0}, {0}", s.agent)),
        ("a later end", |s| s.input = s.input.replace("1735689660", "1735699999")),
        ("an earlier end", |s| s.input = s.input.replace("1735689660", "1735689601")),
        ("made in the future", |s| s.input = s.input.replace("1735689600", "1735689650")),
        ("another nonce", |s| s.input = s.input.replace("AAEC", "BBEC")),
        ("a part twice", |s| s.input = s.input.replace("\"@path\"", "\"@path\" \"@path\"")),
        ("a part that is not there", |s| s.input = s.input.replace("\"@path\"", "\"cookie\"")),
        ("no signature under the label", |s| s.signature = "sig2=:AAAA:".into()),
    ];
    for (fault, spoil) in faults {
        let judged = spoilt(spoil);
        assert!(matches!(judged, Err(Doubt::Invalid(_))), "{fault}: {judged:?}");
    }
    for unreadable in ["sig1=(", "", "sig1", "🦀"] {
        let judged = spoilt(|signed| signed.input = unreadable.into());
        assert!(matches!(judged, Err(Doubt::Invalid(_))), "{unreadable}: {judged:?}");
    }
}

#[test]
fn another_request_under_the_same_signature_is_invalid() {
    let signed = sign(&key(), &ours("example.com", "GET", "/path/to/resource"));
    let headers = [
        ("signature-agent", signed.agent.as_str()),
        ("signature-input", signed.input.as_str()),
        ("signature", signed.signature.as_str()),
    ];
    let good = example(&headers);
    let now = at(CREATED + 2);
    let judge = |message: &Message<'_>, now| verify(message, now, |_, _| Some(key().public()));
    judge(&good, now).unwrap();
    for other in [
        Message { method: "POST", ..good },
        Message { path: "/other", ..good },
        Message { authority: "example.org", ..good },
    ] {
        assert!(matches!(judge(&other, now), Err(Doubt::Invalid(_))), "{other:?}");
    }
    let late = at(CREATED + LIFETIME_SECS);
    assert_eq!(judge(&good, late), Err(Doubt::Invalid("it has ended")));
}

#[test]
fn who_is_not_listed_is_nobody_and_not_an_impostor() {
    let signed = sign(&key(), &ours("example.com", "GET", "/path/to/resource"));
    let headers = [
        ("signature-agent", signed.agent.as_str()),
        ("signature-input", signed.input.as_str()),
        ("signature", signed.signature.as_str()),
    ];
    let message = example(&headers);
    let judged = verify(&message, at(CREATED), |_, _| None);
    assert_eq!(judged, Err(Doubt::Unverified("the key is not listed")));
    let none = verify(&example(&[]), at(CREATED), |_, _| panic!("nothing to look up"));
    assert_eq!(none, Err(Doubt::Unverified("it is not signed")));
    let other = KeyPair::from_seed(&[7; 32]).unwrap().public();
    let judged = verify(&message, at(CREATED), |_, _| Some(other));
    assert!(matches!(judged, Err(Doubt::Invalid(_))), "{judged:?}");
}

#[test]
fn a_days_key_is_listed_about_its_day_and_no_longer() {
    let fleet = [3; 32];
    let noon = at(CREATED + 12 * 3_600);
    let today = Day::of(noon);
    let seed = day::seed(&fleet, today).unwrap();
    let print = KeyPair::from_seed(&seed).unwrap().public().thumbprint();
    let list = |now| Directory { keys: day::listed(&fleet, now).unwrap() };
    assert!(list(noon).find(&print, noon).is_some());
    assert_eq!(list(noon).keys.len(), 1, "at noon the neighbours are far");
    let (from, to) = today.span();
    assert_eq!(to.as_second() - from.as_second(), 26 * 3_600);
    assert!(list(to).find(&print, to).is_none(), "its day is over");
    // Listed before it is good, so that nobody meets a key that a cached list lacks.
    let before = at(from.as_second() - 60);
    assert!(list(before).keys.iter().any(|jwk| jwk.kid.as_ref() == Some(&print)));
    assert!(list(before).find(&print, before).is_none(), "its day has not begun");
    assert_ne!(*seed, *day::seed(&[4; 32], today).unwrap());
    assert_eq!(today.to_string(), "2025-01-01");
}

#[test]
fn a_signed_grant_opens_by_the_pinned_key_alone() {
    let owner = KeyPair::from_seed(&[9; 32]).unwrap();
    let signed = jws::seal(&owner, "{\"version\":1}");
    assert_eq!(jws::open(&signed, &owner.public()).unwrap(), "{\"version\":1}");
    assert!(jws::open(&signed, &key().public()).is_err(), "another key opened it");
    let mut parts: Vec<&str> = signed.split('.').collect();
    let none = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .encode(r#"{"alg":"none","typ":"walkon-grant+jws"}"#);
    parts[0] = &none;
    assert!(jws::open(&parts.join("."), &owner.public()).is_err(), "it took `none`");
    let flipped = signed.replacen(parts[1], &parts[1].replacen('e', "f", 1), 1);
    assert!(jws::open(&flipped, &owner.public()).is_err(), "it took another text");
    for bad in ["", "a.b", "..", "a.b.c", &"x".repeat(100_000)] {
        assert!(jws::open(bad, &owner.public()).is_err(), "{}", &bad[..bad.len().min(9)]);
    }
}
