//! What operators vouch for of their sites, written down: private networks, and whose word it is.

use sha2::{Digest as _, Sha256};
use walkon_core::audit::Note;

use super::{Coordinator, Error};

/// So far back the last word about a site is looked for.
const BACK: u64 = 5_000;
const ACTION: &str = "site.private";
const NOTHING: &str = "nothing any more";

impl Coordinator {
    /// Writes down what differs from what was vouched for last.
    pub async fn audit_vouched(&self) -> Result<(), Error> {
        let noted = self.store.noted(None, BACK).await?;
        for entry in self.catalog.sites.values() {
            let site = &entry.site;
            let said = site.private.as_ref().map(|private| {
                // Certificates are told by what they hash to.
                let ca = private.ca.as_ref().map(|ca| {
                    let hash = Sha256::digest(ca);
                    format!("{:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3])
                });
                let nets: Vec<_> = private.nets.iter().map(ToString::to_string).collect();
                serde_json::json!({
                    "origin": site.origin, "nets": nets, "at": private.at, "ca": ca,
                    "hosts": private.hosts, "plain_http": private.plain_http,
                })
                .to_string()
            });
            let last = noted.iter().find(|entry| {
                entry.note.action == ACTION
                    && entry.note.subject.as_deref() == Some(site.id.as_str())
            });
            let before = last.and_then(|entry| entry.note.why.as_deref());
            let is_same = match (&said, before) {
                (None, before) => before.is_none_or(|before| before == NOTHING),
                (Some(said), before) => before == Some(said),
            };
            if is_same {
                continue;
            }
            let by = site.private.as_ref().map_or("walkon", |private| &private.by);
            let seq = last.map_or(0, |entry| entry.seq);
            let note = Note {
                ts: self.now(),
                actor: by.to_owned(),
                action: ACTION.to_owned(),
                subject: Some(site.id.to_string()),
                why: Some(said.unwrap_or_else(|| NOTHING.to_owned())),
                ..Note::default()
            };
            // Several coordinators start at once; one of them tells it.
            let origin = format!("private:{}:{seq}", site.id);
            self.store.note(&note, Some(&origin)).await?;
        }
        Ok(())
    }
}
