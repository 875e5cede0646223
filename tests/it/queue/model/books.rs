//! What an account has used of its limits, and what those limits leave it.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use walkon::queue::FleetCaps;
use walkon_core::plan::Plan;

use super::calendar::{HOUR, SECOND, day, fleet_ends, hour_end, minute};

/// A count in the window that ends then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) end: i64,
    pub(crate) used: i64,
    /// The highest level, in percent of a cap, that was told of in this window.
    pub(crate) told: i64,
}

/// At which shares of a cap it is told of, in percent: once a window each.
const LEVELS: [i64; 3] = [100, 95, 80];

impl Tally {
    pub(crate) fn in_window(self, end: i64) -> i64 {
        if self.end == end { self.used } else { 0 }
    }

    fn add(&mut self, end: i64, by: i64) {
        let told = if self.end == end { self.told } else { 0 };
        *self = Self { end, used: (self.in_window(end) + by).max(0), told };
    }

    /// What is to be told of a cap of `most`, of which one more was just used.
    fn alarm(&mut self, code: &str, most: u32) -> Option<String> {
        let (used, most) = (self.used, i64::from(most));
        let reached = |used: i64, level: i64| used * 100 >= level * most;
        let is_new = |level: i64| reached(used, level) && !reached(used - 1, level);
        let level = LEVELS.into_iter().find(|level| is_new(*level) && self.told < *level)?;
        self.told = level;
        Some(format!("{code} {used} of {most} used: {level} %"))
    }
}

/// A day's and an hour's.
pub(crate) type Pair = [Tally; 2];

/// What the claim of an action took: the ends of the windows (the account's day and hour, the
/// fleet's day and hour), and what the kind's last use and the burst's time were before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Charge {
    pub(crate) ends: [i64; 4],
    last: (i64, i64),
    burst: (i64, i64),
    /// When it is counted in rolling caps.
    rolled: i64,
}

/// The buckets of a rolling hour and of a rolling day: how long each is, and how many besides the
/// present one count.
const BUCKETS: [(i64, i64); 2] = [(300 * SECOND, 12), (HOUR, 24)];

/// One account's counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books {
    pub(crate) all: Pair,
    pub(crate) kinds: BTreeMap<String, Pair>,
    /// When each kind was last used: its cooldown runs from there.
    pub(crate) last: BTreeMap<String, i64>,
    /// Until when the burst's bucket is spoken for, were it of size one.
    pub(crate) burst: i64,
    /// Instants and kinds that rolling caps count, every one there ever was.
    rolled: Vec<(i64, String)>,
    /// What was to be told of caps, and was not looked for yet.
    pub(crate) alarms: Vec<String>,
}

/// The fleet's caps and counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fleet {
    pub(crate) caps: FleetCaps,
    pub(crate) used: Pair,
    /// The hour's end in which something was given back: those who wait for the next hour need
    /// not notice.
    pub(crate) refunded: [i64; 2],
}

/// An account's limits: its plan, its zone.
pub(crate) struct Terms<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) zone: &'a TimeZone,
}

impl Terms<'_> {
    /// Whether it is within the account's active hours.
    pub(crate) fn is_open(&self, at: i64) -> bool {
        let hours = &self.plan.hours;
        let shown = minute(self.zone, at);
        hours.is_empty() || hours.iter().any(|stretch| stretch.hold(shown))
    }
}

impl Books {
    pub(crate) fn kind(&self, kind: &str) -> Pair {
        self.kinds.get(kind).copied().unwrap_or_default()
    }

    pub(crate) fn last(&self, kind: &str) -> i64 {
        self.last.get(kind).copied().unwrap_or_default()
    }

    /// The windows that `at` falls into; one that is open stays open until its end, whatever the
    /// zone is meanwhile.
    pub(crate) fn ends(&self, zone: &TimeZone, at: i64) -> [i64; 4] {
        let open = |tally: Tally, fresh: i64| if at < tally.end { tally.end } else { fresh };
        let [fleet_day, fleet_hour] = fleet_ends(at);
        let day = open(self.all[0], day(zone, at).1);
        let hour = open(self.all[1], hour_end(zone, at));
        [day, hour, fleet_day, fleet_hour]
    }

    /// Each cap on the kind: which window it is of, what is used, the most.
    fn caps(
        &self,
        terms: &Terms<'_>,
        fleet: &Fleet,
        kind: &str,
        at: i64,
    ) -> Vec<(usize, i64, u32)> {
        let ends = self.ends(terms.zone, at);
        let (plan, mine) = (terms.plan, self.kind(kind));
        let limits = plan.kinds.get(kind).cloned().unwrap_or_default();
        let rows = [
            (0, self.all[0], plan.daily),
            (1, self.all[1], plan.hourly),
            (0, mine[0], limits.daily),
            (1, mine[1], limits.hourly),
            (2, fleet.used[0], fleet.caps.daily),
            (3, fleet.used[1], fleet.caps.hourly),
        ];
        let capped = rows.into_iter().filter_map(|(n, tally, cap)| Some((n, tally, cap?)));
        capped.map(|(n, tally, cap)| (n, tally.in_window(ends[n]), cap)).collect()
    }

    /// Whether a rolling cap leaves no room for one more of the kind at `at`.
    fn is_rolled(&self, terms: &Terms<'_>, kind: &str, at: i64) -> bool {
        let limits = terms.plan.kinds.get(kind).cloned().unwrap_or_default();
        let rows = [
            (0, None, terms.plan.hourly_rolling),
            (1, None, terms.plan.daily_rolling),
            (0, Some(kind), limits.hourly_rolling),
            (1, Some(kind), limits.daily_rolling),
        ];
        rows.into_iter().filter_map(|(n, of, cap)| Some((n, of, cap?))).any(|(n, of, cap)| {
            let (width, many) = BUCKETS[n];
            let first = at.div_euclid(width) - many;
            let counts = |(at, kind): &&(i64, String)| {
                at.div_euclid(width) >= first && of.is_none_or(|of| of == kind)
            };
            self.rolled.iter().filter(counts).count() >= cap as usize
        })
    }

    /// Whether a cap leaves no room for one more of the kind at `at`.
    pub(crate) fn is_full(&self, terms: &Terms<'_>, fleet: &Fleet, kind: &str, at: i64) -> bool {
        if self.is_rolled(terms, kind, at) {
            return true;
        }
        let mut caps = self.caps(terms, fleet, kind, at).into_iter();
        caps.any(|(_, used, cap)| used >= i64::from(cap))
    }

    /// Why the kind may not be claimed at `at`, by the number of the invariant; `None`: it may.
    pub(crate) fn bar(&self, terms: &Terms<'_>, fleet: &Fleet, kind: &str, at: i64) -> Option<u8> {
        for (n, used, cap) in self.caps(terms, fleet, kind, at) {
            if used >= i64::from(cap) {
                return Some(if n < 2 { 1 } else { 4 });
            }
        }
        if self.is_rolled(terms, kind, at) {
            return Some(1);
        }
        let cooldown = terms.plan.kinds.get(kind).and_then(|limits| limits.cooldown);
        let cooldown = cooldown.unwrap_or_default().as_millis() as i64;
        if at < self.last(kind) + cooldown {
            return Some(2);
        }
        if let Some(burst) = terms.plan.burst {
            let ahead = i64::from(burst.size.max(1) - 1) * burst.interval.as_millis() as i64;
            if self.burst - ahead > at {
                return Some(3);
            }
        }
        if terms.is_open(at) { None } else { Some(14) }
    }

    /// Tells of each cap that what was just counted in these windows brought to a level.
    fn tell(&mut self, terms: &Terms<'_>, fleet: &mut Fleet, kind: &str, ends: [Option<i64>; 4]) {
        let limits = terms.plan.kinds.get(kind).cloned().unwrap_or_default();
        let [mine_day, mine_hour] = self.kinds.get_mut(kind).expect("it was counted");
        let ([day, hour], [fleet_day, fleet_hour]) = (&mut self.all, &mut fleet.used);
        let rows = [
            (0, "daily_cap", day, terms.plan.daily),
            (1, "hourly_cap", hour, terms.plan.hourly),
            (0, "kind_daily_cap", mine_day, limits.daily),
            (1, "kind_hourly_cap", mine_hour, limits.hourly),
            (2, "global_daily_cap", fleet_day, fleet.caps.daily),
            (3, "global_hourly_cap", fleet_hour, fleet.caps.hourly),
        ];
        for (n, code, tally, cap) in rows {
            if let (Some(_), Some(cap)) = (ends[n], cap) {
                self.alarms.extend(tally.alarm(code, cap));
            }
        }
    }

    fn tally(&mut self, fleet: &mut Fleet, kind: &str, ends: [Option<i64>; 4], by: i64) {
        let mine = self.kinds.entry(kind.to_owned()).or_default();
        for n in 0..2 {
            if let Some(end) = ends[n] {
                self.all[n].add(end, by);
                mine[n].add(end, by);
            }
            if let Some(end) = ends[n + 2] {
                fleet.used[n].add(end, by);
                if by < 0 {
                    fleet.refunded[n] = end;
                }
            }
        }
    }

    /// A claim takes from everything.
    pub(crate) fn charge(
        &mut self,
        terms: &Terms<'_>,
        fleet: &mut Fleet,
        kind: &str,
        now: i64,
    ) -> Charge {
        let ends = self.ends(terms.zone, now);
        let (last, burst) = (self.last(kind), self.burst);
        let interval = terms.plan.burst.map(|burst| burst.interval.as_millis() as i64);
        self.tally(fleet, kind, ends.map(Some), 1);
        self.tell(terms, fleet, kind, ends.map(Some));
        self.last.insert(kind.to_owned(), now);
        if let Some(interval) = interval {
            self.burst = now.max(burst) + interval;
        }
        self.rolled.push((now, kind.to_owned()));
        Charge { ends, last: (last, now), burst: (burst, self.burst), rolled: now }
    }

    /// What a claim took is counted at another instant, or not at all.
    fn reroll(&mut self, kind: &str, from: i64, to: Option<i64>) {
        let mine = self.rolled.iter().position(|(at, of)| *at == from && of == kind);
        self.rolled.swap_remove(mine.expect("it was counted"));
        self.rolled.extend(to.map(|to| (to, kind.to_owned())));
    }

    /// Gives back what a claim took and provably did not use: only where nothing has come between.
    pub(crate) fn refund(&mut self, fleet: &mut Fleet, kind: &str, charge: &Charge) {
        self.reroll(kind, charge.rolled, None);
        let open = [self.all[0].end, self.all[1].end, fleet.used[0].end, fleet.used[1].end];
        let ends = [0, 1, 2, 3].map(|n| Some(charge.ends[n]).filter(|end| *end == open[n]));
        self.tally(fleet, kind, ends, -1);
        if self.last(kind) == charge.last.1 {
            self.last.insert(kind.to_owned(), charge.last.0);
        }
        if self.burst == charge.burst.1 {
            self.burst = charge.burst.0;
        }
    }

    /// The act falls into later windows than its claim: they are charged, too, or it is too much.
    pub(crate) fn recharge(
        &mut self,
        terms: &Terms<'_>,
        fleet: &mut Fleet,
        kind: &str,
        now: i64,
        charge: &mut Charge,
    ) -> bool {
        let ends = self.ends(terms.zone, now);
        let is_new = |n: usize| ends[n] != charge.ends[n];
        let caps = self.caps(terms, fleet, kind, now);
        if caps.into_iter().any(|(n, used, cap)| is_new(n) && used >= i64::from(cap)) {
            return false;
        }
        let fresh = [0, 1, 2, 3].map(|n| Some(ends[n]).filter(|_| is_new(n)));
        self.tally(fleet, kind, fresh, 1);
        self.tell(terms, fleet, kind, fresh);
        charge.ends = ends;
        self.reroll(kind, charge.rolled, Some(now));
        charge.rolled = now;
        true
    }

    /// A move to another zone: what was counted stays counted until the day there is over, too.
    pub(crate) fn move_to(&mut self, zone: &TimeZone, now: i64) {
        let later = |n: usize, old: i64| {
            if n == 0 { day(zone, old - 1).1 } else { hour_end(zone, old - 1) }
        };
        for n in 0..2 {
            let old = self.all[n].end;
            if old <= now {
                continue;
            }
            let new = later(n, old);
            let mine = self.kinds.values_mut().map(|pair| &mut pair[n]);
            for tally in mine.chain([&mut self.all[n]]) {
                if tally.end == old {
                    tally.end = new;
                }
            }
        }
    }
}
