//! The slots of a cluster: which key lies in which.

use super::Part;

/// How many there are.
pub(super) const ALL: u16 = 16384;

/// The CRC-16 by which a cluster shares keys out (XMODEM).
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

/// The slot of a key: of its tag, where it has one.
pub(super) fn of(key: &str) -> u16 {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    let text = tag.map(|(tag, _)| tag).filter(|tag| !tag.is_empty()).unwrap_or(key);
    crc(text.as_bytes()) % ALL
}

/// Which of so many equal stretches of the slots has this one.
fn stretch(slot: u16, of: u32) -> u32 {
    u32::from(slot) * of / u32::from(ALL)
}

/// The first tag made from `stem` that lies in the shard's own stretch of the slots; the first
/// shard's is the one with `first` in it.
pub(super) fn tag(stem: &str, first: u16, part: Part) -> String {
    let ours = (stretch(first, part.of) + part.index) % part.of;
    let tags = (0..).map(|n: u32| format!("{stem}.{n}"));
    let mut tags = tags.filter(|tag| stretch(of(tag), part.of) == ours);
    tags.next().expect("a hash reaches every stretch")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_key_lies_where_redis_says() {
        // As `CLUSTER KEYSLOT` answers.
        assert_eq!((of("123456789"), of("foo")), (12739, 12182));
        assert_eq!(of("wk:{walkon:intake}:meta"), of("walkon:intake"));
        assert_eq!(of("a{}b"), crc(b"a{}b") % ALL);
    }

    #[test]
    fn shards_share_the_slots_out_evenly() {
        for many in [1, 3, 4, 64] {
            let first = of("walkon:intake");
            let tags =
                (1..many).map(|index| tag(&format!("0-{index}"), first, Part { index, of: many }));
            let slots = tags.map(|tag| of(&tag)).chain([first]);
            let stretches: BTreeSet<_> = slots.map(|slot| stretch(slot, many)).collect();
            assert_eq!(stretches.len(), many as usize);
        }
    }
}
