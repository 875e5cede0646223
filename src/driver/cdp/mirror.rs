//! A mirror of `localStorage`: begun with what was restored, kept by the browser's own events, so
//! that the storage of an origin is known after its page was left.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use walkon_core::storage_state::{Lost, OriginStorage};

/// The most origins followed.
const ORIGINS_MAX: usize = 64;
/// The most databases of one origin that are told of.
const DATABASES_MAX: usize = 20;
/// The most entries of one origin.
const ENTRIES_MAX: usize = 10_000;

/// What each origin keeps.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    local: BTreeMap<String, BTreeMap<String, String>>,
    /// Names of databases that are lost with the browser.
    databases: BTreeMap<String, BTreeSet<String>>,
}

/// An origin as a storage key (`https://x.test/`) or an origin has it; none for partitioned keys.
fn origin(key: &str) -> Option<&str> {
    let origin = key.strip_suffix('/').unwrap_or(key);
    let (scheme, rest) = origin.split_once("://")?;
    let plain = !rest.is_empty() && !rest.contains(['/', '^']);
    (plain && matches!(scheme, "http" | "https")).then_some(origin)
}

impl Mirror {
    /// Takes what an origin keeps, whole.
    pub(super) fn set(
        &mut self,
        origin: &str,
        entries: impl IntoIterator<Item = (String, String)>,
    ) {
        if let Some(kept) = self.origin(origin) {
            *kept = entries.into_iter().take(ENTRIES_MAX).collect();
        }
    }

    fn origin(&mut self, key: &str) -> Option<&mut BTreeMap<String, String>> {
        let origin = origin(key)?;
        if !self.local.contains_key(origin) && self.local.len() == ORIGINS_MAX {
            return None;
        }
        Some(self.local.entry(origin.to_owned()).or_default())
    }

    /// Follows an event of the domain `DOMStorage`.
    pub(super) fn event(&mut self, method: &str, params: &Value) {
        let id = &params["storageId"];
        let key = id["storageKey"].as_str().or_else(|| id["securityOrigin"].as_str());
        let (Some(true), Some(key)) = (id["isLocalStorage"].as_bool(), key) else { return };
        let Some(entries) = self.origin(key) else { return };
        let (name, value) = (params["key"].as_str(), params["newValue"].as_str());
        match (method, name, value) {
            ("DOMStorage.domStorageItemsCleared", ..) => entries.clear(),
            ("DOMStorage.domStorageItemRemoved", Some(name), _) => {
                entries.remove(name);
            }
            (
                "DOMStorage.domStorageItemAdded" | "DOMStorage.domStorageItemUpdated",
                Some(name),
                Some(value),
            ) if entries.len() < ENTRIES_MAX => {
                entries.insert(name.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }

    /// An origin has these databases, which are lost with the browser; says whether that is news.
    pub(super) fn loses(&mut self, origin: &str, names: &[String]) -> bool {
        if !self.databases.contains_key(origin) && self.databases.len() == ORIGINS_MAX {
            return false;
        }
        let names: BTreeSet<_> = names.iter().take(DATABASES_MAX).cloned().collect();
        let known = self.databases.entry(origin.to_owned()).or_default();
        let is_news = *known != names;
        *known = names;
        is_news
    }

    /// What is lost with the browser, sorted.
    pub(super) fn lost(&self) -> Vec<Lost> {
        let lost =
            |origin: &String, name: &String| Lost { origin: origin.clone(), name: name.clone() };
        let all = self.databases.iter();
        all.flat_map(|(origin, names)| names.iter().map(move |name| lost(origin, name))).collect()
    }

    /// What is kept now, sorted; origins that keep nothing are left out.
    pub(super) fn origins(&self) -> Vec<OriginStorage> {
        let kept = self.local.iter().filter(|(_, entries)| !entries.is_empty());
        kept.map(|(origin, entries)| OriginStorage {
            origin: origin.clone(),
            local_storage: entries.clone().into_iter().collect(),
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_mirror_follows_what_pages_write_and_forgets_what_they_clear() {
        let mut mirror = Mirror::default();
        mirror.set("https://x.test", [("old".to_owned(), "1".to_owned())]);
        let id = json!({"storageKey": "https://x.test/", "isLocalStorage": true});
        let added = json!({"storageId": id, "key": "a", "newValue": "2"});
        mirror.event("DOMStorage.domStorageItemAdded", &added);
        mirror.event("DOMStorage.domStorageItemRemoved", &json!({"storageId": id, "key": "old"}));
        let session = json!({"storageKey": "https://x.test/", "isLocalStorage": false});
        let unseen = json!({"storageId": session, "key": "s", "newValue": "3"});
        mirror.event("DOMStorage.domStorageItemAdded", &unseen);
        let kept = mirror.origins();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].local_storage, [("a".to_owned(), "2".to_owned())]);
        mirror.event("DOMStorage.domStorageItemsCleared", &json!({"storageId": id}));
        assert!(mirror.origins().is_empty());
    }
}
