//! Which keys of a step go with which verb: one that goes with another would be read by nobody.

use super::read::RawStep;
use crate::action::listed;
use crate::step::Verb;

/// What is wrong with the keys `given` beside the verb, if anything is: what, and the remedy.
pub(super) fn foreign(given: &[&'static str], verb: &Verb) -> Option<(String, String)> {
    let (word, fitting) = (verb.word(), fitting(verb));
    let foreign = given.iter().find(|key| !fitting.contains(key))?;
    let remedy = format!("remove it; with `{word}` may stand {}", listed(fitting.iter().copied()));
    Some((format!("`{foreign}` does not go with `{word}`"), remedy))
}

/// What may stand beside a verb.
fn fitting(verb: &Verb) -> Vec<&'static str> {
    let own: &[&str] = match verb {
        Verb::Open(_) => &["within"],
        Verb::Type { .. } | Verb::Upload { .. } => &["into", "in", "within"],
        Verb::Select { .. } => &["from", "in", "within"],
        // Both look once: there is nothing to wait for.
        Verb::When { .. } => &["do", "else", "in"],
        Verb::Repeat { ends: Some(_), .. } => &["do", "until", "while", "in"],
        Verb::Repeat { .. } => &["do", "until", "while"],
        Verb::Each { .. } => &["do", "limit", "in", "within"],
        Verb::Extract { .. } => &["from", "attribute", "in", "within"],
        verb if verb.locator().is_some() => &["in", "within"],
        _ => &[],
    };
    [own, &["deadline"]].concat()
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
            ("until", self.until.is_some()),
            ("while", self.as_long_as.is_some()),
            ("in", self.within_item.is_some()),
            ("within", self.within.is_some()),
            ("deadline", self.deadline.is_some()),
        ];
        keys.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key).collect()
    }
}
