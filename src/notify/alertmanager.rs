//! Alertmanager's API, version 2. It forgets what it is not told again within five minutes, so that
//! what stands is told each minute; routing and silence are its own business.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::http::Http;
use super::{Channel, Error, Notice, text};

#[derive(Debug)]
pub(super) struct Alertmanager {
    http: Http,
    url: String,
    pages: String,
}

impl Alertmanager {
    pub(super) fn new(base: &str, pages: &str) -> Result<Self, Error> {
        let url = format!("{}/api/v2/alerts", base.trim_end_matches('/'));
        let http = Http::new("alertmanager", "alerts.alertmanager", &url)?;
        Ok(Self { http, url, pages: pages.to_owned() })
    }
}

fn alert(notice: &Notice, pages: &str) -> Value {
    let alert = notice.alert();
    // Labels name the alert: what changes while it stands must not be among them.
    let mut labels = json!({
        "alertname": format!("Walkon{}", capital(&alert.code)),
        "key": alert.key,
        "fleet": pages,
    });
    if let Some(account) = &alert.account {
        labels["account"] = json!(account);
    }
    let mut told = json!({
        "labels": labels,
        "annotations": {
            "summary": alert.title, "description": alert.why, "fix": alert.fix,
            "severity": alert.severity.name(),
        },
        "startsAt": notice.raised.since.to_string(),
        "generatorURL": text::link(pages, notice),
    });
    if notice.over {
        told["endsAt"] = json!(notice.raised.over.map(|over| over.to_string()));
    }
    told
}

fn capital(code: &str) -> String {
    let mut letters = code.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[async_trait]
impl Channel for Alertmanager {
    fn name(&self) -> &'static str {
        "alertmanager"
    }

    fn repeat(&self) -> Option<SignedDuration> {
        Some(SignedDuration::from_mins(1))
    }

    async fn tell(&self, notices: &[Notice], _: Timestamp) -> Result<(), Error> {
        let all: Vec<_> = notices.iter().map(|notice| alert(notice, &self.pages)).collect();
        self.http.post(&self.url, &[], Value::Array(all).to_string()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::tests::notice;
    use walkon_core::alert::Severity;
    use walkon_core::clock::from_ms;

    #[test]
    fn an_alert_has_the_same_labels_when_it_worsens_and_when_it_is_over() {
        let stands = alert(&notice("a", Severity::Warning), "http://h:1");
        let mut over = Notice { over: true, ..notice("a", Severity::Critical) };
        over.raised.over = Some(from_ms(5_000));
        let over = alert(&over, "http://h:1");
        assert_eq!(stands["labels"], over["labels"]);
        assert_eq!(stands["labels"]["alertname"], "WalkonHold");
        assert_eq!(stands["endsAt"], Value::Null);
        assert_eq!(over["endsAt"], "1970-01-01T00:00:05Z");
        assert_eq!(over["startsAt"], stands["startsAt"]);
    }
}
