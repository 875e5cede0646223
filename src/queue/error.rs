//! What can go wrong at this door, and what to do about it.

use std::borrow::Cow;
use std::path::PathBuf;

use redis::{ErrorKind, RedisError, ServerErrorKind};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What to do about a queue of another version.
pub(super) const FORM: &str = "run the version that made it, or give this one a Redis of its own";

/// The queue has another number of shards than is asked for.
pub(super) fn other_shards(found: &str, ours: &str) -> Error {
    Error::Refused {
        why: format!("its queue has {found} shards, and `queue.shards` is {ours}"),
        remedy: format!(
            "set `queue.shards = {found}`: the number is fixed when a queue is made. For another \
             number let the work end, and give walkon an empty Redis"
        ),
    }
}

/// Why the queue did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option cannot work.
    #[error("{0}")]
    Options(String),
    /// No server was named and none was started.
    #[error("no Redis was named and none was started")]
    NoUrl,
    /// The address cannot be read.
    #[error("`{url}` is not the address of a Redis")]
    Url {
        /// Without its password.
        url: String,
        /// As the client says it.
        #[source]
        source: Cause,
    },
    /// No connection, or it broke. Nothing is known of what was asked.
    #[error("redis cannot be reached")]
    Unreachable(#[source] Cause),
    /// No answer in time. Nothing is known of what was asked.
    #[error("redis did not answer in time")]
    Slow(#[source] Cause),
    /// It does not have what was asked for: another server of its cluster has. Nothing was done.
    #[error("another redis of the cluster has this part of the queue")]
    Elsewhere(#[source] Cause),
    /// It refused our credentials, or the command to them.
    #[error("redis refused the credentials")]
    Denied(#[source] Cause),
    /// It has no memory left; running work still settles.
    #[error("redis is full: it takes no new work")]
    Full(#[source] Cause),
    /// It could not write to its disk.
    #[error("redis cannot write to its disk")]
    Disk(#[source] Cause),
    /// It is a replica.
    #[error("this redis is a read-only replica")]
    ReadOnly(#[source] Cause),
    /// It was emptied, or is another one: the queue is not in it.
    #[error("redis has lost the queue: it was emptied")]
    Lost,
    /// It did not finish loading in time.
    #[error("redis is still loading its data")]
    Loading,
    /// It is not fit for this work.
    #[error("this redis is not fit to hold the queue: {why}")]
    Refused {
        /// What is wrong with it.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// An answer that no script of ours gives.
    #[error("redis answered what it should not: {0}")]
    Answer(String),
    /// The zone is not known to this build.
    #[error("`{0}` is not a time zone")]
    Zone(String),
    /// There is no `redis-server` to start.
    #[error("`{0}` is not installed")]
    Missing(String),
    /// Another process uses the data folder.
    #[error("another walkon uses the data folder `{0}`")]
    Locked(PathBuf),
    /// The socket's path is longer than the system allows.
    #[error("the path of the socket `{0}` is longer than 100 bytes")]
    LongPath(PathBuf),
    /// More waits than a forecast looks at.
    #[error("{count} actions wait; a forecast looks at {most} at most")]
    TooMany {
        /// How many wait.
        count: usize,
        /// How many it may be.
        most: usize,
    },
    /// The child did not come up.
    #[error("redis-server did not start: {0}")]
    Start(String),
    /// A file or folder could not be used.
    #[error("could not use `{path}`")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// What to do about it, where a person can do something.
    pub fn remedy(&self) -> Option<Cow<'_, str>> {
        let text = match self {
            Self::Elsewhere(_) => {
                "wait: walkon asks the cluster where it is; move no slots while the fleet runs"
            }
            Self::Refused { remedy, .. } => return Some(remedy.into()),
            Self::NoUrl => "set `queue.url`, or let the coordinator start a server of its own",
            Self::Url { .. } => "write `redis://host:6379`, `rediss://…` or `unix:///path`",
            Self::Unreachable(_) => "start redis, or correct `queue.url`",
            Self::Slow(_) => "look for slow disks or long commands (`SLOWLOG GET`) on the server",
            Self::Denied(_) => "put user and password into `queue.url`, with all commands allowed",
            Self::Full(_) => {
                "raise `maxmemory` or give the host more memory; look at `walkon doctor` for what \
                 fills it"
            }
            Self::Disk(_) => "make room on the server's disk",
            Self::ReadOnly(_) => "name the primary in `queue.url`",
            Self::Lost => {
                "a coordinator makes it anew from its books and says what was lost; find out who \
                 emptied redis (`FLUSHALL`), and keep others off it"
            }
            Self::Loading => "wait: a large log takes minutes; then start again",
            Self::Zone(_) => "use an IANA name, for example `Europe/Berlin`",
            Self::Missing(_) => {
                "install Redis 7 or Valkey (`apt install redis-server`), or set `queue.url`"
            }
            Self::Locked(_) => "stop the other one, or choose another data folder",
            Self::LongPath(_) => "choose a data folder with a shorter path",
            Self::TooMany { .. } => {
                "ask again when fewer wait; `walkon pool status` has no such limit"
            }
            Self::Folder { .. } => "check the data folder's owner, rights and free space",
            Self::Options(_) | Self::Answer(_) | Self::Start(_) => return None,
        };
        Some(text.into())
    }

    /// Whether the same call, made again, may succeed by itself.
    pub fn is_passing(&self) -> bool {
        let is_elsewhere = self.is_elsewhere();
        is_elsewhere || matches!(self, Self::Unreachable(_) | Self::Slow(_) | Self::Loading)
    }

    /// Whether another server is to be asked.
    pub(super) fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Elsewhere(_))
    }
}

impl From<RedisError> for Error {
    fn from(error: RedisError) -> Self {
        let code = error.code().unwrap_or_default().to_owned();
        let kind = error.kind();
        let is = |word: &str| code == word || error.to_string().contains(&format!("{word} "));
        match kind {
            _ if error.is_timeout() => Self::Slow(error.into()),
            ErrorKind::Server(ServerErrorKind::BusyLoading) => Self::Loading,
            ErrorKind::Server(
                ServerErrorKind::Moved | ServerErrorKind::Ask | ServerErrorKind::TryAgain,
            ) => Self::Elsewhere(error.into()),
            ErrorKind::Server(ServerErrorKind::ClusterDown) => Self::Unreachable(error.into()),
            ErrorKind::Server(ServerErrorKind::ReadOnly) => Self::ReadOnly(error.into()),
            ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm) => {
                Self::Denied(error.into())
            }
            _ if code == "NOAUTH" || code == "WRONGPASS" => Self::Denied(error.into()),
            _ if is("LOST") => Self::Lost,
            _ if is("FORM") => Self::Refused {
                why: "its queue is of another form than this walkon knows".to_owned(),
                remedy: FORM.to_owned(),
            },
            _ if is("OOM") => Self::Full(error.into()),
            _ if is("MISCONF") => Self::Disk(error.into()),
            ErrorKind::Io => Self::Unreachable(error.into()),
            _ if error.is_connection_dropped() => Self::Unreachable(error.into()),
            _ => Self::Answer(error.to_string()),
        }
    }
}
