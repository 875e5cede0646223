//! Slack's incoming webhook, and others that take the same.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;
use walkon_core::alert::Severity;
use walkon_core::bundle::Secret;

use super::http::Http;
use super::{Channel, Error, Notice, text};

#[derive(Debug)]
pub(super) struct Slack {
    http: Http,
    url: Secret,
    pages: String,
}

impl Slack {
    pub(super) fn new(url: Secret, pages: &str) -> Result<Self, Error> {
        let http = Http::new("slack", "alerts.slack", url.expose())?;
        Ok(Self { http, url, pages: pages.to_owned() })
    }
}

/// As Slack wants the three letters that mean something to it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn body(notices: &[Notice], pages: &str) -> String {
    let (named, left) = text::named(notices);
    let mut said = Vec::new();
    for notice in named {
        let mark = match notice.alert().severity {
            _ if notice.over => ":white_check_mark:",
            Severity::Critical => ":red_circle:",
            Severity::Warning => ":warning:",
            Severity::Info => ":information_source:",
        };
        let (link, title) = (text::link(pages, notice), escaped(&notice.alert().title));
        said.push(format!("{mark} *<{link}|{title}>*"));
        said.extend(text::lines(notice).iter().map(|line| escaped(line)));
    }
    if left > 0 {
        said.push(format!("… and {left} more: {pages}"));
    }
    json!({ "text": said.join("\n") }).to_string()
}

#[async_trait]
impl Channel for Slack {
    fn name(&self) -> &'static str {
        "slack"
    }

    async fn tell(&self, notices: &[Notice], _: Timestamp) -> Result<(), Error> {
        self.http.post(self.url.expose(), &[], body(notices, &self.pages)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::tests::notice;

    #[test]
    fn a_message_names_what_is_worst_first_and_escapes_what_means_something_to_slack() {
        let mut calm = notice("b", Severity::Warning);
        calm.raised.alert.why = "a <b> & c".to_owned();
        let over = Notice { over: true, ..notice("c", Severity::Critical) };
        let said = body(&[over, calm, notice("a", Severity::Critical)], "http://h:1");
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        let said = said["text"].as_str().unwrap();
        let at = |mark: &str| said.find(mark).unwrap_or_else(|| panic!("{mark}: {said}"));
        assert!(at(":red_circle:") < at(":warning:") && at(":warning:") < at(":white_check"));
        assert!(said.contains("a &lt;b&gt; &amp; c"), "{said}");
        assert!(said.contains("<http://h:1/accounts/ada|"), "{said}");
    }

    #[test]
    fn a_thousand_alerts_are_one_message_of_a_bearable_length() {
        let many: Vec<_> = (0..1_000).map(|n| notice(&n.to_string(), Severity::Warning)).collect();
        let said = body(&many, "http://h:1");
        assert!(said.contains("and 980 more") && said.len() < 8_000, "{}", said.len());
    }
}
