//! The scripts: how they are put together, run and their answers read.
//!
//! They are one library of Redis functions: the parts they share (`GROUND` and `RULES`), then one
//! function a script. The library and its functions carry the hash of its text in their names, so
//! that coordinators of two versions on one Redis each run their own. It is loaded when a function
//! is not found. Every script may be run twice with the same arguments and the second run changes
//! nothing: that is why a lost answer is simply asked for again.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{FromRedisValue, Value};
use sha2::{Digest as _, Sha256};

use super::{Error, Shard};

/// What the scripts share: the ground, limits, lanes, indexes, what becomes of an action, and the
/// two verbs of a worker that are also one.
const SHARED: &[&str] = &[
    include_str!("lua/prelude.lua"),
    include_str!("lua/start.lua"),
    include_str!("lua/record.lua"),
    include_str!("lua/record_counters.lua"),
    include_str!("lua/record_account.lua"),
    include_str!("lua/record_action.lua"),
    include_str!("lua/zone.lua"),
    include_str!("lua/emit.lua"),
    include_str!("lua/object.lua"),
    include_str!("lua/ring.lua"),
    include_str!("lua/facts.lua"),
    include_str!("lua/pause.lua"),
    include_str!("lua/caps.lua"),
    include_str!("lua/rolling.lua"),
    include_str!("lua/limits.lua"),
    include_str!("lua/tally.lua"),
    include_str!("lua/escrow.lua"),
    include_str!("lua/charge.lua"),
    include_str!("lua/text.lua"),
    include_str!("lua/site.lua"),
    include_str!("lua/guard.lua"),
    include_str!("lua/breaker.lua"),
    include_str!("lua/slot.lua"),
    include_str!("lua/minute.lua"),
    include_str!("lua/ceiling.lua"),
    include_str!("lua/origin.lua"),
    include_str!("lua/hooks.lua"),
    include_str!("lua/lane.lua"),
    include_str!("lua/wake.lua"),
    include_str!("lua/close.lua"),
    include_str!("lua/index.lua"),
    include_str!("lua/members.lua"),
    include_str!("lua/choose.lua"),
    include_str!("lua/fate.lua"),
    include_str!("lua/again.lua"),
    include_str!("lua/doubt.lua"),
    include_str!("lua/begin.lua"),
    include_str!("lua/finish.lua"),
    include_str!("lua/take.lua"),
    include_str!("lua/post.lua"),
    include_str!("lua/bind.lua"),
    include_str!("lua/wanting.lua"),
    include_str!("lua/first.lua"),
    include_str!("lua/claim.lua"),
];

/// One script.
#[derive(Debug)]
pub(super) struct Lua {
    name: &'static str,
    may: May,
    text: &'static str,
}

/// What a script may do, as Redis is told.
#[derive(Debug, Clone, Copy)]
enum May {
    /// Refused when memory is full.
    Grow,
    /// Runs also when memory is full: work in hand must settle.
    Settle,
    /// Writes nothing.
    Read,
}

macro_rules! scripts {
    ($($name:ident, $may:ident, $file:literal;)+) => {
        $(pub(super) static $name: Lua = Lua {
            name: $file,
            may: May::$may,
            text: include_str!(concat!("lua/", $file, ".lua")),
        };)+
        /// Every script.
        const ALL: &[&Lua] = &[$(&$name),+];
    };
}

scripts! {
    BOOT, Settle, "boot";
    MEND, Settle, "mend";
    RESTORE, Settle, "restore";
    RECALL, Settle, "recall";
    PLAN, Settle, "plan";
    ZONES, Settle, "zones";
    EXTEND, Settle, "extend";
    REINDEX, Settle, "reindex";
    ACCOUNT, Settle, "account";
    REMOVE, Settle, "remove";
    ERASE, Settle, "erase";
    ENQUEUE, Grow, "enqueue";
    CLAIM, Grow, "claim_call";
    BEGIN, Settle, "begin_call";
    FINISH, Settle, "finish_call";
    ROUND, Grow, "round";
    RELEASE, Settle, "release";
    REAP, Settle, "reap";
    CANCEL, Settle, "cancel";
    RESOLVE, Settle, "resolve";
    REFUSE, Settle, "refuse";
    EXPLAIN, Read, "explain";
    HAND, Settle, "hand";
    CEILINGS, Settle, "ceilings";
    SLICE, Settle, "slice";
    CREDIT, Settle, "credit";
    LEDGER, Settle, "ledger";
    SPREAD, Settle, "spread";
    HEED, Read, "heed";
    PEEK, Read, "peek";
    PLANT, Grow, "plant";
    POOL, Read, "pool";
    POOLS, Settle, "pools";
    SNAPSHOT, Read, "snapshot";
}

impl May {
    fn flags(self) -> &'static str {
        match self {
            Self::Grow => "",
            Self::Settle => "'allow-oom'",
            Self::Read => "'no-writes', 'allow-oom'",
        }
    }
}

/// The library as it is sent to Redis.
#[derive(Debug)]
pub struct Library {
    /// What the names of its functions end in: the first digits of its text's hash.
    pub version: String,
    /// Its text.
    pub text: String,
}

impl Library {
    /// Puts it together from its parts and scripts.
    fn assemble() -> Self {
        let mut body = SHARED.concat();
        for Lua { name, may, text } in ALL {
            let writes = !matches!(may, May::Read);
            let flags = may.flags();
            let close = if writes { "close" } else { "" };
            let check = match *name {
                // The only one that begins a queue.
                "boot" => "",
                _ => "if wrong then return { err = wrong } end\n",
            };
            write!(
                body,
                "do\nlocal function run(KEYS, ARGV)\n{text}end\n\
                 redis.register_function{{ function_name = '{name}_VERSION', \
                 flags = {{ {flags} }},\ncallback = function(KEYS, ARGV)\n\
                 local wrong = start(KEYS[1], {writes})\n{check}\
                 return {close}(run(KEYS, ARGV))\nend }}\nend\n"
            )
            .expect("a string takes all");
        }
        let hash = Sha256::digest(&body);
        let version = hash[..6].iter().fold(String::new(), |mut digits, byte| {
            write!(digits, "{byte:02x}").expect("a string takes all");
            digits
        });
        let body = body.replace("_VERSION'", &format!("_{version}'"));
        Self { text: format!("#!lua name=walkon_{version}\n{body}"), version }
    }

    /// That of this build.
    pub fn ours() -> &'static Self {
        static OURS: LazyLock<Library> = LazyLock::new(Library::assemble);
        &OURS
    }
}

/// How often a call whose answer was lost is made.
const TRIES: u32 = 2;
/// The wait between them.
const BETWEEN: Duration = Duration::from_millis(50);

/// Runs a script once on the queue whose `meta` this is; loads the library where it is not known.
pub(super) async fn call(
    connection: &mut impl ConnectionLike,
    lua: &Lua,
    meta: &str,
    args: &[String],
) -> Result<Value, redis::RedisError> {
    let mut call = redis::cmd("FCALL");
    call.arg(format!("{}_{}", lua.name, Library::ours().version)).arg(1).arg(meta).arg(args);
    match call.query_async(connection).await {
        Err(error) if is_unknown(&error) => {
            load(connection).await?;
            call.query_async(connection).await
        }
        answer => answer,
    }
}

/// Gives Redis the library; another may have been quicker.
async fn load(connection: &mut impl ConnectionLike) -> Result<(), redis::RedisError> {
    let mut load = redis::cmd("FUNCTION");
    load.arg("LOAD").arg(&Library::ours().text);
    match load.query_async::<()>(connection).await {
        Err(error) if error.to_string().contains("already exists") => Ok(()),
        loaded => loaded,
    }
}

impl Shard {
    /// Runs a script; its answer as a flat list of texts.
    pub(super) async fn run(&self, lua: &Lua, args: &[String]) -> Result<Vec<String>, Error> {
        flat(self.run_raw(lua, args).await?)
    }

    pub(super) async fn run_raw(&self, lua: &Lua, args: &[String]) -> Result<Value, Error> {
        let meta = self.key("meta");
        let mut tries = 1;
        loop {
            let mut shared = self.inner.link.shared();
            let answer = call(&mut shared, lua, &meta, args).await.map_err(Error::from);
            if answer.as_ref().is_err_and(Error::is_passing) {
                self.inner.shaken.store(true, Ordering::Relaxed);
            }
            if let Err(Error::Lost) = answer {
                self.lost();
            }
            if let Err(error) = &answer {
                self.look_again(error).await;
            }
            match answer {
                Ok(value) => return Ok(value),
                Err(error) if error.is_passing() && tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(BETWEEN).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Runs a script with each of these words, all in one round trip; the answers in their order.
    /// Where that cannot be, one by one.
    pub(super) async fn run_many(
        &self,
        lua: &Lua,
        calls: &[Vec<String>],
    ) -> Result<Vec<Vec<String>>, Error> {
        // The first by itself: it finds out whether Redis knows the script.
        let Some((first, others)) = calls.split_first() else { return Ok(Vec::new()) };
        let mut answers = vec![self.run(lua, first).await?];
        let mut pipe = redis::pipe();
        for args in others {
            let mut call = redis::cmd("FCALL");
            call.arg(format!("{}_{}", lua.name, Library::ours().version));
            call.arg(1).arg(self.key("meta")).arg(args);
            pipe.add_command(call);
        }
        match self.ask_all::<Vec<Value>>(&pipe).await {
            Ok(values) if values.len() == others.len() => {
                for value in values {
                    answers.push(flat(value)?);
                }
            }
            // Each may be run twice.
            _ => {
                for args in others {
                    answers.push(self.run(lua, args).await?);
                }
            }
        }
        Ok(answers)
    }

    /// Asks one plain command.
    pub(super) async fn ask<T: FromRedisValue>(&self, cmd: &redis::Cmd) -> Result<T, Error> {
        let answer = cmd.query_async(&mut self.inner.link.shared()).await.map_err(Error::from);
        match answer {
            Err(error) if self.look_again(&error).await && error.is_elsewhere() => {
                Ok(cmd.query_async(&mut self.inner.link.shared()).await?)
            }
            answer => answer,
        }
    }

    /// Another server of a cluster may have the shard by now: another run of Redis. Whether so.
    async fn look_again(&self, error: &Error) -> bool {
        let has_moved = self.inner.link.look_again(error).await;
        if has_moved {
            self.inner.shaken.store(true, Ordering::Relaxed);
        }
        has_moved
    }

    /// Asks several plain commands at once, as of one instant.
    pub(super) async fn ask_all<T: FromRedisValue>(
        &self,
        pipe: &redis::Pipeline,
    ) -> Result<T, Error> {
        let answer = pipe.query_async(&mut self.inner.link.shared()).await.map_err(Error::from);
        match answer {
            Err(error) if self.look_again(&error).await && error.is_elsewhere() => {
                Ok(pipe.query_async(&mut self.inner.link.shared()).await?)
            }
            answer => answer,
        }
    }
}

fn is_unknown(error: &redis::RedisError) -> bool {
    error.to_string().contains("Function not found")
}

/// An answer as a flat list of texts.
pub(super) fn flat(value: Value) -> Result<Vec<String>, Error> {
    let wrong = |error: redis::ParsingError| Error::Answer(error.to_string());
    match value {
        Value::Array(items) => {
            items.into_iter().map(|item| String::from_redis_value(item).map_err(wrong)).collect()
        }
        one => Ok(vec![String::from_redis_value(one).map_err(wrong)?]),
    }
}

/// The word at `index` of an answer.
pub(super) fn word(reply: &[String], index: usize) -> Result<&str, Error> {
    let missing = || Error::Answer(format!("{} words where more were due", reply.len()));
    reply.get(index).map(String::as_str).ok_or_else(missing)
}

/// The number at `index` of an answer.
pub(super) fn int(reply: &[String], index: usize) -> Result<i64, Error> {
    let text = word(reply, index)?;
    text.parse().map_err(|_| Error::Answer(format!("`{text}` where a number was due")))
}

#[cfg(test)]
mod tests {
    use super::SHARED;

    /// The lines of a part that stand in no block: what it keeps to itself is between `do` and
    /// `end`, both of them at the beginning of their lines, as a function's end is.
    fn at_top(part: &'static str) -> impl Iterator<Item = &'static str> {
        let mut depth = 0;
        part.lines().filter(move |line| {
            let was = depth;
            let is_function = !line.starts_with(' ') && line.contains("function");
            let opens = *line == "do" || is_function && line.ends_with(')');
            match *line {
                "end" => depth -= 1,
                _ => depth += i32::from(opens && !line.starts_with("--")),
            }
            was == 0
        })
    }

    #[test]
    fn the_parts_stay_below_what_one_lua_program_may_hold() {
        let names = SHARED.iter().flat_map(|part| at_top(part));
        let names = names.filter(|line| line.starts_with("local "));
        let each = |line: &str| match line.strip_prefix("local function") {
            Some(_) => 1,
            None => line.split('=').next().unwrap_or(line).split(',').count(),
        };
        let count: usize = names.map(each).sum();
        assert!(count < 190, "{count} top-level locals of the 200 that Lua allows");
    }
}
