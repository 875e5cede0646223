//! What the queue keeps of an account or an action, read by the script that knows how it is kept.

use std::collections::BTreeMap;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue as _, Value};
use walkon::queue::Library;

/// Names and values; a list's values have spaces between them.
pub(crate) type Fields = BTreeMap<String, String>;

fn script(name: &str, prefix: &str) -> Cmd {
    let mut cmd = redis::cmd("FCALL");
    cmd.arg(format!("{name}_{}", Library::ours().version)).arg(1).arg(format!("{prefix}meta"));
    cmd
}

/// Loads the library as it is, for a server that the queue has given another (a mutant).
pub(crate) async fn load(raw: &mut MultiplexedConnection) {
    let mut load = redis::cmd("FUNCTION");
    let loaded = load.arg("LOAD").arg(&Library::ours().text).query_async::<()>(raw).await;
    let known = |error: redis::RedisError| error.to_string().contains("already exists");
    assert!(loaded.is_ok() || loaded.is_err_and(known), "the library loads");
}

/// Asks for the fields of each `a:<account>`, `j:<action>` or `g`.
pub(crate) fn peeking(prefix: &str, keys: &[String]) -> Cmd {
    let mut cmd = script("peek", prefix);
    cmd.arg(keys);
    cmd
}

/// Puts a thing there, with these fields.
pub(crate) fn planting(prefix: &str, key: &str, fields: &Fields) -> Cmd {
    let mut cmd = script("plant", prefix);
    cmd.arg(key).arg(fields.len());
    for (name, value) in fields {
        cmd.arg(name).arg(value);
    }
    cmd
}

/// The answer to [`peeking`]: the fields of each; none: there is no such thing.
pub(crate) fn spelled(answer: Vec<Value>) -> Vec<Fields> {
    let words = answer.into_iter().map(|word| String::from_redis_value(word).expect("text"));
    let mut words = words.peekable();
    let mut things = Vec::new();
    while let Some(count) = words.next() {
        let count: usize = count.parse().expect("a count");
        let pair = |_| (words.next().expect("a name"), words.next().expect("a value"));
        things.push((0..count).map(pair).collect());
    }
    things
}
