//! `walkon audit …`: who did what, when and why, read from the store itself.

use clap::Subcommand;
use serde_json::json;
use walkon_core::audit::Entry;
use walkon_core::id::AccountId;

use super::data::{data_folder, store};
use super::out::{say, table};
use super::report::{Code, Failure};
use crate::config::Config;
use crate::store::audit::{Audit as _, End, Verdict};

/// `walkon audit …`
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// What happened, the latest first.
    List {
        /// Only what was done to this account.
        #[arg(long)]
        account: Option<AccountId>,
        /// How many.
        #[arg(long, default_value_t = 50)]
        most: u64,
    },
    /// Looks through the whole log for what was changed, added or taken out; ends with 7 if there
    /// is any.
    Verify {
        /// An end that was written down earlier, as `verify` prints it: `12:ab34…`. It shows that
        /// no older copy of the database was put in place.
        #[arg(long, value_name = "END", value_parser = end)]
        expect: Option<End>,
    },
}

fn end(text: &str) -> Result<End, String> {
    let wrong = || "write it as `walkon audit verify` printed it: `12:ab34…`".to_owned();
    let (seq, hash) = text.split_once(':').ok_or_else(wrong)?;
    let seq = seq.parse().map_err(|_| wrong())?;
    let read = walkon_core::audit::Hash::read(hash).ok_or_else(wrong)?;
    Ok(End { seq, hash: read.hex() })
}

/// `walkon audit …`
pub(super) async fn audit(config: &Config, what: &Audit, json: bool) -> Result<(), Failure> {
    let store = store(config, &data_folder(config)?).await?;
    match what {
        Audit::List { account, most } => {
            let account = account.as_ref().map(AccountId::as_str);
            list(&store.noted(account, *most).await?, json);
            Ok(())
        }
        Audit::Verify { expect } => verdict(&store.verify(expect.as_ref()).await?, json),
    }
}

fn list(entries: &[Entry], as_json: bool) {
    if as_json {
        say(&json!(entries).to_string());
        return;
    }
    let heads = ["seq", "when", "who", "did", "account", "to", "outcome", "why"];
    let row = |entry: &Entry| {
        let note = &entry.note;
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        vec![
            entry.seq.to_string(),
            note.ts.to_string(),
            note.actor.clone(),
            note.action.clone(),
            text(&note.account),
            text(&note.subject),
            text(&note.outcome),
            text(&note.why),
        ]
    };
    let heads = heads.map(str::to_owned).to_vec();
    table(&std::iter::once(heads).chain(entries.iter().map(row)).collect::<Vec<_>>());
}

fn verdict(verdict: &Verdict, as_json: bool) -> Result<(), Failure> {
    let Verdict { entries, end, breaches } = verdict;
    if as_json {
        say(&json!(verdict).to_string());
    } else if breaches.is_empty() {
        say(&format!("{entries} entries, as they were written"));
        say(&format!("end: {}:{}", end.seq, end.hash));
    }
    if breaches.is_empty() {
        return Ok(());
    }
    let what = format!("the audit log is not as it was written, in {} places", breaches.len());
    let remedy = "keep the database as it is, and compare it with a backup";
    let causes = breaches.iter().map(|breach| format!("entry {}: {}", breach.seq, breach.what));
    Err(Failure { causes: causes.collect(), ..Failure::new(Code::Tampered, what, remedy) })
}
