//! The supervisor: one parent of all the processes of a fleet on this host.
//!
//! It starts Redis (unless another is named), the coordinator and the workers, and starts each
//! again that ends by itself. All of them die with it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::data::DataFolder;
use crate::queue::{Embedded, Launch};
use crate::shutdown::Shutdown;

/// How long to wait before something is started again, doubled each time up to the most.
const AGAIN: Duration = Duration::from_millis(100);
const AGAIN_MAX: Duration = Duration::from_secs(5);
/// How long to wait before a Redis that did not come up again is tried once more.
const REDIS_AGAIN: Duration = Duration::from_millis(500);
/// How long something must have run for its ends to count from new.
const WELL: Duration = Duration::from_secs(20);
/// How often children are looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long children may take to finish what they do, and how long once they are told to end.
const STOP_MAX: Duration = Duration::from_mins(4);
const HARD_STOP_MAX: Duration = Duration::from_secs(15);
/// Exit codes that say: started again, it would end again. What it was given is wrong, or what it
/// needs is missing on this host.
const IN_VAIN: [i32; 2] = [3, 5];

/// A process that is kept running.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its name in messages: `worker 1`.
    pub name: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// What is set for it beside our own environment.
    pub env: Vec<(String, String)>,
    /// What of our own environment it is not to have.
    pub without: Vec<&'static str>,
}

struct Running {
    role: Role,
    child: Option<Child>,
    started: Instant,
    again_at: Instant,
    wait: Duration,
    /// Whether this is its first run.
    is_first: bool,
}

impl Running {
    /// The exit code by which it says that it cannot come up: it ended by itself, in its first
    /// moments. Later the same code may be passing trouble, such as a Redis that was killed too.
    fn in_vain(&self, code: Option<i32>, now: Instant) -> Option<i32> {
        let is_new = self.is_first && now - self.started < WELL;
        code.filter(|code| is_new && IN_VAIN.contains(code))
    }
}

/// The parent of a fleet's processes.
pub struct Supervisor {
    walkon: PathBuf,
    redis: Option<Embedded>,
    redis_folder: PathBuf,
    /// When it is started again, while it is away.
    redis_again_at: Option<Instant>,
    launch: Launch,
    running: Vec<Running>,
}

/// Why the fleet cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Redis did not start.
    #[error("redis could not be started")]
    Redis(#[from] crate::queue::Error),
    /// A process could not be started.
    #[error("could not start the {0}")]
    Start(String, #[source] std::io::Error),
    /// It could not come up and said why itself.
    #[error("the {role} could not start")]
    InVain {
        /// Which.
        role: String,
        /// Its exit code.
        code: i32,
    },
}

impl Supervisor {
    /// A parent without children. `walkon` is the executable they run.
    pub fn new(walkon: PathBuf, data: &DataFolder) -> Self {
        Self {
            walkon,
            redis: None,
            redis_folder: data.redis(),
            redis_again_at: None,
            launch: Launch::default(),
            running: Vec::new(),
        }
    }

    /// Starts a Redis of our own and says how to reach it.
    pub async fn start_redis(&mut self, launch: Launch) -> Result<String, Error> {
        self.launch = launch;
        let redis = Embedded::launch(&self.redis_folder, &self.launch).await?;
        let url = redis.url();
        self.redis = Some(redis);
        Ok(url)
    }

    /// Starts a process and keeps it running.
    pub fn start(&mut self, role: Role) -> Result<(), Error> {
        let child = spawn(&self.walkon, &role)?;
        let now = Instant::now();
        self.running.push(Running {
            role,
            child: Some(child),
            started: now,
            again_at: now,
            wait: AGAIN,
            is_first: true,
        });
        Ok(())
    }

    /// The process of a role, if it runs.
    pub fn pid(&self, name: &str) -> Option<u32> {
        let running = self.running.iter().find(|running| running.role.name == name)?;
        running.child.as_ref()?.id()
    }

    /// The process of our own Redis.
    pub fn redis_pid(&self) -> Option<u32> {
        self.redis.as_ref().map(Embedded::pid)
    }

    /// Keeps everything running until a soft stop.
    pub async fn watch(&mut self, shutdown: &Shutdown) -> Result<(), Error> {
        while !shutdown.soft().is_cancelled() {
            self.look().await?;
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = shutdown.soft().cancelled() => {}
            }
        }
        Ok(())
    }

    /// Looks once after everybody, and starts again what has ended.
    ///
    /// # Errors
    ///
    /// [`Error::InVain`] where a process that was never up says that it cannot be.
    pub async fn look(&mut self) -> Result<(), Error> {
        if self.redis.as_mut().is_some_and(Embedded::has_ended) {
            tracing::warn!("redis ended by itself; starting it again");
            self.redis = None;
            self.redis_again_at = Some(Instant::now());
        }
        self.start_redis_again().await;
        for running in &mut self.running {
            let now = Instant::now();
            if let Some(child) = &mut running.child {
                if let Ok(Some(status)) = child.try_wait() {
                    tracing::warn!(role = running.role.name, %status, "ended by itself");
                    running.child = None;
                    if let Some(code) = running.in_vain(status.code(), now) {
                        return Err(Error::InVain { role: running.role.name.clone(), code });
                    }
                    let is_well = now - running.started >= WELL;
                    running.wait = if is_well { AGAIN } else { (running.wait * 2).min(AGAIN_MAX) };
                    running.again_at = now + running.wait;
                }
            } else if now >= running.again_at {
                running.child = Some(spawn(&self.walkon, &running.role)?);
                running.started = now;
                running.is_first = false;
            }
        }
        Ok(())
    }

    /// It has been up, so that what keeps it from coming up again may pass: a full disk does.
    async fn start_redis_again(&mut self) {
        if self.redis_again_at.is_none_or(|at| Instant::now() < at) {
            return;
        }
        match Embedded::launch(&self.redis_folder, &self.launch).await {
            Ok(redis) => (self.redis, self.redis_again_at) = (Some(redis), None),
            Err(error) => {
                tracing::warn!(%error, "redis did not come up; it is started again soon");
                self.redis_again_at = Some(Instant::now() + REDIS_AGAIN);
            }
        }
    }

    /// Stops everybody, and Redis at the end. Workers finish what they do, all at once; a hard stop
    /// cuts that short. The coordinator stays until they have settled.
    pub async fn stop(mut self, shutdown: &Shutdown) {
        let is_worker = |running: &Running| running.role.name.starts_with("worker");
        let (workers, others) = self.running.drain(..).partition(is_worker);
        stop_all(workers, shutdown).await;
        stop_all(others, shutdown).await;
        if let Some(redis) = self.redis
            && let Err(error) = redis.stop().await
        {
            tracing::warn!(%error, "redis did not stop cleanly");
        }
    }
}

/// Asks all of them to stop and waits until they have; a second time, sharply, at a hard stop.
async fn stop_all(group: Vec<Running>, shutdown: &Shutdown) {
    let mut children: Vec<_> =
        group.into_iter().filter_map(|running| Some((running.role.name, running.child?))).collect();
    for (_, child) in &children {
        terminate(child);
    }
    let ended = async {
        for (_, child) in &mut children {
            // Whatever it answers, it is no more.
            let _ = child.wait().await;
        }
    };
    let is_done = tokio::select! {
        () = ended => true,
        () = shutdown.hard().cancelled() => false,
        () = tokio::time::sleep(STOP_MAX) => false,
    };
    if is_done {
        return;
    }
    for (_, child) in &children {
        terminate(child);
    }
    for (name, mut child) in children {
        if tokio::time::timeout(HARD_STOP_MAX, child.wait()).await.is_err() {
            tracing::warn!(role = name, "did not stop in time");
            // It is ours and past its time: what it held is taken back by the reaper.
            let _ = child.kill().await;
        }
    }
}

fn terminate(child: &Child) {
    use nix::sys::signal::{Signal, kill};
    if let Some(pid) = child.id() {
        // It may have ended in this instant: then there is nobody to tell.
        let _ = kill(nix::unistd::Pid::from_raw(pid as i32), Signal::SIGTERM);
    }
}

fn spawn(walkon: &std::path::Path, role: &Role) -> Result<Child, Error> {
    // In a group of its own, so that Ctrl-C reaches it through us, in order.
    let mut command = Command::new(walkon);
    for name in &role.without {
        command.env_remove(name);
    }
    command
        .args(&role.args)
        .arg("--die-with-parent")
        .envs(role.env.iter().cloned())
        .stdin(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Error::Start(role.name.clone(), error))
}
