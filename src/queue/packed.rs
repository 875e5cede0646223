//! Events as the scripts write them: those of one call in one entry of the stream (emit.lua).
//!
//! An entry is one word of Redis for a whole call, where a word for each event with all its names
//! cost a claim as much as choosing the action did. What no script writes stands there under its
//! own names, one event an entry.

use redis::streams::StreamId;
use walkon_core::clock::from_ms;
use walkon_core::event::{EVENT_VERSION, Event};

/// More than the events of one entry: what an event's place counts by.
const WIDTH: u64 = 1024;

/// The place of the nth event of an entry: `ms-n`, later than all of the entries before.
pub(super) fn place_of(entry: &str, nth: usize) -> String {
    let (ms, n) = entry.split_once('-').unwrap_or((entry, "0"));
    format!("{ms}-{}", n.parse::<u64>().unwrap_or_default() * WIDTH + nth as u64)
}

/// The entry that holds the event of this place.
pub(super) fn entry_of(place: &str) -> String {
    let (ms, n) = place.split_once('-').unwrap_or((place, "0"));
    format!("{ms}-{}", n.parse::<u64>().unwrap_or_default() / WIDTH)
}

/// The events of one entry, in order.
pub(super) fn events(entry: &StreamId) -> Vec<Event> {
    let mut found = Vec::new();
    while let Some(packed) = entry.get::<Vec<u8>>(&found.len().to_string()) {
        found.push(event(&packed).unwrap_or_default());
    }
    found
}

/// Takes `count` bytes off the front.
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(head)
}

/// Takes a text off the front, up to a zero byte; none where it is empty.
fn word(bytes: &mut &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let head = take(bytes, end)?;
    take(bytes, 1)?;
    (!head.is_empty()).then(|| String::from_utf8_lossy(head).into_owned())
}

/// One event; none where the bytes end too early.
fn event(mut bytes: &[u8]) -> Option<Event> {
    let bytes = &mut bytes;
    let at = f64::from_le_bytes(take(bytes, 8)?.try_into().ok()?);
    let attempt = u16::from_le_bytes(take(bytes, 2)?.try_into().ok()?);
    let mut event = Event {
        v: EVENT_VERSION,
        at: from_ms(at as i64),
        attempt: (attempt > 0).then(|| attempt.into()),
        kind_of_change: word(bytes).unwrap_or_default(),
        account: word(bytes),
        action: word(bytes),
        kind: word(bytes),
        target: word(bytes),
        text_hash: word(bytes),
        effect: word(bytes),
        class: word(bytes),
        intake: word(bytes),
        worker: word(bytes),
        duty: word(bytes),
        outcome: word(bytes),
        ..Event::default()
    };
    while let Some(name) = word(bytes) {
        let length = u32::from_le_bytes(take(bytes, 4)?.try_into().ok()?);
        let value = Some(String::from_utf8_lossy(take(bytes, length as usize)?).into_owned());
        match name.as_str() {
            "code" => event.code = value,
            "why" => event.why = value,
            "result" => event.result = value,
            "by" => event.by = value,
            "site" => event.site = value,
            "pool" => event.pool = value,
            "mission" => event.mission = value,
            _ => {}
        }
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::{entry_of, event, place_of};

    #[test]
    fn every_event_of_an_entry_has_a_place_of_its_own_that_leads_back() {
        assert_eq!(place_of("99-2", 3), "99-2051");
        assert_eq!(entry_of("99-2051"), "99-2");
        assert_eq!(entry_of(&place_of("1763740000000-0", 0)), "1763740000000-0");
    }

    #[test]
    fn a_text_may_hold_anything_and_a_torn_event_is_none() {
        let mut bytes = 1500.0_f64.to_le_bytes().to_vec();
        bytes.extend(2_u16.to_le_bytes());
        bytes.extend(b"failed\0ada\0a1\0like\0post:7\0\0\0browser\0\0w-1\0perform\0\0");
        bytes.extend(b"why\0\x03\0\0\0a\0b");
        let read = event(&bytes).expect("it is whole");
        assert_eq!(read.at.as_millisecond(), 1500);
        assert_eq!((read.attempt, read.text_hash), (Some(2), None));
        assert_eq!((read.class.as_deref(), read.why.as_deref()), (Some("browser"), Some("a\0b")));
        assert_eq!(event(&bytes[..bytes.len() - 1]), None);
    }
}
