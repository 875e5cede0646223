//! What a forecast needs of a queue, read without writing, and written where time is virtual.
//!
//! Accounts and their lanes are read by a script that only reads, each account as of one instant.
//! An action is copied by its small fields alone; what it says (texts) is not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use redis::Pipeline;
use walkon_core::id::ActionId;
use walkon_core::lease::{Class, Lease, Token};

use super::super::peek::{Fields, Words};
use super::super::{Error, Shard, scripts};
use super::crews::Crews;
use super::{ACTIONS_MAX, LEASE};

/// How many accounts one script reads, how many actions one pipeline.
const ACCOUNTS_AT_ONCE: usize = 100;
const ACTIONS_AT_ONCE: usize = 500;

/// One waiting action.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) action: ActionId,
    pub(super) account: String,
    pub(super) kind: String,
    pub(super) target: Option<String>,
    pub(super) expires: i64,
}

/// A lane: what its key ends with, and its actions by score.
type Lane = (String, Vec<(String, String)>);

/// Everything that decides who may be claimed when.
pub(super) struct Copied {
    pub(super) now: i64,
    pub(super) meta: Fields,
    /// Routes by what their keys end with.
    pub(super) routes: BTreeMap<String, Fields>,
    /// Accounts, plans, actions and the fleet's caps by what their keys end with.
    pub(super) things: BTreeMap<String, Fields>,
    /// Packed zones.
    pub(super) texts: BTreeMap<String, String>,
    pub(super) lanes: Vec<Lane>,
    pub(super) accounts: Vec<String>,
    crews: Crews,
    pub(super) waiting: Vec<Waiting>,
}

impl Copied {
    /// Reads what waits in a shard, and all that its limits stand on.
    pub(super) async fn read(shard: &Shard) -> Result<Self, Error> {
        let meta = hash(shard, "meta").await?;
        let mut copied = Self {
            now: now(shard, &meta).await?,
            meta,
            routes: BTreeMap::new(),
            things: BTreeMap::new(),
            texts: BTreeMap::new(),
            lanes: Vec::new(),
            accounts: shard.ask(redis::cmd("SMEMBERS").arg(shard.key("acc"))).await?,
            crews: Crews::read(shard).await?,
            waiting: Vec::new(),
        };
        copied.accounts.sort();
        for some in copied.all().chunks(ACCOUNTS_AT_ONCE) {
            let words = Words::new(shard.run(&scripts::SNAPSHOT, some).await?);
            copied.take_accounts(words)?;
        }
        copied.things.extend(copied.crews.pools());
        copied.take_rules(shard).await?;
        copied.take_actions(shard).await?;
        Ok(copied)
    }

    /// All that has lanes: accounts, and the posts of pools.
    fn all(&self) -> Vec<String> {
        self.accounts.iter().chain(&self.crews.posts).cloned().collect()
    }

    /// Whether the whole fleet is paused.
    pub(super) fn is_paused(&self) -> bool {
        self.meta.contains_key("paused")
    }

    pub(super) fn has_broken_site(&self) -> bool {
        self.meta.keys().any(|field| field.starts_with("broken:"))
    }

    pub(super) fn into_waiting(self) -> Vec<Waiting> {
        self.waiting
    }

    fn take_accounts(&mut self, mut words: Words) -> Result<(), Error> {
        while !words.is_over() {
            let id = words.next()?;
            let mut fields: Fields = words.pairs()?;
            // The indexes are made anew; a lease without an action is let go.
            fields.retain(|name, _| !name.starts_with("i:"));
            for class in Class::ALL.map(Class::name) {
                if !fields.contains_key(&format!("j:{class}")) {
                    fields.retain(|name, _| {
                        !["t:", "x:", "w:", "k:"].map(|of| format!("{of}{class}")).contains(name)
                    });
                }
            }
            self.things.insert(format!("a:{id}"), fields);
            for _ in 0..words.count()? {
                let key = words.next()?;
                self.lanes.push((key, words.pairs()?));
            }
        }
        Ok(())
    }

    /// Plans, routes and zones that the accounts name.
    async fn take_rules(&mut self, shard: &Shard) -> Result<(), Error> {
        let of = |field: &str| -> BTreeSet<String> {
            let accounts = self.things.values().filter_map(|fields| fields.get(field).cloned());
            accounts.collect()
        };
        let (plans, routes, zones) = (of("pl"), of("rt"), of("tz"));
        let ceilings = of("og").into_iter().map(|origin| format!("ceil:{origin}"));
        let plans = plans.iter().map(|name| format!("plan:{name}"));
        let rules: Vec<_> = plans.chain(ceilings).chain(["g".to_owned()]).collect();
        let fields = shard.peek(&rules).await?;
        self.things.extend(rules.into_iter().zip(fields));
        for name in routes {
            let rest = format!("rt:{name}");
            let hash = hash(shard, &rest).await?;
            self.routes.insert(rest, hash);
        }
        for zone in zones {
            let rest = format!("tz:{zone}");
            let table: Option<String> = shard.ask(redis::cmd("GET").arg(shard.key(&rest))).await?;
            self.texts.extend(table.map(|table| (rest, table)));
        }
        Ok(())
    }

    async fn take_actions(&mut self, shard: &Shard) -> Result<(), Error> {
        let in_lanes = self.lanes.iter().flat_map(|(key, lane)| {
            let state = if key.ends_with('!') { "unknown" } else { "waiting" };
            lane.iter().map(move |(id, _)| (id.clone(), state))
        });
        let mut ids: Vec<(String, &str)> = in_lanes.collect();
        if ids.len() > ACTIONS_MAX {
            return Err(Error::TooMany { count: ids.len(), most: ACTIONS_MAX });
        }
        for fields in self.things.values() {
            let busy = Class::ALL.map(|class| fields.get(&format!("j:{}", class.name())).cloned());
            ids.extend(busy.into_iter().flatten().map(|id| (id, "")));
        }
        for some in ids.chunks(ACTIONS_AT_ONCE) {
            let keys: Vec<_> = some.iter().map(|(id, _)| format!("j:{id}")).collect();
            let read = shard.peek(&keys).await?;
            for (((id, state), key), mut fields) in some.iter().zip(keys).zip(read) {
                // Removed since: it is in no lane of ours.
                if fields.is_empty() {
                    continue;
                }
                if !state.is_empty() {
                    // Claimed since its lane was read: here it still waits.
                    fields.insert("st".to_owned(), (*state).to_owned());
                    self.waiting.extend(waiting(id, &fields));
                }
                self.things.insert(key, fields);
            }
        }
        let known = |id: &String| self.things.contains_key(&format!("j:{id}"));
        for (_, lane) in &mut self.lanes {
            lane.retain(|(id, _)| known(id));
        }
        Ok(())
    }

    /// Writes it into a server of virtual time; returns what runs at its beginning.
    pub(super) async fn write(&self, queue: &Shard) -> Result<Vec<(Lease, ActionId)>, Error> {
        let mut pipe = Piped { queue, pipe: redis::pipe() };
        let not_ours =
            ["run_id", "clean", "opt", "allow_fake", "fake", "hw", "due", "held", "books"];
        let meta = self.meta.iter().filter(|(name, _)| !not_ours.contains(&name.as_str()));
        pipe.hash("meta", meta.map(|(name, value)| (name.clone(), value.clone())).collect());
        pipe.hash("meta", BTreeMap::from([("opt".to_owned(), self.options_on(queue))]));
        let now = self.now.to_string();
        let time = [("allow_fake", "1"), ("fake", &now), ("hw", &now)];
        pipe.hash("meta", time.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        for (rest, text) in &self.texts {
            pipe.add("SET", rest, std::slice::from_ref(text));
        }
        for (rest, fields) in &self.routes {
            pipe.hash(rest, fields.clone());
        }
        let things: Vec<_> = self.things.iter().collect();
        for some in things.chunks(ACCOUNTS_AT_ONCE) {
            queue.run(&scripts::PLANT, &some.iter().flat_map(planted).collect::<Vec<_>>()).await?;
        }
        for (rest, lane) in &self.lanes {
            let pairs: Vec<_> =
                lane.iter().flat_map(|(id, score)| [score.clone(), id.clone()]).collect();
            for some in pairs.chunks(ACTIONS_AT_ONCE * 2) {
                pipe.add("ZADD", rest, some);
            }
            pipe.flush_when_full().await?;
        }
        for one in &self.waiting {
            if one.expires > 0 {
                let member = [one.expires.to_string(), one.action.to_string()];
                pipe.add("ZADD", "exp", &member);
            }
            pipe.flush_when_full().await?;
        }
        for command in self.crews.commands(&self.things) {
            pipe.add(command.0, &command.1, &command.2);
        }
        pipe.flush().await?;
        for some in self.all().chunks(ACCOUNTS_AT_ONCE) {
            let args: Vec<_> = [String::new()].into_iter().chain(some.iter().cloned()).collect();
            queue.run(&scripts::REINDEX, &args).await?;
        }
        Ok(self.live())
    }

    /// The queue's options, with the leases of virtual time.
    fn options_on(&self, queue: &Shard) -> String {
        let theirs = self.meta.get("opt").map(String::as_str).unwrap_or_default();
        let ms = |time: Duration| time.as_millis().to_string();
        let ours = [ms(queue.options().lease), ms(queue.options().grace)];
        let rest = theirs.split_whitespace().skip(ours.len()).map(str::to_owned);
        ours.into_iter().chain(rest).collect::<Vec<_>>().join(" ")
    }

    /// Attempts that run at the beginning.
    fn live(&self) -> Vec<(Lease, ActionId)> {
        let of = |id: &String, class: Class| {
            let fields = self.things.get(&format!("a:{id}"))?;
            let get = |field: &str| fields.get(&format!("{field}:{}", class.name()));
            let (account, token) = (id.parse().ok()?, Token(get("t")?.clone()));
            Some((Lease { account, class, token, ttl: LEASE }, get("j")?.parse().ok()?))
        };
        let all = self.accounts.iter().flat_map(|id| Class::ALL.map(|class| of(id, class)));
        all.flatten().collect()
    }
}

/// As the script that makes it anew wants to be told.
fn planted((rest, fields): &(&String, &Fields)) -> Vec<String> {
    let pairs = fields.iter().flat_map(|(name, value)| [name.clone(), value.clone()]);
    [(*rest).clone(), fields.len().to_string()].into_iter().chain(pairs).collect()
}

/// Writes in pieces.
struct Piped<'a> {
    queue: &'a Shard,
    pipe: Pipeline,
}

impl Piped<'_> {
    fn add(&mut self, command: &str, rest: &str, args: &[String]) {
        self.pipe.cmd(command).arg(self.queue.key(rest)).arg(args).ignore();
    }

    fn hash(&mut self, rest: &str, fields: Fields) {
        let args: Vec<_> = fields.into_iter().flat_map(|(name, value)| [name, value]).collect();
        if !args.is_empty() {
            self.add("HSET", rest, &args);
        }
    }

    async fn flush_when_full(&mut self) -> Result<(), Error> {
        if self.pipe.len() >= ACTIONS_AT_ONCE { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let full = std::mem::take(&mut self.pipe);
        if full.is_empty() { Ok(()) } else { self.queue.ask_all::<()>(&full).await }
    }
}

/// A hash, whole.
pub(super) async fn hash(shard: &Shard, rest: &str) -> Result<Fields, Error> {
    shard.ask(redis::cmd("HGETALL").arg(shard.key(rest))).await
}

/// The queue's present: where a test has moved its clock, from there.
async fn now(shard: &Shard, meta: &Fields) -> Result<i64, Error> {
    let number = |name: &str| meta.get(name).and_then(|value| value.parse::<i64>().ok());
    if let (Some(_), Some(fake)) = (number("allow_fake"), number("fake")) {
        return Ok(fake);
    }
    let (seconds, micros): (i64, i64) = shard.ask(&redis::cmd("TIME")).await?;
    let passed = Duration::from_secs(seconds as u64).as_millis() as i64;
    Ok((passed + micros / 1000).max(number("hw").unwrap_or_default()))
}

fn waiting(id: &str, fields: &Fields) -> Option<Waiting> {
    Some(Waiting {
        action: id.parse().ok()?,
        account: fields.get("a")?.clone(),
        kind: fields.get("k")?.clone(),
        target: fields.get("tg").cloned(),
        expires: fields.get("x").and_then(|ms| ms.parse().ok()).unwrap_or_default(),
    })
}
