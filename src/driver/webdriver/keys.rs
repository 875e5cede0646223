//! Keys as WebDriver names them: those without a sign have code points of their own
//! (<https://www.w3.org/TR/webdriver2/#keyboard-actions>).

/// What types nothing, or not what it is called.
const NAMED: [(&str, char); 14] = [
    ("Enter", '\u{E007}'),
    ("Tab", '\u{E004}'),
    ("Backspace", '\u{E003}'),
    ("Delete", '\u{E017}'),
    ("Escape", '\u{E00C}'),
    ("Shift", '\u{E008}'),
    ("ArrowLeft", '\u{E012}'),
    ("ArrowUp", '\u{E013}'),
    ("ArrowRight", '\u{E014}'),
    ("ArrowDown", '\u{E015}'),
    ("PageUp", '\u{E00E}'),
    ("PageDown", '\u{E00F}'),
    ("End", '\u{E010}'),
    ("Home", '\u{E011}'),
];

/// The key of that name (`KeyboardEvent.key`), if a US keyboard has it.
pub(super) fn key(name: &str) -> Option<char> {
    if let Some((_, sign)) = NAMED.iter().find(|(named, _)| *named == name) {
        return Some(*sign);
    }
    let mut signs = name.chars();
    let (Some(sign), None) = (signs.next(), signs.next()) else { return None };
    matches!(sign, ' '..='~').then_some(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_us_keyboard_has_ascii_and_the_named_keys_and_nothing_else() {
        assert_eq!(key("Enter"), Some('\u{E007}'));
        assert!((' '..='~').all(|sign| key(&sign.to_string()) == Some(sign)));
        for none in ["é", "🙂", "ab", "", "Hyper"] {
            assert_eq!(key(none), None, "{none}");
        }
    }
}
