//! The text that typing leaves behind, whatever it is. The published figures are in
//! `motion/acceptance`.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::testing::assert_in_order;
use super::keys::key_of;
use super::*;

/// A text field: what the keys and the inserted text leave in it.
fn typed(gesture: &Gesture) -> String {
    let mut text: Vec<char> = Vec::new();
    let mut down: BTreeSet<String> = BTreeSet::new();
    for timed in &gesture.0 {
        match &timed.input {
            Input::KeyDown { key } => {
                let position = |key: &str| {
                    let mut chars = key.chars();
                    chars.next().filter(|_| chars.next().is_none()).and_then(key_of)
                };
                if let Some(found) = position(key) {
                    assert_eq!(found.shift, down.contains("Shift"), "Shift at {key}");
                    let same = |other: &String| {
                        position(other).is_some_and(|other| other.plain == found.plain)
                    };
                    assert!(!down.iter().any(same), "{key} is down");
                    text.push(key.chars().next().unwrap());
                } else if key == "Enter" {
                    text.push('\n');
                } else if key == "Backspace" {
                    text.pop().unwrap();
                } else {
                    assert_eq!(key, "Shift");
                }
                assert!(down.insert(key.clone()), "{key} is down");
            }
            Input::KeyUp { key } => assert!(down.remove(key), "{key} is not down"),
            Input::Insert { text: inserted } => text.extend(inserted.chars()),
            other => panic!("{other:?}"),
        }
    }
    assert!(down.is_empty(), "{down:?} stay down");
    text.into_iter().collect()
}

fn clumsy() -> Persona {
    let mut persona = Persona::default();
    persona.typing.slip_rate = 0.3;
    persona
}

proptest! {
    #[test]
    fn any_text_arrives_as_it_is_wanted(text in any::<String>(), seed in any::<u64>()) {
        let gesture = type_text(&text, &clumsy(), &mut Seed(seed).rng());
        assert_in_order(&gesture);
        prop_assert_eq!(typed(&gesture), text.replace("\r\n", "\n").replace('\r', "\n"));
    }

    #[test]
    fn text_of_keys_and_emoji_arrives_as_it_is_wanted(
        text in "([a-zA-Z0-9 ,.!?'@#:;\n]|é|🙂|👩‍👧|e\u{301}){0,80}", seed in any::<u64>(),
    ) {
        let person = clumsy().individual(Seed(seed));
        let gesture = type_text(&text, &person, &mut Seed(seed).rng()).paced(20.0);
        assert_in_order(&gesture);
        prop_assert_eq!(typed(&gesture), text);
    }
}

#[test]
fn nothing_to_type_is_nothing_to_do() {
    assert_eq!(type_text("", &Persona::default(), &mut Seed(1).rng()), Gesture::default());
}
