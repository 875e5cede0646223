//! A mirror of `localStorage`: begun with what was restored, kept by the browser's own events, so
//! that the storage of an origin is known after its page was left.

use std::collections::BTreeMap;

use serde_json::Value;
use walkon_core::storage_state::OriginStorage;

/// The most origins followed.
const ORIGINS_MAX: usize = 64;
/// The most entries of one origin.
const ENTRIES_MAX: usize = 10_000;

/// What each origin keeps.
#[derive(Debug, Default)]
pub(super) struct Mirror(BTreeMap<String, BTreeMap<String, String>>);

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
        if !self.0.contains_key(origin) && self.0.len() == ORIGINS_MAX {
            return None;
        }
        Some(self.0.entry(origin.to_owned()).or_default())
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

    /// What is kept now, sorted; origins that keep nothing are left out.
    pub(super) fn origins(&self) -> Vec<OriginStorage> {
        let kept = self.0.iter().filter(|(_, entries)| !entries.is_empty());
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
