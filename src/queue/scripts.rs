//! The scripts: how they are put together, run and their answers read.
//!
//! Each is `#!lua` with its flags, the parts it needs, then its own file. The parts share local
//! names, so a script is one program. Every one may be run twice with the same arguments and the
//! second run changes nothing: that is why a lost answer is simply asked for again.

use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::{FromRedisValue, Script, Value};

use super::{Error, Queue};

/// What every script starts with.
const GROUND: &str = include_str!("lua/prelude.lua");
/// Limits, lanes, indexes and what becomes of an action.
const RULES: &[&str] = &[
    include_str!("lua/emit.lua"),
    include_str!("lua/zone.lua"),
    include_str!("lua/limits.lua"),
    include_str!("lua/charge.lua"),
    include_str!("lua/lane.lua"),
    include_str!("lua/index.lua"),
    include_str!("lua/fate.lua"),
    include_str!("lua/doubt.lua"),
];

/// One script, put together when it is first used.
pub(super) type Lua = LazyLock<Script>;

/// What a script may do, as Redis is told.
enum May {
    /// Refused when memory is full.
    Grow,
    /// Runs also when memory is full: work in hand must settle.
    Settle,
    /// Writes nothing.
    Read,
}

fn assemble(may: &May, parts: &[&[&str]]) -> Script {
    let (flags, writes) = match may {
        May::Grow => ("", true),
        May::Settle => (" flags=allow-oom", true),
        May::Read => (" flags=no-writes,allow-oom", false),
    };
    let body: Vec<&str> = parts.concat();
    Script::new(&format!("#!lua{flags}\nlocal WRITES = {writes}\n{GROUND}{}", body.concat()))
}

macro_rules! script {
    ($name:ident, $may:ident, $rules:expr, $($file:literal),+) => {
        pub(super) static $name: Lua = LazyLock::new(|| {
            assemble(&May::$may, &[$rules, &[$(include_str!(concat!("lua/", $file))),+]])
        });
    };
}

script!(BOOT, Settle, &[], "boot.lua");
script!(PLAN, Settle, &[], "plan.lua");
script!(ZONES, Settle, &[], "zones.lua");
script!(EXTEND, Settle, &[], "extend.lua");
script!(REINDEX, Settle, RULES, "reindex.lua");
script!(ACCOUNT, Settle, RULES, "account.lua");
script!(REMOVE, Settle, RULES, "remove.lua");
script!(ENQUEUE, Grow, RULES, "enqueue.lua");
script!(CLAIM, Grow, RULES, "claim.lua", "claim_next.lua");
script!(BEGIN, Settle, RULES, "begin.lua");
script!(FINISH, Settle, RULES, "finish.lua");
script!(RELEASE, Settle, RULES, "release.lua");
script!(REAP, Settle, RULES, "reap.lua");
script!(CANCEL, Settle, RULES, "cancel.lua");
script!(RESOLVE, Settle, RULES, "resolve.lua");
script!(REFUSE, Settle, &[], "refuse.lua");
script!(EXPLAIN, Read, RULES, "explain.lua");

/// How often a call whose answer was lost is made.
const TRIES: u32 = 2;
/// The wait between them.
const BETWEEN: Duration = Duration::from_millis(50);

impl Queue {
    /// Runs a script; its answer as a flat list of texts.
    pub(super) async fn run(&self, lua: &Lua, args: &[String]) -> Result<Vec<String>, Error> {
        let mut call = lua.key(self.key("meta"));
        call.arg(args);
        let mut tries = 1;
        loop {
            let mut shared = self.inner.shared.clone();
            let answer: Result<Value, _> = call.invoke_async(&mut shared).await;
            let answer = answer.map_err(Error::from);
            if answer.as_ref().is_err_and(Error::is_passing) {
                self.inner.shaken.store(true, Ordering::Relaxed);
            }
            match answer {
                Ok(value) => return flat(value),
                Err(error) if error.is_passing() && tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(BETWEEN).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks one plain command.
    pub(super) async fn ask<T: FromRedisValue>(&self, cmd: &redis::Cmd) -> Result<T, Error> {
        let mut shared = self.inner.shared.clone();
        Ok(cmd.query_async(&mut shared).await?)
    }

    /// Asks several plain commands at once, as of one instant.
    pub(super) async fn ask_all<T: FromRedisValue>(
        &self,
        pipe: &redis::Pipeline,
    ) -> Result<T, Error> {
        let mut shared = self.inner.shared.clone();
        Ok(pipe.query_async(&mut shared).await?)
    }
}

fn flat(value: Value) -> Result<Vec<String>, Error> {
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
    use super::RULES;

    #[test]
    fn the_parts_stay_below_what_one_lua_program_may_hold() {
        let locals = RULES.iter().chain([&super::GROUND]).flat_map(|part| part.lines());
        let count = locals.filter(|line| line.starts_with("local ")).count();
        assert!(count < 120, "{count} top-level locals of the 200 that Lua allows");
    }
}
