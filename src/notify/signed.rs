//! A webhook as standardwebhooks.com describes it: who gets it can tell that it is ours, that it is
//! fresh, and whether they have had it before.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use walkon_core::bundle::Secret;
use zeroize::Zeroizing;

use super::http::Http;
use super::{Channel, Error, Notice, Webhook, text};

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// The least bytes of a secret, as the description asks for.
const LEAST: usize = 24;

#[derive(Debug)]
pub(super) struct Signed {
    http: Http,
    url: String,
    secret: Secret,
    pages: String,
}

impl Signed {
    pub(super) fn new(webhook: &Webhook, pages: &str) -> Result<Self, Error> {
        let Webhook { url, secret } = webhook;
        let http = Http::new("webhook", "alerts.webhook", url)?;
        let wrong =
            |why: &str| Error::Setting { key: "alerts.webhook_secret", why: why.to_owned() };
        let key = key(secret).ok_or_else(|| wrong("write `whsec_` and the secret in base64"))?;
        if key.len() < LEAST {
            return Err(wrong("a secret has at least 24 bytes"));
        }
        Ok(Self { http, url: url.clone(), secret: secret.clone(), pages: pages.to_owned() })
    }
}

fn key(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let text = secret.expose().strip_prefix(PREFIX)?;
    STANDARD.decode(text).ok().map(Zeroizing::new)
}

/// The header `webhook-signature`.
fn signature(key: &[u8], id: &str, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// The same telling has the same id, however often it is tried.
fn id(notices: &[Notice]) -> String {
    let mut hash = Sha256::new();
    for notice in notices {
        let Notice { raised, .. } = notice;
        let told = json!([
            raised.alert.key,
            notice.status(),
            raised.since,
            raised.times,
            raised.alert.severity,
            raised.over
        ]);
        hash.update(told.to_string());
        hash.update("\n");
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest[..16].iter().fold("msg_".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

fn body(notices: &[Notice], pages: &str, now: Timestamp) -> String {
    let alert = |notice: &Notice| -> Value {
        let alert = notice.alert();
        json!({
            "status": notice.status(), "key": alert.key, "code": alert.code,
            "severity": alert.severity, "account": alert.account, "title": alert.title,
            "why": alert.why, "fix": alert.fix, "since": notice.raised.since,
            "over": notice.raised.over, "times": notice.raised.times,
            "page": text::link(pages, notice),
        })
    };
    let alerts: Vec<_> = notices.iter().map(alert).collect();
    json!({ "type": "walkon.alerts", "timestamp": now, "data": { "alerts": alerts } }).to_string()
}

#[async_trait]
impl Channel for Signed {
    fn name(&self) -> &'static str {
        "webhook"
    }

    async fn tell(&self, notices: &[Notice], now: Timestamp) -> Result<(), Error> {
        let (id, body) = (id(notices), body(notices, &self.pages, now));
        let key = key(&self.secret).unwrap_or_default();
        let signature = signature(&key, &id, now.as_second(), &body);
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", now.as_second().to_string()),
            ("webhook-signature", signature),
        ];
        self.http.post(&self.url, &headers, body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::tests::notice;
    use walkon_core::alert::Severity;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    /// Of the description's own libraries.
    #[test]
    fn a_signature_is_the_one_that_was_written_down() {
        let key = key(&secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).unwrap();
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signed = signature(&key, id, 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_that_is_none_is_refused_without_being_told() {
        // A second one is no error.
        let _ = rustls::crypto::ring::default_provider().install_default();
        for bad in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_???", "whsec_c2hvcnQ="] {
            let webhook = Webhook { url: "http://h/".to_owned(), secret: secret(bad) };
            let error = Signed::new(&webhook, "").unwrap_err().to_string();
            assert!(error.contains("alerts.webhook_secret"), "{error}");
            assert!(bad.is_empty() || !error.contains(bad), "{error}");
        }
        let webhook = Webhook { url: "hooks".to_owned(), secret: secret("whsec_") };
        assert!(Signed::new(&webhook, "").unwrap_err().to_string().contains("alerts.webhook`"));
    }

    #[test]
    fn a_telling_that_is_tried_again_has_the_same_id_and_another_has_not() {
        let one = [notice("a", Severity::Warning), notice("b", Severity::Critical)];
        assert_eq!(id(&one), id(&one.clone()));
        let mut ids = vec![id(&one), id(&one[..1])];
        let over = Notice { over: true, ..one[0].clone() };
        ids.push(id(&[over]));
        let mut again = one[0].clone();
        again.raised.times += 1;
        ids.push(id(&[again]));
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 4, "{ids:?}");
    }
}
