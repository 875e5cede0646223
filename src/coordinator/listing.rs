//! An accounts' file, entry by entry, whether it is written in TOML, JSON or CSV.
//!
//! What is wrong with one entry is told with its place and leaves the others readable. What makes
//! the whole text unreadable (a bracket that is never closed, a column that nobody knows) leaves no
//! entry at all: then nobody can say who is in it and who is not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;
use serde_json::Value;
use toml::de::{DeTable, DeValue, ValueDeserializer};
use walkon_core::account::Account;
use walkon_core::fault::Fault;
use walkon_core::id::AccountId;
use walkon_core::kind::nearest;

mod csv;
mod json;

/// What an account has, as its owner writes it.
pub(super) const FIELDS: [&str; 12] = [
    "id",
    "site",
    "username",
    "time_zone",
    "device",
    "persona",
    "plan",
    "proxy",
    "password_file",
    "token_file",
    "totp_file",
    "labels",
];
const REMEDY: &str = "see docs/operations.md#accounts";

/// One account with its place.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The byte at which it begins.
    pub(super) at: usize,
    /// As it was written.
    pub(super) account: Account,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Listing<'a> {
    file: &'a str,
    text: &'a str,
    /// What could be read.
    pub(super) entries: Vec<Entry>,
    /// What could not.
    pub(super) faults: Vec<Fault>,
    /// Accounts that are named by an entry which cannot be read.
    pub(super) spoiled: BTreeSet<AccountId>,
    /// An entry does not even say whose it is.
    pub(super) is_nameless: bool,
    /// The text as a whole cannot be read.
    pub(super) is_broken: bool,
}

/// Something wrong, before it has its place: what, and what to do.
pub(super) type Wrong = (String, String);

impl<'a> Listing<'a> {
    /// Reads a file by the form that its name says: `.csv`, `.json`, else TOML.
    pub(super) fn read(text: &'a str, file: &'a str) -> Self {
        // Editors put it there, and mean nothing by it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut listing = Self {
            file,
            text,
            entries: Vec::new(),
            faults: Vec::new(),
            spoiled: BTreeSet::new(),
            is_nameless: false,
            is_broken: false,
        };
        let is = |form: &str| file.to_ascii_lowercase().ends_with(form);
        if is(".csv") {
            csv::read(&mut listing);
        } else if is(".json") {
            json::read(&mut listing);
        } else {
            toml(&mut listing);
        }
        listing.refuse_twins();
        listing
    }

    /// A fault at a byte of it.
    pub(super) fn fault(&self, at: usize, (what, remedy): Wrong) -> Fault {
        Fault::at(self.file, self.text, at, what, remedy)
    }

    fn broken(&mut self, at: usize, what: &str, remedy: &str) {
        let fault = self.fault(at, (what.trim().to_owned(), remedy.to_owned()));
        self.faults.push(fault);
        self.entries.clear();
        self.is_broken = true;
    }

    /// An entry that cannot be used; `id`: whose it is, as far as it says.
    pub(super) fn spoil(&mut self, at: usize, id: Option<AccountId>, wrong: Wrong) {
        let fault = self.fault(at, wrong);
        self.faults.push(fault);
        match id {
            Some(id) => drop(self.spoiled.insert(id)),
            None => self.is_nameless = true,
        }
    }

    fn add(&mut self, at: usize, id: Option<&str>, read: Result<Account, (usize, String)>) {
        match read {
            Ok(account) => self.entries.push(Entry { at, account }),
            Err((at, message)) => {
                let id = id.and_then(|id| id.parse().ok());
                self.spoil(at, id, explained(&message));
            }
        }
    }

    /// Two entries of one name: neither is taken, for nobody can say which was meant.
    fn refuse_twins(&mut self) {
        let mut first: BTreeMap<AccountId, usize> = BTreeMap::new();
        let mut again = Vec::new();
        for Entry { at, account } in &self.entries {
            match first.get(&account.id) {
                Some(before) => again.push((*at, account.id.clone(), *before)),
                None => drop(first.insert(account.id.clone(), *at)),
            }
        }
        for (at, id, before) in again {
            let line = self.fault(before, Wrong::default()).line;
            let what = format!("account `{id}` is here twice, first on line {line}");
            self.spoil(at, Some(id), (what, "remove one".to_owned()));
        }
        self.entries.retain(|entry| !self.spoiled.contains(&entry.account.id));
    }
}

/// A reader's message, with what to do.
fn explained(message: &str) -> Wrong {
    let what = message.split(", expected one of").next().unwrap_or(message).trim().to_owned();
    let unknown = what.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let near = unknown.and_then(|name| nearest(name, FIELDS));
    let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    (what, format!("{hint}{REMEDY}"))
}

fn toml(listing: &mut Listing<'_>) {
    let table = match DeTable::parse(listing.text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            return listing.broken(at, error.message(), "mend the TOML there");
        }
    };
    for (name, value) in table {
        let at = name.span().start;
        let DeValue::Array(entries) = value.into_inner() else {
            return listing.broken(at, "this is no list of accounts", "write `[[account]]`");
        };
        if name.get_ref() != "account" {
            let what = format!("there is no `[[{}]]` in an accounts' file", name.get_ref());
            return listing.broken(at, &what, "write `[[account]]`");
        }
        for entry in entries {
            let at = entry.span().start;
            let id = match entry.get_ref() {
                DeValue::Table(table) => table.get("id").and_then(|id| id.get_ref().as_str()),
                _ => None,
            };
            let id = id.map(str::to_owned);
            let read = Account::deserialize(ValueDeserializer::from(entry));
            let wrong = |error: toml::de::Error| {
                let place = error.span().map_or(at, |span| span.start);
                (place, error.message().to_owned())
            };
            listing.add(at, id.as_deref(), read.map_err(wrong));
        }
    }
}

/// An account of names and values, as JSON and CSV have them.
fn of_value(value: Value) -> Result<Account, String> {
    Account::deserialize(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str, file: &str) -> (Vec<String>, Vec<String>, bool) {
        let read = Listing::read(text, file);
        let ids = read.entries.iter().map(|entry| entry.account.id.to_string()).collect();
        (ids, read.faults.iter().map(ToString::to_string).collect(), read.is_broken)
    }

    const TOML: &str = "[[account]]\nid = \"ada\"\nsite = \"plaza\"\nusername = \"a\"\n\n\
        [[account]]\nid = \"ben\"\nsite = \"plaza\"\nusrname = \"b\"\n\n\
        [[account]]\nid = \"cleo\"\nsite = \"plaza\"\nusername = \"c\"\n";
    const JSON: &str = "[\n  {\"id\": \"ada\", \"site\": \"plaza\", \"username\": \"a]\"},\n  \
        {\"id\": \"ben\",\n   \"site\": \"plaza\", \"usrname\": \"b\"},\n  \
        {\"id\": \"cleo\", \"site\": \"plaza\", \"username\": \"c\"}\n]\n";
    const CSV: &str = "\u{feff}id;site;username;label.team;proxy\r\n\
        ada;plaza;\"a;\"\"b\"\"\";one;\r\nben;plaza\r\n\r\n\
        cleo;plaza;c;;http://127.0.0.1:1\r\n";

    #[test]
    fn one_bad_entry_leaves_the_others_readable_in_every_form() {
        for (text, file, place) in [
            (TOML, "a.toml", "a.toml:9:1: unknown field `usrname`"),
            (JSON, "a.json", "a.json:4:29: unknown field `usrname`"),
            (CSV, "a.csv", "a.csv:3:1: this line has 2 fields, the first one names 5"),
        ] {
            let (ids, faults, is_broken) = seen(text, file);
            assert_eq!(ids, ["ada", "cleo"], "{file}");
            assert!(faults.len() == 1 && faults[0].starts_with(place), "{faults:?}");
            assert!(!is_broken, "{file}");
            let spoiled = Listing::read(text, file).spoiled;
            assert_eq!(
                spoiled.iter().map(AccountId::as_str).collect::<Vec<_>>(),
                ["ben"],
                "{file}"
            );
        }
        let csv = Listing::read(CSV, "a.csv").entries;
        assert_eq!(csv[0].account.username, "a;\"b\"");
        assert_eq!(csv[0].account.labels["team"], "one");
        assert_eq!(csv[1].account.proxy.as_ref().unwrap().url, "http://127.0.0.1:1");
    }

    #[test]
    fn what_cannot_be_read_as_a_whole_leaves_no_entry() {
        for (text, file, place) in [
            ("[[account]\nid = 1\n", "a.toml", "a.toml:1:"),
            ("[[accounts]]\nid = \"ada\"\n", "a.toml", "a.toml:1:3: there is no `[[accounts]]`"),
            ("[{\"id\": \"ada\"}", "a.json", "a.json:1:"),
            ("{\"accounts\": []}", "a.json", "a.json:1:1: this is no list of accounts"),
            ("id,site,user\nada,plaza,a\n", "a.csv", "a.csv:1:9: there is no column `user`"),
            ("id,site,username\nada,plaza,\"a\nben,plaza,b\n", "a.csv", "a.csv:2:11: a quote"),
        ] {
            let (ids, faults, is_broken) = seen(text, file);
            assert!(is_broken && ids.is_empty(), "{file}: {ids:?}");
            assert!(faults[0].starts_with(place), "{faults:?}");
        }
    }

    #[test]
    fn of_two_entries_with_one_name_neither_is_taken() {
        let first = TOML.split("\n\n").next().unwrap();
        let text = format!("{TOML}{first}\n");
        let (ids, faults, _) = seen(&text, "a.toml");
        assert_eq!(ids, ["cleo"]);
        assert!(faults[1].contains("account `ada` is here twice, first on line 1"), "{faults:?}");
    }
}
