//! What is struck, in order: the text's characters, the slips between them and their way back.

use rand::RngExt;

use super::super::draw::pick;
use super::keys::{key_of, neighbours};
use crate::rng::Rng;

/// How many more characters are typed before a slip is seen: 0 to 3, chosen.
const SEEN_AFTER: [f64; 4] = [0.55, 0.25, 0.13, 0.07];
/// How many Backspaces that makes a slip, on average.
pub(super) const BACKSPACES_A_SLIP: f64 = 1.72;
/// Share of characters that can slip, letters, in running English text.
const LETTER_SHARE: f64 = 0.8;

/// What a stroke does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Hit {
    /// Gives a character that has a key.
    Char(char),
    /// Takes the last character back.
    Backspace,
    /// Gives what has no key.
    Insert(String),
}

impl Hit {
    /// The key's name, as `KeyboardEvent.key` has it.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Char('\n') => "Enter".to_owned(),
            Self::Char(char) => char.to_string(),
            Self::Backspace => "Backspace".to_owned(),
            Self::Insert(text) => text.clone(),
        }
    }

    /// The physical key, named by what it gives without Shift; text without one shares none.
    pub(super) fn position(&self) -> Option<char> {
        match self {
            Self::Char(char) => key_of(*char).map(|key| key.plain),
            Self::Backspace => Some('\u{8}'),
            Self::Insert(_) => None,
        }
    }

    /// The letter that a pair is told by.
    pub(super) fn letter(&self) -> Option<char> {
        self.position()
    }
}

/// One stroke.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stroke {
    /// What it does.
    pub(super) hit: Hit,
    /// Whether it begins something that takes thought: a word, a correction.
    pub(super) begins: bool,
}

impl Stroke {
    /// Whether Shift must be down.
    pub(super) fn shifted(&self) -> bool {
        matches!(self.hit, Hit::Char(char) if key_of(char).is_some_and(|key| key.shift))
    }
}

/// The strokes that leave `text` behind, with `slip_rate` Backspaces and `left_rate` wrong letters
/// left a character.
pub(super) fn strokes(
    text: &str,
    (slip_rate, left_rate): (f64, f64),
    rng: &mut Rng,
) -> Vec<Stroke> {
    let hits = hits(text);
    let chance = (slip_rate / (BACKSPACES_A_SLIP * LETTER_SHARE)).clamp(0.0, 1.0);
    let left = (left_rate / LETTER_SHARE).clamp(0.0, 1.0);
    let begins = |at: usize| {
        at.checked_sub(1).is_none_or(|before| matches!(hits[before], Hit::Char(' ' | '\n')))
    };
    let mut strokes = Vec::with_capacity(hits.len());
    for (at, hit) in hits.iter().enumerate() {
        if let Some(wrong) = slip(hit, chance, rng) {
            strokes.push(Stroke { hit: Hit::Char(wrong), begins: begins(at) });
            let on = hits[at + 1..].iter().take(pick(rng, &SEEN_AFTER));
            let on: Vec<Hit> = on.take_while(|hit| can_be_taken_back(hit)).cloned().collect();
            let back = on.len() + 1;
            let on = on.into_iter().zip(at + 1..);
            strokes.extend(on.map(|(hit, at)| Stroke { hit, begins: begins(at) }));
            strokes.extend((0..back).map(|nth| Stroke { hit: Hit::Backspace, begins: nth == 0 }));
        }
        let unseen = if left > 0.0 { slip(hit, left, rng) } else { None };
        let hit = unseen.map_or_else(|| hit.clone(), Hit::Char);
        strokes.push(Stroke { hit, begins: begins(at) });
    }
    strokes
}

/// The neighbouring letter that is hit instead, if it is.
fn slip(hit: &Hit, chance: f64, rng: &mut Rng) -> Option<char> {
    let Hit::Char(char) = hit else { return None };
    let near = neighbours(*char);
    (!near.is_empty() && rng.random_bool(chance)).then(|| near[rng.random_range(0..near.len())])
}

/// Whether one Backspace undoes it, and nothing else: an Enter may have sent the text.
fn can_be_taken_back(hit: &Hit) -> bool {
    matches!(hit, Hit::Char(char) if *char != '\n')
}

/// The text as single strokes: what belongs to one written character stays together.
fn hits(text: &str) -> Vec<Hit> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut hits: Vec<Hit> = Vec::new();
    let mut joined = false;
    for char in text.chars() {
        let flag = is_flag_half(char)
            && matches!(hits.last(), Some(Hit::Insert(last))
                if last.chars().count() == 1 && last.chars().all(is_flag_half));
        if (joined || flag || extends(char)) && !matches!(hits.last(), None | Some(Hit::Char('\n')))
        {
            let before = hits.pop().map(|hit| hit.key()).unwrap_or_default();
            hits.push(Hit::Insert(before + char.encode_utf8(&mut [0; 4])));
        } else if key_of(char).is_some() {
            hits.push(Hit::Char(char));
        } else {
            hits.push(Hit::Insert(char.to_string()));
        }
        joined = char == JOINER;
    }
    hits
}

/// Joins two characters into one: families, professions.
const JOINER: char = '\u{200d}';

/// Whether the character only changes the one before it: accents, keycaps, skin tones, variants.
fn extends(char: char) -> bool {
    matches!(char,
        JOINER
        | '\u{300}'..='\u{36f}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{fe20}'..='\u{fe2f}'
        | '\u{1f3fb}'..='\u{1f3ff}'
        | '\u{e0020}'..='\u{e007f}')
}

/// Whether two of these make a flag.
fn is_flag_half(char: char) -> bool {
    matches!(char, '\u{1f1e6}'..='\u{1f1ff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    fn inserts(text: &str) -> Vec<String> {
        let pieces = hits(text).into_iter();
        pieces
            .filter_map(|hit| if let Hit::Insert(text) = hit { Some(text) } else { None })
            .collect()
    }

    #[test]
    fn what_is_one_character_to_its_reader_arrives_at_once() {
        assert_eq!(inserts("Grüße aus Köln"), ["ü", "ß", "ö"]);
        assert_eq!(inserts("e\u{301}t\u{e9}"), ["e\u{301}", "é"]);
        assert_eq!(
            inserts("👩‍👩‍👧 🇩🇪🇫🇷 1\u{fe0f}\u{20e3} 👍🏽"),
            ["👩‍👩‍👧", "🇩🇪", "🇫🇷", "1\u{fe0f}\u{20e3}", "👍🏽"]
        );
        assert_eq!(hits("a\r\n\u{301}b").len(), 4, "a line end takes no accent");
    }

    #[test]
    fn a_slip_takes_back_what_it_typed_and_never_crosses_a_line_end() {
        let strokes = strokes("ab\ncd", (0.3 * 1000.0, 0.0), &mut Seed(1).rng());
        let (mut line, mut slips) = (0_i32, 0);
        for stroke in strokes {
            match stroke.hit {
                Hit::Char('\n') => assert_eq!(std::mem::take(&mut line), 2),
                Hit::Backspace => (line, slips) = (line - 1, slips + 1),
                _ => line += 1,
            }
        }
        assert!(line == 2 && slips >= 4);
    }

    #[test]
    fn the_mean_number_of_backspaces_is_the_tables() {
        let sum: f64 = SEEN_AFTER.iter().zip(1_u32..).map(|(share, n)| share * f64::from(n)).sum();
        assert!((sum - BACKSPACES_A_SLIP).abs() < 1e-9);
    }
}
