//! Elements by number: WebDriver names them by long texts, a worker by [`Node`].

use std::collections::{BTreeMap, HashMap};

use crate::driver::{Error, Node};

/// The most elements known at once; a worker asks about those it has just found.
const KNOWN_MAX: usize = 5_000;

/// The elements of the present document that were told of.
#[derive(Debug, Default)]
pub(super) struct Elements {
    by_number: BTreeMap<i64, String>,
    by_id: HashMap<String, i64>,
    last: i64,
}

impl Elements {
    /// The number of an element: the same each time.
    pub(super) fn node(&mut self, id: &str) -> Node {
        if let Some(number) = self.by_id.get(id) {
            return Node(*number);
        }
        if self.by_number.len() == KNOWN_MAX
            && let Some((_, oldest)) = self.by_number.pop_first()
        {
            self.by_id.remove(&oldest);
        }
        // Numbers are not used again: one of a page that was left stands for nothing.
        self.last += 1;
        self.by_number.insert(self.last, id.to_owned());
        self.by_id.insert(id.to_owned(), self.last);
        Node(self.last)
    }

    /// What the server calls it.
    pub(super) fn id(&self, node: &Node) -> Result<String, Error> {
        self.by_number.get(&node.0).cloned().ok_or(Error::Gone)
    }

    /// The page was left.
    pub(super) fn forget(&mut self) {
        self.by_number.clear();
        self.by_id.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_keeps_its_number_and_a_page_that_was_left_keeps_none() {
        let mut elements = Elements::default();
        let (one, two) = (elements.node("a"), elements.node("b"));
        assert_ne!(one, two);
        assert_eq!(elements.node("a"), one);
        assert_eq!(elements.id(&two).unwrap(), "b");
        elements.forget();
        assert!(matches!(elements.id(&one), Err(Error::Gone)));
        assert_ne!(elements.node("a"), one);
    }

    #[test]
    fn the_oldest_make_room() {
        let mut elements = Elements::default();
        let first = elements.node("0");
        for at in 1..=KNOWN_MAX {
            elements.node(&at.to_string());
        }
        assert!(matches!(elements.id(&first), Err(Error::Gone)));
        assert_eq!(elements.by_id.len(), KNOWN_MAX);
    }
}
