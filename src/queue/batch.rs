//! Calls of many workers, sent as one.
//!
//! Claims, begins and settlements that come while others are under way go together in the next
//! round trip: the server then reads the clock, its options and the fleet's caps once for all of
//! them, and writes its log to disk once. A call that comes alone goes alone, at once.

use std::collections::VecDeque;
use std::sync::Mutex;

use redis::Value;
use tokio::sync::oneshot;

use super::scripts::{self, Lua};
use super::{Error, Shard};

/// How many go together at most: a script of so many holds the server for a few milliseconds.
const MOST: usize = 32;
/// How many round trips are under way at once: while some are carried out the next travel, and what
/// has come to the server by then is written to disk at once.
const LANES: usize = 4;

/// A call of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Claim,
    Begin,
    Finish,
}

impl Verb {
    fn alone(self) -> &'static Lua {
        match self {
            Self::Claim => &scripts::CLAIM,
            Self::Begin => &scripts::BEGIN,
            Self::Finish => &scripts::FINISH,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Begin => "begin",
            Self::Finish => "finish",
        }
    }
}

type Answer = Result<Vec<String>, Error>;

struct Job {
    verb: Verb,
    args: Vec<String>,
    reply: oneshot::Sender<Answer>,
}

/// What waits for the next round trip.
#[derive(Default)]
pub(super) struct Batches(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    under_way: usize,
}

impl Batches {
    /// Adds jobs; whether the caller is to see to a round trip of its own.
    fn add(&self, jobs: impl Iterator<Item = Job>) -> bool {
        let mut waiting = self.0.lock().expect("nothing panics while it is held");
        waiting.jobs.extend(jobs);
        let goes = waiting.under_way < LANES;
        waiting.under_way += usize::from(goes);
        goes
    }

    /// The jobs of the next round trip; none: there is nothing left to do.
    fn next(&self) -> Vec<Job> {
        let mut waiting = self.0.lock().expect("nothing panics while it is held");
        // Work for a worker that has gone would wait for its lease to end.
        waiting.jobs.retain(|job| job.verb != Verb::Claim || !job.reply.is_closed());
        let some = waiting.jobs.len().min(MOST);
        waiting.under_way -= usize::from(some == 0);
        waiting.jobs.drain(..some).collect()
    }
}

impl Shard {
    /// Makes one call.
    pub(super) async fn call(&self, verb: Verb, args: Vec<String>) -> Answer {
        let mut answers = self.call_all([(verb, args)]).await?;
        Ok(answers.pop().unwrap_or_default())
    }

    /// Makes some calls, in this order and by one script, or each by its own where that cannot be.
    pub(super) async fn call_all<const N: usize>(
        &self,
        calls: [(Verb, Vec<String>); N],
    ) -> Result<Vec<Vec<String>>, Error> {
        let (jobs, answers): (Vec<_>, Vec<_>) = calls
            .map(|(verb, args)| {
                let (reply, answer) = oneshot::channel();
                (Job { verb, args, reply }, answer)
            })
            .into_iter()
            .unzip();
        if self.inner.batches.add(jobs.into_iter()) {
            let queue = self.clone();
            #[expect(clippy::disallowed_methods, reason = "others wait for it; it ends by itself")]
            tokio::spawn(async move { queue.carry().await });
        }
        let mut all = Vec::with_capacity(N);
        for answer in answers {
            all.push(answer.await.map_err(|_| Error::Answer("a call was dropped".to_owned()))??);
        }
        Ok(all)
    }

    /// Makes round trips until nothing waits.
    async fn carry(&self) {
        loop {
            let mut jobs = self.inner.batches.next();
            match jobs.len() {
                0 => return,
                1 => self.alone(jobs.remove(0)).await,
                _ => self.together(jobs).await,
            }
            // Those who were answered ask again before the next ones go: so they go together.
            tokio::task::yield_now().await;
        }
    }

    async fn alone(&self, job: Job) {
        let answer = self.run(job.verb.alone(), &job.args).await;
        // Whoever asked may have gone meanwhile.
        drop(job.reply.send(answer));
    }

    /// What fails together is asked again one by one: a server that is full refuses claims and
    /// still settles. Each call may be made twice.
    async fn together(&self, jobs: Vec<Job>) {
        let mut words = Vec::new();
        for Job { verb, args, .. } in &jobs {
            words.extend([verb.name().to_owned(), args.len().to_string()]);
            words.extend_from_slice(args);
        }
        let answers = self.run_raw(&scripts::ROUND, &words).await.and_then(lists);
        match answers {
            Ok(answers) if answers.len() == jobs.len() => {
                for (job, answer) in jobs.into_iter().zip(answers) {
                    drop(job.reply.send(Ok(answer)));
                }
            }
            _ => {
                // In their order: a worker settles before it claims.
                for job in jobs {
                    self.alone(job).await;
                }
            }
        }
    }
}

/// An answer to each call.
fn lists(answer: Value) -> Result<Vec<Vec<String>>, Error> {
    match answer {
        Value::Array(each) => each.into_iter().map(scripts::flat).collect(),
        other => Err(Error::Answer(format!("{other:?} where a list was due"))),
    }
}
