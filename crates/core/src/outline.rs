//! What a page holds, by role and name, and what of it is like an element that is not there.
//!
//! When a site renames a button, a behavior fails with "no such element". The element is mostly
//! still there under another name: this says which, so that a person mends one word of the file.

use std::cmp::Reverse;

use crate::step::Locator;

/// The most elements a hint names.
const NAMED: usize = 3;
/// The most signs of a name that it shows.
const NAME_MAX: usize = 60;

/// One element that a screen reader would announce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its role: `button`.
    pub role: String,
    /// Its accessible name; empty: it has none.
    pub name: String,
}

impl Part {
    fn words(&self) -> String {
        if self.name.is_empty() {
            return self.role.clone();
        }
        let name: String = self.name.chars().take(NAME_MAX).collect();
        let cut = if name.len() < self.name.len() { "…" } else { "" };
        format!("{} \"{name}{cut}\"", self.role)
    }
}

/// How near two names are, 0 to 100; a name that holds the other is near whatever its length.
fn likeness(one: &str, other: &str) -> u32 {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let whole = (strsim::normalized_damerau_levenshtein(&one, &other) * 100.0) as u32;
    let holds = |a: &str, b: &str| b.chars().count() > 2 && a.contains(b);
    if holds(&one, &other) || holds(&other, &one) { whole.max(70) } else { whole }
}

/// What an element that was not found might be called now, for a person to read: `the page has
/// button "Unlike"`. None where nothing is like it, or it was not sought by role, label or text.
pub fn hint(page: &[Part], wanted: &Locator) -> Option<String> {
    let name = wanted.name.as_ref().or(wanted.label.as_ref()).or(wanted.text.as_ref());
    let same_role = |part: &Part| wanted.role.as_ref().is_none_or(|role| *role == part.role);
    let score = |part: &Part| {
        let likeness = name.map_or(0, |name| likeness(name, &part.name));
        // Another role must have the very name: a link that was a button.
        let near = if same_role(part) { likeness >= 65 } else { likeness == 100 };
        near.then_some(likeness)
    };
    let mut near: Vec<_> = page.iter().filter_map(|part| Some((score(part)?, part))).collect();
    near.sort_by_key(|(score, _)| Reverse(*score));
    let near: Vec<_> = near.into_iter().map(|(_, part)| part).collect();
    if !near.is_empty() {
        return Some(format!("the page has {}", listed(&near)));
    }
    let role = wanted.role.as_ref()?;
    let others: Vec<_> = page.iter().filter(|part| part.role == *role).collect();
    (!others.is_empty()).then(|| format!("of that role the page has {}", listed(&others)))
}

/// The first few, each once.
fn listed(parts: &[&Part]) -> String {
    let mut words: Vec<String> = Vec::new();
    for part in parts {
        let word = part.words();
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let more = words.len().saturating_sub(NAMED);
    words.truncate(NAMED);
    let list = words.join(", ");
    if more == 0 { list } else { format!("{list} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Vec<Part> {
        [
            ("button", "Liked by 3"),
            ("button", "Save"),
            ("button", "Save"),
            ("link", "Share"),
            ("textbox", "Say something"),
            ("main", ""),
        ]
        .map(|(role, name)| Part { role: role.to_owned(), name: name.to_owned() })
        .to_vec()
    }

    fn hinted(role: Option<&str>, name: &str) -> Option<String> {
        let mut wanted = Locator { role: role.map(str::to_owned), ..Locator::default() };
        let name = Some(name.to_owned());
        *if role.is_some() { &mut wanted.name } else { &mut wanted.label } = name;
        hint(&page(), &wanted)
    }

    #[test]
    fn an_element_that_was_renamed_is_named_by_its_new_name() {
        assert_eq!(hinted(Some("button"), "Like").unwrap(), "the page has button \"Liked by 3\"");
        let label = hinted(None, "Say somehting").unwrap();
        assert_eq!(label, "the page has textbox \"Say something\"");
    }

    #[test]
    fn an_element_of_another_role_is_meant_only_by_its_very_name() {
        assert_eq!(hinted(Some("button"), "Share").unwrap(), "the page has link \"Share\"");
    }

    #[test]
    fn where_nothing_is_like_it_all_of_its_role_are_told() {
        let told = hinted(Some("button"), "Follow").unwrap();
        assert_eq!(told, "of that role the page has button \"Liked by 3\", button \"Save\"");
        assert_eq!(hinted(Some("dialog"), "Sign in"), None);
        assert_eq!(hint(&page(), &Locator::css("#gone")), None);
    }
}
