//! What does not leave Redis by itself.

use super::{Error, Shard};

/// Actions looked at in one go.
const AT_ONCE: usize = 500;

impl Shard {
    /// Takes those out of the list of all actions that are not kept any more; returns how many.
    pub async fn sweep(&self) -> Result<u64, Error> {
        let (jobs, mut from, mut swept) = (self.key("jobs"), 0, 0);
        loop {
            let mut range = redis::cmd("ZRANGE");
            range.arg(&jobs).arg(from).arg(from + AT_ONCE - 1);
            let ids: Vec<String> = self.ask(&range).await?;
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let gone = self.unknown_of(&ids).await?;
            if !gone.is_empty() {
                swept += self.ask::<u64>(redis::cmd("ZREM").arg(&jobs).arg(&gone)).await?;
            }
            from += ids.len() - gone.len();
            if ids.len() < AT_ONCE {
                return Ok(swept);
            }
        }
    }
}
