//! What a Redis is charged with: time, memory and keys, for benches.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, cmd};
use tokio::time::Instant;

use super::{ANSWER_MAX, CONNECT_MAX, Error, check};

/// Keys looked through, and removed, in one go.
const KEYS_AT_ONCE: usize = 1000;
/// The commands that run a script.
const RUNS: [&str; 4] = ["evalsha", "eval", "fcall", "fcall_ro"];

/// A connection of its own to a server, which looks and writes nothing of the queue.
#[derive(Debug)]
pub struct Gauge {
    connection: MultiplexedConnection,
}

/// What a server has been charged with since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time of the whole process, in user and system mode.
    pub processor: Duration,
    /// Time inside scripts, the commands they call included.
    pub scripts: Duration,
    /// Scripts run.
    pub runs: u64,
}

impl Usage {
    /// What was used since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            processor: self.processor.saturating_sub(before.processor),
            scripts: self.scripts.saturating_sub(before.scripts),
            runs: self.runs.saturating_sub(before.runs),
        }
    }
}

/// A number out of `name=value,name=value`.
fn part(text: &str, name: &str) -> u64 {
    let parts = text.split(',').filter_map(|part| part.split_once('='));
    let found = parts.into_iter().find(|(key, _)| *key == name);
    found.and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
}

fn usage(processor: &BTreeMap<String, String>, commands: &BTreeMap<String, String>) -> Usage {
    let seconds = |name: &str| -> f64 {
        processor.get(name).and_then(|text| text.parse().ok()).unwrap_or(0.0)
    };
    let runs = RUNS.iter().filter_map(|name| commands.get(&format!("cmdstat_{name}")));
    let (time, runs) = runs
        .fold((0, 0), |(time, runs), row| (time + part(row, "usec"), runs + part(row, "calls")));
    Usage {
        processor: Duration::from_secs_f64(seconds("used_cpu_user") + seconds("used_cpu_sys")),
        scripts: Duration::from_micros(time),
        runs,
    }
}

impl Gauge {
    /// Connects to the server at `url`.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let client = redis::Client::open(url).map_err(|source| Error::Url {
            url: super::without_password(url),
            source: Box::new(source),
        })?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_MAX))
            .set_response_timeout(Some(ANSWER_MAX));
        let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Self { connection })
    }

    /// How many keys there are, in all its databases.
    pub async fn keys(&mut self) -> Result<u64, Error> {
        let databases = check::info(&mut self.connection, "keyspace").await?;
        Ok(databases.values().map(|row| part(row, "keys")).sum())
    }

    /// What it has been charged with so far.
    pub async fn usage(&mut self) -> Result<Usage, Error> {
        let commands = check::info(&mut self.connection, "commandstats").await?;
        Ok(usage(&check::info(&mut self.connection, "cpu").await?, &commands))
    }

    /// Bytes of memory in use, but for the key `left_out` and for what waits for the log. What
    /// clients hold is in it, so it is exact to some ten thousand bytes.
    pub async fn memory_without(&mut self, left_out: &str) -> Result<u64, Error> {
        let memory = check::info(&mut self.connection, "memory").await?;
        let bytes = |name: &str| memory.get(name).and_then(|text| text.parse::<u64>().ok());
        let used = bytes("used_memory")
            .ok_or_else(|| Error::Answer("INFO without used_memory".to_owned()))?;
        let passing = bytes("mem_aof_buffer").unwrap_or(0);
        let mut usage = cmd("MEMORY");
        usage.arg("USAGE").arg(left_out).arg("SAMPLES").arg(0);
        let out: Option<u64> = usage.query_async(&mut self.connection).await?;
        Ok(used.saturating_sub(passing + out.unwrap_or(0)))
    }

    /// Its clock, since the Unix epoch, to the microsecond.
    pub async fn time(&mut self) -> Result<Duration, Error> {
        let (seconds, micros): (u64, u64) = cmd("TIME").query_async(&mut self.connection).await?;
        Ok(Duration::from_secs(seconds) + Duration::from_micros(micros))
    }

    /// How long it takes to have one small write acknowledged, its log on disk where it is told so.
    pub async fn write(&mut self, key: &str) -> Result<Duration, Error> {
        let start = Instant::now();
        cmd("SET").arg(key).arg(1).query_async::<()>(&mut self.connection).await?;
        Ok(start.elapsed())
    }

    /// Has it go on with its log instead of writing it anew now and then: that would be measured,
    /// too, and holds every write up for as long as the disk is busy with it.
    pub async fn let_log_grow(&mut self) -> Result<(), Error> {
        let mut set = cmd("CONFIG");
        set.arg("SET").arg("auto-aof-rewrite-percentage").arg(0);
        Ok(set.query_async::<()>(&mut self.connection).await?)
    }

    /// Removes every key whose name starts with `prefix`, and no other.
    pub async fn remove_all(&mut self, prefix: &str) -> Result<(), Error> {
        // A prefix is a text, and SCAN reads a pattern.
        let plain = prefix.chars().flat_map(|c| {
            let escape = matches!(c, '*' | '?' | '[' | ']' | '\\' | '^').then_some('\\');
            escape.into_iter().chain([c])
        });
        let pattern: String = plain.chain(['*']).collect();
        let mut cursor = 0_u64;
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(KEYS_AT_ONCE);
            let (next, keys): (u64, Vec<Vec<u8>>) = scan.query_async(&mut self.connection).await?;
            if !keys.is_empty() {
                cmd("UNLINK").arg(keys).query_async::<()>(&mut self.connection).await?;
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> BTreeMap<String, String> {
        let pairs = text.lines().filter_map(|line| line.trim().split_once(':'));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn usage_adds_what_runs_scripts_and_leaves_out_what_does_not() {
        let commands = rows(
            "cmdstat_evalsha:calls=10,usec=1500,usec_per_call=150.00\n\
             cmdstat_fcall:calls=2,usec=100,usec_per_call=50.00\n\
             cmdstat_hget:calls=99,usec=9999,usec_per_call=101.00",
        );
        let processor = rows("used_cpu_sys:0.250000\nused_cpu_user:1.500000");
        let usage = usage(&processor, &commands);
        assert_eq!((usage.runs, usage.scripts), (12, Duration::from_micros(1600)));
        assert_eq!(usage.processor, Duration::from_millis(1750));
    }
}
