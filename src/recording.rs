//! Recording: what was captured of one session, on its way to the coordinator.
//!
//! A worker takes notes and pictures into memory, inside a budget of bytes, and ships them as
//! pieces of files; a piece written twice does no harm. [`archive`] is the coordinator's side.
//! Nothing is ever written on the worker's disk.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use walkon_core::bundle::Bundle;
use walkon_core::id::{SessionId, WorkerId};
use walkon_core::lease::Lease;
use walkon_core::recorder::{Note, Recorder};

use crate::desk::{Chunk, Desk};

pub mod archive;

/// The version of the recording's form.
pub const VERSION: u32 = 1;
/// The most bytes that wait to be shipped; more is dropped and noted as a gap.
pub const PENDING_BYTES_MAX: usize = 16 << 20;
/// The most bytes of one recording; after that, pictures are dropped.
pub const SESSION_BYTES_MAX: usize = 64 << 20;

/// Who did what from where: the recording's `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// `walkon-session`.
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// Its id.
    pub session: SessionId,
    /// `recording`, `sealed`, `failed` (the browser did not open) or `interrupted`.
    pub status: String,
    /// The account.
    pub account: String,
    /// The site.
    pub site: String,
    /// The device profile.
    pub device: String,
    /// The persona.
    pub persona: String,
    /// The worker.
    pub worker: WorkerId,
    /// Viewport in CSS pixels.
    pub viewport: (u32, u32),
    /// The proxy's address, without credentials.
    pub proxy: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Bytes through the relay, sent and received.
    pub bytes: (u64, u64),
    /// How many actions, pictures and requests it holds.
    pub counts: Counts,
}

/// How much a recording holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Actions.
    pub actions: u32,
    /// Those that did not end as asked.
    pub failed: u32,
    /// Pictures.
    pub pictures: u32,
    /// Requests.
    pub requests: u32,
}

impl Head {
    /// The head of a session that begins now.
    pub fn of(bundle: &Bundle, session: &SessionId, worker: &WorkerId, now: Timestamp) -> Self {
        Self {
            format: "walkon-session".to_owned(),
            version: VERSION,
            session: session.clone(),
            status: "recording".to_owned(),
            account: bundle.account.id.to_string(),
            site: bundle.site.id.to_string(),
            device: bundle.device.name.clone(),
            persona: bundle.persona.name.clone(),
            worker: worker.clone(),
            viewport: (bundle.device.width, bundle.device.height),
            proxy: bundle.proxy.as_ref().map(|proxy| proxy.url.clone()),
            started_at: now,
            ended_at: None,
            bytes: (0, 0),
            counts: Counts::default(),
        }
    }
}

#[derive(Debug)]
struct Tape {
    head: Head,
    /// Bytes of `events.jsonl` and `network.jsonl` so far.
    lengths: [u64; 2],
    seq: u64,
    pending: VecDeque<Chunk>,
    pending_bytes: usize,
    total_bytes: usize,
    blobs: HashSet<String>,
    gap: bool,
}

/// A recording that is being made.
#[derive(Debug)]
pub struct Recording {
    began: Instant,
    /// Nothing is kept.
    off: bool,
    tape: Mutex<Tape>,
    shipping: tokio::sync::Mutex<()>,
}

impl Recording {
    /// Begins a recording.
    pub fn start(head: Head) -> Self {
        let mut tape = Tape {
            head,
            lengths: [0, 0],
            seq: 0,
            pending: VecDeque::new(),
            pending_bytes: 0,
            total_bytes: 0,
            blobs: HashSet::new(),
            gap: false,
        };
        tape.write_head();
        let shipping = tokio::sync::Mutex::new(());
        Self { began: Instant::now(), off: false, tape: Mutex::new(tape), shipping }
    }

    /// One that keeps nothing, of a worker that does not record.
    pub fn off(head: Head) -> Self {
        let mut recording = Self::start(head);
        recording.off = true;
        recording.with(|tape| {
            tape.pending.clear();
            tape.pending_bytes = 0;
        });
        recording
    }

    fn with<T>(&self, work: impl FnOnce(&mut Tape) -> T) -> T {
        work(&mut self.tape.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn t(&self) -> f64 {
        (self.began.elapsed().as_secs_f64() * 1e6).round() / 1e3
    }

    /// Takes down how many bytes went through the relay.
    pub fn bytes(&self, bytes: (u64, u64)) {
        self.with(|tape| tape.head.bytes = bytes);
    }

    /// Ends it.
    pub fn seal(&self, status: &str, now: Timestamp) {
        self.with(|tape| {
            status.clone_into(&mut tape.head.status);
            tape.head.ended_at = Some(now);
            tape.write_head();
        });
    }

    /// Sends what waits. What cannot be sent now waits on; a lost lease ends it.
    pub async fn ship(&self, desk: &dyn Desk, lease: &Lease) {
        if self.off {
            return;
        }
        // One at a time, so that pieces leave in their order.
        let _turn = self.shipping.lock().await;
        while let Some(chunk) = self.with(|tape| tape.pending.front().cloned()) {
            let size = chunk.bytes.len();
            if let Err(error) = desk.upload(lease, chunk).await {
                return tracing::debug!(%error, "a recording waits");
            }
            self.with(|tape| {
                tape.pending.pop_front();
                tape.pending_bytes -= size;
            });
        }
    }
}

impl Tape {
    fn push(&mut self, file: String, offset: u64, bytes: Vec<u8>) -> bool {
        let size = bytes.len();
        let full = self.pending_bytes + size > PENDING_BYTES_MAX
            || self.total_bytes + size > SESSION_BYTES_MAX && file.starts_with("blobs/");
        if full {
            self.gap = true;
            return false;
        }
        self.pending_bytes += size;
        self.total_bytes += size;
        let session = self.head.session.clone();
        self.pending.push_back(Chunk { session, file, offset, bytes });
        true
    }

    fn write_head(&mut self) {
        let head = serde_json::to_vec_pretty(&self.head).unwrap_or_default();
        self.push("manifest.json".to_owned(), 0, head);
    }

    /// Appends a line to `events.jsonl` (0) or `network.jsonl` (1).
    fn line(&mut self, which: usize, line: &serde_json::Value) {
        let mut bytes = line.to_string().into_bytes();
        bytes.push(b'\n');
        let size = bytes.len() as u64;
        let file = ["events.jsonl", "network.jsonl"][which].to_owned();
        if self.push(file, self.lengths[which], bytes) {
            self.lengths[which] += size;
        }
    }

    fn event(&mut self, t: f64, mut event: serde_json::Value) {
        if std::mem::take(&mut self.gap) {
            let why = "more came than the budget of bytes holds";
            self.event(t, json!({"type": "gap", "why": why}));
        }
        self.seq += 1;
        event["seq"] = self.seq.into();
        event["t"] = t.into();
        self.line(0, &event);
    }
}

impl Recorder for Recording {
    fn wants_pictures(&self) -> bool {
        !self.off
    }

    fn note(&self, note: Note) {
        if self.off {
            return;
        }
        let t = self.t();
        self.with(|tape| match note {
            Note::Request(exchange) => {
                tape.head.counts.requests += 1;
                tape.line(1, &serde_json::to_value(*exchange).unwrap_or_default());
            }
            note => {
                match &note {
                    Note::ActionBegin { .. } => tape.head.counts.actions += 1,
                    Note::ActionEnd { outcome, .. } if outcome != "done" => {
                        tape.head.counts.failed += 1;
                    }
                    _ => {}
                }
                let is_edge = matches!(note, Note::ActionBegin { .. } | Note::ActionEnd { .. });
                tape.event(t, serde_json::to_value(note).unwrap_or_default());
                if is_edge {
                    tape.write_head();
                }
            }
        });
    }

    fn picture(&self, label: &str, jpeg: &[u8]) {
        if self.off {
            return;
        }
        let t = self.t();
        let digest = Sha256::digest(jpeg);
        let name =
            digest[..16].iter().fold(String::new(), |name, byte| format!("{name}{byte:02x}"));
        self.with(|tape| {
            let known = tape.blobs.contains(&name);
            // The blob goes before the line that names it.
            if known || tape.push(format!("blobs/{name}.jpg"), 0, jpeg.to_vec()) {
                tape.blobs.insert(name.clone());
                tape.head.counts.pictures += 1;
                tape.event(t, json!({"type": "picture", "label": label, "blob": name}));
            }
        });
    }
}
