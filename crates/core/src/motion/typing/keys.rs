//! The keys of a US keyboard: which characters they give, and which lie side by side.

/// Where a character's key is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Key {
    /// What it gives without Shift; names the key.
    pub(super) plain: char,
    /// Whether Shift is needed.
    pub(super) shift: bool,
}

/// The rows without and with Shift.
const ROWS: [(&str, &str); 4] = [
    ("`1234567890-=", "~!@#$%^&*()_+"),
    ("qwertyuiop[]\\", "QWERTYUIOP{}|"),
    ("asdfghjkl;'", "ASDFGHJKL:\""),
    ("zxcvbnm,./", "ZXCVBNM<>?"),
];

/// How far the rows of letters are set in, in key widths.
const LETTERS: [(&str, f64); 3] = [("qwertyuiop", 0.0), ("asdfghjkl", 0.25), ("zxcvbnm", 0.75)];
/// Keys with centres nearer than this touch each other, in key widths.
const NEAR: f64 = 1.3;

/// The key that gives the character, if there is one; a line end is Enter's.
pub(super) fn key_of(char: char) -> Option<Key> {
    if matches!(char, ' ' | '\n') {
        return Some(Key { plain: char, shift: false });
    }
    ROWS.iter().find_map(|(plain, shifted)| {
        if plain.contains(char) {
            return Some(Key { plain: char, shift: false });
        }
        let at = shifted.chars().position(|one| one == char)?;
        plain.chars().nth(at).map(|plain| Key { plain, shift: true })
    })
}

/// The letters whose keys touch this letter's, in its case; none for anything else.
pub(super) fn neighbours(char: char) -> Vec<char> {
    let Some((x, y)) = place(char.to_ascii_lowercase()) else { return Vec::new() };
    let near = |other: &char| {
        place(*other).is_some_and(|(ox, oy)| (ox, oy) != (x, y) && (ox - x).hypot(oy - y) < NEAR)
    };
    let upper = char.is_ascii_uppercase();
    let cased = |other: char| if upper { other.to_ascii_uppercase() } else { other };
    LETTERS.iter().flat_map(|(row, _)| row.chars()).filter(near).map(cased).collect()
}

fn place(letter: char) -> Option<(f64, f64)> {
    LETTERS
        .iter()
        .zip(0_u32..)
        .find_map(|((row, inset), y)| row.find(letter).map(|x| (x as f64 + inset, f64::from(y))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_ascii_character_has_a_key() {
        for char in ' '..='~' {
            assert!(key_of(char).is_some(), "{char}");
        }
        assert_eq!(key_of('A'), Some(Key { plain: 'a', shift: true }));
        assert_eq!(key_of('?'), Some(Key { plain: '/', shift: true }));
        assert_eq!(key_of('é'), None);
        assert_eq!(key_of('\t'), None, "Tab would leave the field");
    }

    #[test]
    fn neighbours_touch() {
        assert_eq!(neighbours('s'), ['w', 'e', 'a', 'd', 'z', 'x']);
        assert_eq!(neighbours('P'), ['O', 'L']);
        assert!(neighbours('1').is_empty());
    }
}
