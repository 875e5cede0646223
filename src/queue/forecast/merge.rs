//! All shards as one, for a forecast: what each holds, side by side.
//!
//! An account lives in one shard, so nothing is there twice but what all of them must know. The
//! fleet's caps alone differ in kind: shards use them in slices ([`escrow`](super::super::shards)),
//! and here they are the caps themselves, used as much as all shards together have. What a shard
//! was granted and will not use is foreseen as free.

use futures_util::future::try_join_all;

use super::super::peek::Fields;
use super::super::{Error, Shard};
use super::ACTIONS_MAX;
use super::copy::Copied;

/// The key of the fleet's caps, and of its counters there: the ends of a day and of an hour, each
/// before its count and the last alarm, then the last use.
const FLEET: &str = "g";
const WINDOWS: [usize; 2] = [0, 3];
const COUNTERS: usize = 7;

impl Copied {
    /// Reads what waits in all shards.
    pub(super) async fn of_all(shards: &[Shard]) -> Result<Self, Error> {
        let each = try_join_all(shards.iter().map(Self::read)).await?;
        let mut all = each.into_iter();
        let first = all.next().expect("a queue has a shard");
        let mut merged = all.fold(first, Self::with);
        if merged.waiting.len() > ACTIONS_MAX {
            return Err(Error::TooMany { count: merged.waiting.len(), most: ACTIONS_MAX });
        }
        if shards.len() > 1 {
            merged.join();
        }
        Ok(merged)
    }

    /// Beside what another shard holds.
    fn with(mut self, other: Self) -> Self {
        let (mine, theirs) = (self.fleet(), other.fleet());
        self.now = self.now.max(other.now);
        // A site rests in all shards or in none; one that has not heard of it yet will.
        let resting = |(field, _): &(String, String)| field.starts_with("broken:");
        self.meta.extend(other.meta.into_iter().filter(resting));
        self.routes.extend(other.routes);
        self.things.extend(other.things);
        self.texts.extend(other.texts);
        self.lanes.extend(other.lanes);
        self.accounts.extend(other.accounts);
        self.waiting.extend(other.waiting);
        self.things.insert(FLEET.to_owned(), together(mine, &theirs));
        self
    }

    fn fleet(&self) -> Fields {
        self.things.get(FLEET).cloned().unwrap_or_default()
    }

    /// What one shard says of itself that is another thing for all.
    fn join(&mut self) {
        self.accounts.sort();
        for field in ["shards", "seq"] {
            self.meta.remove(field);
        }
        let sites = |field: &&String| field.starts_with("broken:") || field.starts_with("paused:");
        let sites = self.meta.keys().filter(sites).count();
        self.meta.insert("sites".to_owned(), sites.to_string());
        let mut fleet = self.fleet();
        for (slice, whole) in [("gd", "dmax"), ("gh", "hmax")] {
            if let Some(most) = fleet.remove(slice) {
                fleet.insert(whole.to_owned(), most);
            }
        }
        fleet.remove("e");
        self.things.insert(FLEET.to_owned(), fleet);
    }
}

/// The fleet's caps, with what two shards have counted of them.
fn together(mut mine: Fields, theirs: &Fields) -> Fields {
    let (Some(a), Some(b)) = (counters(&mine), counters(theirs)) else {
        if !mine.contains_key("c") {
            mine.extend(theirs.get("c").map(|c| ("c".to_owned(), c.clone())));
        }
        return mine;
    };
    let mut sum = a;
    for at in WINDOWS {
        // A window before the other's is over.
        match a[at].cmp(&b[at]) {
            std::cmp::Ordering::Equal => sum[at + 1] = a[at + 1] + b[at + 1],
            std::cmp::Ordering::Less => sum[at..at + 3].copy_from_slice(&b[at..at + 3]),
            std::cmp::Ordering::Greater => {}
        }
    }
    let words: Vec<_> = sum.iter().map(ToString::to_string).collect();
    mine.insert("c".to_owned(), words.join(" "));
    mine
}

fn counters(fleet: &Fields) -> Option<[i64; COUNTERS]> {
    let words = fleet.get("c")?.split_whitespace().map(|word| word.parse().ok());
    words.collect::<Option<Vec<_>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::{Fields, together};

    fn fleet(counters: &str) -> Fields {
        [("gd".to_owned(), "9".to_owned()), ("c".to_owned(), counters.to_owned())].into()
    }

    #[test]
    fn what_shards_have_used_of_one_window_is_added_and_a_past_window_is_left_out() {
        let sum = together(fleet("200 3 0 120 2 0 0"), &fleet("200 4 80 110 7 95 0"));
        assert_eq!(sum["c"], "200 7 0 120 2 0 0");
        let sum = together(fleet("100 3 0 110 2 0 0"), &fleet("200 4 80 120 7 95 0"));
        assert_eq!(sum["c"], "200 4 80 120 7 95 0");
    }

    #[test]
    fn a_shard_that_has_counted_nothing_adds_nothing() {
        let none: Fields = [("gd".to_owned(), "9".to_owned())].into();
        assert_eq!(together(none.clone(), &fleet("200 3 0 120 2 0 0"))["c"], "200 3 0 120 2 0 0");
        assert_eq!(together(fleet("200 3 0 120 2 0 0"), &none)["c"], "200 3 0 120 2 0 0");
    }
}
