//! The list of sessions: what each was, at a glance.

use jiff::Timestamp;
use serde::Deserialize;

use crate::recording::Head;

use super::say;

/// What a look through a recording's events finds, without reading gestures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Glance {
    /// The picture to show: the last of a failure, else the last.
    pub picture: Option<String>,
    /// Kinds done, each with how often.
    pub kinds: Vec<(String, u32)>,
    /// Actions with the event at which they begin.
    pub actions: Vec<(String, u64)>,
}

#[derive(Deserialize)]
struct Picture {
    label: String,
    blob: String,
}

#[derive(Deserialize)]
struct Begin {
    seq: u64,
    action: String,
    kind: String,
}

/// Looks through the text of `events.jsonl`.
pub fn glance(events: &str) -> Glance {
    let mut glance = Glance::default();
    let mut failed = None;
    for line in events.lines() {
        if line.contains(r#""type":"picture""#) {
            if let Ok(Picture { label, blob }) = serde_json::from_str(line) {
                if label == "failed" {
                    failed = Some(blob.clone());
                }
                glance.picture = Some(blob);
            }
        } else if line.contains(r#""type":"action_begin""#)
            && let Ok(Begin { seq, action, kind }) = serde_json::from_str(line)
        {
            glance.actions.push((action, seq));
            match glance.kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += 1,
                None => glance.kinds.push((kind, 1)),
            }
        }
    }
    glance.picture = failed.or(glance.picture);
    glance
}

/// One session in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// The account.
    pub account: String,
    /// The site.
    pub site: String,
    /// The device.
    pub device: String,
    /// The worker.
    pub worker: String,
    /// `live`, `sealed`, `failed`, `interrupted`.
    pub status: &'static str,
    /// The picture's name.
    pub picture: Option<String>,
    /// `like ×2 · comment`.
    pub kinds: String,
    /// When it began.
    pub began: String,
    /// The same, in full.
    pub began_at: String,
    /// How long it took, or takes.
    pub length: String,
    /// Actions.
    pub actions: u32,
    /// Those that failed.
    pub failed: u32,
    /// Pictures.
    pub pictures: u32,
    /// Requests.
    pub requests: u32,
    /// Bytes through the relay.
    pub size: String,
}

/// After how long without a word a recording counts as interrupted.
const SILENCE_MAX_MS: i64 = 90_000;

/// One word for where a session stands. `quiet_ms`: how long ago its last piece came.
pub fn status(head: &Head, quiet_ms: i64) -> &'static str {
    match head.status.as_str() {
        "recording" if quiet_ms > SILENCE_MAX_MS => "interrupted",
        "recording" => "live",
        "failed" => "failed",
        "interrupted" => "interrupted",
        _ if head.counts.failed > 0 => "failed",
        _ => "sealed",
    }
}

/// One session in words.
pub fn row(head: &Head, glance: &Glance, quiet_ms: i64, now: Timestamp) -> SessionRow {
    let status = status(head, quiet_ms);
    let last = now.as_millisecond() - if status == "live" { 0 } else { quiet_ms };
    let end = head.ended_at.map_or(last, Timestamp::as_millisecond);
    let kind = |(kind, count): &(String, u32)| match count {
        1 => say::plain(kind),
        more => format!("{} ×{more}", say::plain(kind)),
    };
    let kinds: Vec<_> = glance.kinds.iter().map(kind).collect();
    SessionRow {
        id: head.session.to_string(),
        account: head.account.clone(),
        site: head.site.clone(),
        device: head.device.clone(),
        worker: head.worker.to_string(),
        status,
        picture: glance.picture.clone(),
        kinds: kinds.join(" · "),
        began: say::ago(now, head.started_at),
        began_at: say::full(head.started_at),
        length: say::length((end - head.started_at.as_millisecond()).max(0) as f64),
        actions: head.counts.actions,
        failed: head.counts.failed,
        pictures: head.counts.pictures,
        requests: head.counts.requests,
        size: say::bytes(head.bytes.0 + head.bytes.1),
    }
}

/// The list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionsPage {
    /// The sessions.
    pub rows: Vec<SessionRow>,
    /// Whether only failed ones are shown.
    pub only_failed: bool,
    /// Only this account's.
    pub account: Option<String>,
    /// Where older ones are.
    pub older: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_picture_is_shown_before_a_later_one() {
        let events = concat!(
            r#"{"action":"a1","kind":"like","seq":1,"t":0,"type":"action_begin"}"#,
            "\n",
            r#"{"blob":"f1","label":"failed","seq":2,"t":9,"type":"picture"}"#,
            "\n",
            r#"{"action":"a2","kind":"like","seq":3,"t":10,"type":"action_begin"}"#,
            "\n",
            r#"{"blob":"f2","label":"after","seq":4,"t":20,"type":"picture"}"#,
            "\n{\"torn",
        );
        let glance = glance(events);
        assert_eq!(glance.picture.as_deref(), Some("f1"));
        assert_eq!(glance.kinds, [("like".to_owned(), 2)]);
        assert_eq!(glance.actions, [("a1".to_owned(), 1), ("a2".to_owned(), 3)]);
    }
}
