//! Keys of a US keyboard: what the browser wants to know of each.

/// What a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// `KeyboardEvent.code`.
    pub(super) code: String,
    /// The code of old, which pages still ask for.
    pub(super) windows_code: i64,
    /// What it types, if it types.
    pub(super) text: Option<String>,
}

/// The modifier bit of Shift in the protocol.
pub(super) const SHIFT: i64 = 8;

/// Keys that type nothing, or not what they are called.
const NAMED: [(&str, &str, i64, Option<&str>); 15] = [
    ("Enter", "Enter", 13, Some("\r")),
    ("Tab", "Tab", 9, None),
    ("Backspace", "Backspace", 8, None),
    ("Delete", "Delete", 46, None),
    ("Escape", "Escape", 27, None),
    ("Shift", "ShiftLeft", 16, None),
    ("ArrowLeft", "ArrowLeft", 37, None),
    ("ArrowUp", "ArrowUp", 38, None),
    ("ArrowRight", "ArrowRight", 39, None),
    ("ArrowDown", "ArrowDown", 40, None),
    ("PageUp", "PageUp", 33, None),
    ("PageDown", "PageDown", 34, None),
    ("End", "End", 35, None),
    ("Home", "Home", 36, None),
    (" ", "Space", 32, Some(" ")),
];

/// Keys with a sign below and one above.
const SIGNS: [(char, char, &str, i64); 21] = [
    ('1', '!', "Digit1", 49),
    ('2', '@', "Digit2", 50),
    ('3', '#', "Digit3", 51),
    ('4', '$', "Digit4", 52),
    ('5', '%', "Digit5", 53),
    ('6', '^', "Digit6", 54),
    ('7', '&', "Digit7", 55),
    ('8', '*', "Digit8", 56),
    ('9', '(', "Digit9", 57),
    ('0', ')', "Digit0", 48),
    ('-', '_', "Minus", 189),
    ('=', '+', "Equal", 187),
    ('[', '{', "BracketLeft", 219),
    (']', '}', "BracketRight", 221),
    ('\\', '|', "Backslash", 220),
    (';', ':', "Semicolon", 186),
    ('\'', '"', "Quote", 222),
    (',', '<', "Comma", 188),
    ('.', '>', "Period", 190),
    ('/', '?', "Slash", 191),
    ('`', '~', "Backquote", 192),
];

/// The key of that name (`KeyboardEvent.key`), if a US keyboard has it.
pub(super) fn key(name: &str) -> Option<Key> {
    let named = NAMED.iter().find(|(key, ..)| *key == name);
    if let Some((_, code, windows_code, text)) = named {
        let text = text.map(str::to_owned);
        return Some(Key { code: (*code).to_owned(), windows_code: *windows_code, text });
    }
    let mut letters = name.chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else { return None };
    let (code, windows_code) = if letter.is_ascii_alphabetic() {
        let upper = letter.to_ascii_uppercase();
        (format!("Key{upper}"), i64::from(u32::from(upper)))
    } else {
        let sign = SIGNS.iter().find(|(low, high, ..)| letter == *low || letter == *high)?;
        (sign.2.to_owned(), sign.3)
    };
    Some(Key { code, windows_code, text: Some(name.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_ascii_sign_has_a_key_that_types_it() {
        for sign in ' '..='~' {
            let key = key(&sign.to_string()).unwrap_or_else(|| panic!("no key for {sign:?}"));
            assert_eq!(key.text, Some(sign.to_string()));
        }
        assert_eq!(key("é"), None);
        assert_eq!(key("Enter").unwrap().text.as_deref(), Some("\r"));
        assert_eq!(key("a").unwrap(), Key { text: Some("a".to_owned()), ..key("A").unwrap() });
    }
}
