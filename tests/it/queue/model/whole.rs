//! The state as a whole, as Redis has it, against the model: read at once, compared field by field.

use std::collections::{BTreeMap, BTreeSet};

use redis::aio::MultiplexedConnection;
use redis::streams::{StreamId, StreamRangeReply};
use redis::{FromRedisValue, Value};
use walkon_core::event::ActionState;
use walkon_core::id::ActionId;
use walkon_core::kind::KINDS;
use walkon_core::lease::{Ask, Class};

use super::Model;
use super::books::Tally;
use super::jobs::Place;
use crate::support::peek::{Fields, peeking, spelled};
use crate::support::redis::worker;

type Scores = BTreeMap<String, f64>;
/// Account, slot and whether it is delayed.
type Lane = (String, String, bool);

/// What was read of the stream of events so far.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    endings: BTreeMap<String, Vec<ActionState>>,
    /// What was told of caps since the last look.
    alarms: Vec<String>,
}

/// What Redis has.
struct Sight {
    accounts: BTreeMap<String, Fields>,
    jobs: BTreeMap<ActionId, Fields>,
    lanes: BTreeMap<Lane, Scores>,
    wake: BTreeMap<Class, Scores>,
    lease: Scores,
    parked: Scores,
    letters: Scores,
    counts: Fields,
    fleet: Fields,
}

/// Commands and what to do with their answers, in one round trip.
struct Batch<'a> {
    prefix: &'a str,
    pipe: redis::Pipeline,
}

impl Batch<'_> {
    fn peek(&mut self, keys: &[String]) {
        self.pipe.add_command(peeking(self.prefix, keys));
    }

    fn ask(&mut self, words: &[&str]) {
        self.pipe.cmd(words[0]).arg(format!("{}{}", self.prefix, words[1]));
        for word in &words[2..] {
            self.pipe.arg(*word);
        }
    }

    async fn send(self, raw: &mut MultiplexedConnection) -> std::vec::IntoIter<Value> {
        self.pipe.query_async::<Vec<Value>>(raw).await.expect("good commands").into_iter()
    }
}

fn next<T: FromRedisValue>(answers: &mut std::vec::IntoIter<Value>) -> T {
    redis::from_redis_value(answers.next().expect("an answer each")).expect("of this shape")
}

fn slots() -> impl Iterator<Item = String> {
    let used = ["like", "comment", "scroll_feed", "sign_in"];
    let known = KINDS.iter().filter(move |kind| used.contains(&kind.name));
    known.flat_map(|kind| {
        ["", "@api", "@browser", "!", "@api!", "@browser!"].map(|end| format!("{}{end}", kind.name))
    })
}

async fn look(model: &Model, raw: &mut MultiplexedConnection, prefix: &str) -> Sight {
    let mut batch = Batch { prefix, pipe: redis::pipe() };
    let lanes = model.accounts.keys().flat_map(|account| {
        slots()
            .flat_map(move |slot| [false, true].map(|late| (account.clone(), slot.clone(), late)))
    });
    let lanes: Vec<Lane> = lanes.collect();
    for (account, slot, late) in &lanes {
        let name = format!("{}:{account}:{slot}", if *late { "z" } else { "q" });
        batch.ask(&["ZRANGE", &name, "0", "-1", "WITHSCORES"]);
    }
    let things = model.accounts.keys().map(|id| format!("a:{id}"));
    let things = things.chain(model.open.keys().map(|id| format!("j:{id}")));
    let things: Vec<_> = things.chain(["g".to_owned()]).collect();
    batch.peek(&things);
    for class in Class::ALL {
        batch.ask(&["ZRANGE", &format!("wake:{}", class.name()), "0", "-1", "WITHSCORES"]);
    }
    for name in ["lease", "parked", "dlq"] {
        batch.ask(&["ZRANGE", name, "0", "-1", "WITHSCORES"]);
    }
    batch.ask(&["HGETALL", "n"]);
    let answers = &mut batch.send(raw).await;
    let lanes = lanes.into_iter().map(|lane| (lane, next(answers))).collect();
    let mut things = spelled(next(answers)).into_iter();
    let accounts = model.accounts.keys().cloned().zip(things.by_ref()).collect();
    let jobs = model.open.keys().cloned().zip(things.by_ref()).collect();
    let fleet = things.next().expect("an answer each");
    let wake = Class::ALL.map(|class| (class, next(answers))).into();
    let (lease, parked, letters) = (next(answers), next(answers), next(answers));
    let counts = next(answers);
    Sight { accounts, jobs, lanes, wake, lease, parked, letters, counts, fleet }
}

/// The numbers of a counter: the day's end, the count, its alarm, the hour's, the last use.
fn counter(fields: &Fields, name: &str) -> Vec<i64> {
    let text = fields.get(name).map_or("", String::as_str);
    let numbers = text.split_whitespace().map(|word| word.parse().expect("a number"));
    let mut numbers: Vec<i64> = numbers.collect();
    numbers.resize(7, 0);
    numbers
}

/// The count of the day (0) or of the hour (1).
fn tally(counter: &[i64], n: usize) -> Tally {
    Tally { end: counter[n * 3], used: counter[n * 3 + 1], told: counter[n * 3 + 2] }
}

fn number(text: Option<&String>) -> i64 {
    text.map_or(0, |text| text.parse::<f64>().expect("a number") as i64)
}

impl Model {
    /// Invariants 8 to 10, 13, 14, 16 and 17 on everything there is.
    pub(crate) async fn check_whole(
        &mut self,
        raw: &mut MultiplexedConnection,
        prefix: &str,
        watch: &mut Watch,
    ) {
        let sight = look(self, raw, prefix).await;
        self.expire_as(&sight);
        self.check_places(&sight);
        self.check_indexes(&sight);
        self.check_books(&sight);
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        for job in self.open.values().chain(self.ended.values()) {
            *counts.entry(job.state().name()).or_default() += 1;
        }
        for state in ActionState::ALL {
            let have = number(sight.counts.get(state.name()));
            let want = counts.get(state.name()).copied().unwrap_or_default();
            assert_eq!(have, want, "[8] the number that are {}", state.name());
        }
        let letters: BTreeSet<_> = self.letters.keys().map(ToString::to_string).collect();
        assert_eq!(sight.letters.into_keys().collect::<BTreeSet<_>>(), letters, "[8] dead letters");
        self.check_events(raw, prefix, watch).await;
    }

    /// What waited too long has ended, or is read, wherever somebody has looked since: that may be
    /// anybody.
    fn expire_as(&mut self, sight: &Sight) {
        for (id, fields) in &sight.jobs {
            self.expire_as_seen(id, fields);
        }
    }

    /// The same of one action, by what Redis has of it.
    pub(crate) fn expire_as_seen(&mut self, id: &ActionId, fields: &Fields) {
        let (now, job) = (self.now(), &self.open[id]);
        let seen = match fields.get("st").map(String::as_str) {
            Some("expired") => !job.may_be_made(),
            Some("unknown") => job.may_be_made(),
            _ => false,
        };
        if let Some(since) = job.expires.filter(|_| seen && job.is_overdue(now)) {
            self.expire(id, since);
        }
    }

    fn check_places(&self, sight: &Sight) {
        let now = self.now() as f64;
        let mut found: BTreeMap<&str, Vec<(&Lane, f64)>> = BTreeMap::new();
        for (lane, scores) in &sight.lanes {
            for (id, score) in scores {
                found.entry(id).or_default().push((lane, *score));
            }
        }
        for (id, job) in &self.open {
            let fields = &sight.jobs[id];
            let state = fields.get("st").map(String::as_str);
            assert_eq!(state, Some(job.state().name()), "[8] {id}: {job:?}");
            let [attempts, losses] = ["at", "lo"].map(|field| number(fields.get(field)));
            assert_eq!(attempts, job.attempts, "[21] {id}'s attempts: {job:?}");
            assert_eq!(losses, job.losses, "[21] {id}'s losses: {job:?}");
            let parked = sight.parked.contains_key(id.as_str());
            assert_eq!(parked, job.place == Place::Parked, "[8] {id} parked: {job:?}");
            let lanes = found.remove(id.as_str()).unwrap_or_default();
            let Place::Lane { due, .. } = job.place else {
                assert!(lanes.is_empty(), "[8] {id} is in {lanes:?} and not: {job:?}");
                continue;
            };
            assert_eq!(lanes.len(), 1, "[8] {id} is in {lanes:?}: {job:?}");
            let ((account, slot, late), score) = lanes[0];
            assert_eq!((account, slot), (&job.account, &job.slot()), "[8] {id}: {job:?}");
            if *late {
                let is_due = due.0 as f64 <= score && score <= due.1 as f64;
                assert!(is_due, "[8] {id} is due at {score}: {job:?}");
            } else {
                assert!(due.0 as f64 <= now, "[8] {id} is due already: {job:?}");
                assert_eq!(score as i64, job.rank, "[8] {id}'s rank");
            }
        }
        assert!(found.is_empty(), "[8] in a lane and not open: {found:?}");
    }

    fn check_indexes(&self, sight: &Sight) {
        let now = self.now();
        for (id, account) in &self.accounts {
            let fields = &sight.accounts[id];
            let listed: BTreeSet<_> =
                fields.get("ks").map_or("", String::as_str).split_whitespace().collect();
            let full = sight.lanes.iter().filter(|((of, ..), jobs)| of == id && !jobs.is_empty());
            let full: BTreeSet<_> = full.map(|((_, slot, _), _)| slot.as_str()).collect();
            // What was emptied by a claim is taken off the list when somebody looks.
            assert!(listed.is_superset(&full), "[10] {id} lists {listed:?}, in use: {full:?}");
            let listed: BTreeSet<_> =
                fields.get("zs").map_or("", String::as_str).split_whitespace().collect();
            let late = sight
                .lanes
                .iter()
                .filter(|((of, _, late), jobs)| of == id && *late && !jobs.is_empty());
            let late: BTreeSet<_> = late.map(|((_, slot, _), _)| slot.as_str()).collect();
            assert!(listed.is_superset(&late), "[10] {id} lists {listed:?}, delayed: {late:?}");
            for class in Class::ALL {
                let name = class.name();
                let seat = account.seats.get(&class);
                let get = |field: &str| fields.get(&format!("{field}:{name}"));
                let lease = sight.lease.get(&format!("{id}|{name}"));
                assert_eq!(lease.map(|end| *end as i64), seat.map(|seat| seat.until), "[5] {id}");
                assert_eq!(get("t"), seat.map(|seat| &seat.token.0), "[5] {id} {name}");
                let job = seat.and_then(|seat| seat.job.as_ref()).map(ActionId::as_str);
                assert_eq!(get("j").map(String::as_str), job, "[8] what {id} {name} is doing");
                let wake = sight.wake[&class].get(id);
                let mut work = self.open.values().filter(|job| {
                    let waits = matches!(job.place, Place::Lane { .. });
                    waits && job.account == *id && account.class_of(job) == Some(class)
                });
                let barred = account.barred(class) == i64::MAX;
                let want = usize::from(work.next().is_some() && seat.is_none() && !barred);
                let have = usize::from(wake.is_some());
                assert_eq!(have, want, "[9] {id} {name}: wake {wake:?}");
                let is_found = wake.is_some_and(|at| *at as i64 <= now);
                if want == 1 && !is_found {
                    self.check_asleep(id, class, wake);
                }
            }
        }
    }

    /// An account that is not to be found now must not be claimable now.
    fn check_asleep(&self, id: &str, class: Class, wake: Option<&f64>) {
        let ends = super::calendar::fleet_ends(self.now());
        if (0..2).any(|n| self.fleet.refunded[n] == ends[n]) {
            return;
        }
        let (classes, holds) = (vec![class], Vec::new());
        let ask = Ask { worker: worker("nobody"), nonce: 0, classes, holds };
        let mine = self.open.iter().filter(|(_, job)| job.account == id);
        for (action, job) in mine {
            let is_due = self.is_claimable(job, &ask, class);
            assert!(!is_due, "[9] {id} sleeps until {wake:?}, {action} is due: {job:?}");
        }
    }

    fn check_books(&self, sight: &Sight) {
        for id in self.accounts.keys() {
            self.check_account(id, &sight.accounts[id]);
        }
        let fleet = counter(&sight.fleet, "c");
        for n in 0..2 {
            self.same(tally(&fleet, n), self.fleet.used[n], "the fleet");
        }
    }

    fn same(&self, have: Tally, want: Tally, what: &str) {
        let now = self.now();
        // A window that is over is read by nobody any more.
        if have.end > now || want.end > now {
            assert_eq!(have, want, "[13] the count of {what} at {now}");
        }
    }

    /// The counts of one account, as Redis has them.
    pub(crate) fn check_account(&self, id: &str, fields: &Fields) {
        let account = &self.accounts[id];
        let books = &account.books;
        let all = counter(fields, "c");
        for (n, window) in ["day", "hour"].into_iter().enumerate() {
            self.same(tally(&all, n), books.all[n], &format!("{id}'s {window}"));
            for (kind, pair) in &books.kinds {
                let have = tally(&counter(fields, &format!("c:{kind}")), n);
                self.same(have, pair[n], &format!("{id}'s {window} of {kind}"));
            }
        }
        for (kind, at) in &books.last {
            let have = counter(fields, &format!("c:{kind}"))[6];
            assert_eq!(have, *at, "[2] when {id} last did a {kind}");
        }
        if account.plan.burst.is_some() {
            assert_eq!(number(fields.get("tat")), books.burst, "[3] {id}'s burst");
        }
    }

    async fn check_events(
        &mut self,
        raw: &mut MultiplexedConnection,
        prefix: &str,
        watch: &mut Watch,
    ) {
        let mut batch = Batch { prefix, pipe: redis::pipe() };
        batch.ask(&["XRANGE", "ev", "-", "+"]);
        batch.ask(&["XTRIM", "ev", "MAXLEN", "0"]);
        let entries: StreamRangeReply = next(&mut batch.send(raw).await);
        for entry in entries.ids {
            for event in events_of(&entry) {
                if event.what == "quota" {
                    watch.alarms.push(format!("{} {}", event.account, event.more.join(" ")));
                }
                let Some(id) = event.action else { continue };
                let state = ActionState::named(&event.what).filter(|state| state.is_final());
                watch.endings.entry(id).or_default().extend(state);
            }
        }
        let accounts = self.accounts.iter_mut();
        let mut alarms: Vec<_> = accounts
            .flat_map(|(id, account)| {
                account.books.alarms.drain(..).map(move |alarm| format!("{id} {alarm}"))
            })
            .collect();
        alarms.sort();
        watch.alarms.sort();
        assert_eq!(std::mem::take(&mut watch.alarms), alarms, "[16] what was told of caps");
        let mut told = 0;
        for (id, job) in self.open.iter().chain(&self.ended) {
            let said = watch.endings.get(id.as_str()).map_or(&[][..], Vec::as_slice);
            told += said.len();
            assert_eq!(said, job.ends, "[17] the terminal events of {id}");
        }
        let all: usize = watch.endings.values().map(Vec::len).sum();
        assert_eq!(told, all, "[17] events of actions that nobody sent");
    }
}

/// One event: what it tells, of whom, of which action, and the values behind its fixed fields.
struct Told {
    what: String,
    account: String,
    action: Option<String>,
    more: Vec<String>,
}

/// The events of an entry (emit.lua).
fn events_of(entry: &StreamId) -> Vec<Told> {
    let named = entry.get::<String>("type").map(|what| {
        let account = entry.get("account").unwrap_or_default();
        Told { what, account, action: entry.get("action"), more: Vec::new() }
    });
    let packed = (0..).map_while(|nth: usize| entry.get::<Vec<u8>>(&nth.to_string()));
    named.into_iter().chain(packed.map(|bytes| told(&bytes))).collect()
}

/// An instant and an attempt, twelve words up to a zero byte each, then words and values by length.
fn told(bytes: &[u8]) -> Told {
    let mut rest = &bytes[10..];
    let words: Vec<_> = (0..12).map(|_| word(&mut rest)).collect();
    let mut more = Vec::new();
    while !rest.is_empty() {
        word(&mut rest);
        let (length, value) = rest.split_at(4);
        let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        more.push(String::from_utf8_lossy(&value[..length]).into_owned());
        rest = &value[length..];
    }
    let [what, account, action] = [0, 1, 2].map(|n| words[n].clone());
    Told { what, account, action: Some(action).filter(|id| !id.is_empty()), more }
}

fn word(rest: &mut &[u8]) -> String {
    let end = rest.iter().position(|byte| *byte == 0).expect("a word ends");
    let word = String::from_utf8_lossy(&rest[..end]).into_owned();
    *rest = &rest[end + 1..];
    word
}
