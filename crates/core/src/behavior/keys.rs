//! Which keys of a step go with which verb: one that goes with another would be read by nobody.

use super::read::RawStep;
use crate::action::listed;
use crate::step::Verb;

/// What is wrong with the keys `given` beside the verb, if anything is: what, and the remedy.
pub(super) fn foreign(given: &[&'static str], verb: &Verb) -> Option<(String, String)> {
    let (word, fitting) = (verb.word(), fitting(verb));
    let foreign = given.iter().find(|key| !fitting.contains(key))?;
    let remedy = match fitting.as_slice() {
        [] => format!("remove it: `{word}` stands alone"),
        some => format!("remove it; with `{word}` may stand {}", listed(some.iter().copied())),
    };
    Some((format!("`{foreign}` does not go with `{word}`"), remedy))
}

/// What may stand beside a verb.
fn fitting(verb: &Verb) -> Vec<&'static str> {
    let own: &[&str] = match verb {
        Verb::Type { .. } => &["into"],
        Verb::When { .. } => &["do", "else"],
        Verb::Each { .. } => &["do", "limit"],
        Verb::Repeat { .. } => &["do"],
        Verb::Extract { .. } => &["from", "attribute"],
        _ => &[],
    };
    let of_element: &[&str] = if verb.locator().is_some() { &["in", "within"] } else { &[] };
    [own, of_element].concat()
}

impl RawStep {
    /// The keys it has beside its verb and `commit`.
    pub(super) fn given(&self) -> Vec<&'static str> {
        let keys = [
            ("into", self.into.is_some()),
            ("from", self.from.is_some()),
            ("attribute", self.attribute.is_some()),
            ("do", self.block.is_some()),
            ("else", self.otherwise.is_some()),
            ("limit", self.limit.is_some()),
            ("in", self.within_item.is_some()),
            ("within", self.within.is_some()),
        ];
        keys.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key).collect()
    }
}
