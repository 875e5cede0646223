//! Pools and missions as the queue has them: which there are, and what waits at their posts.

use walkon_core::action::Action;
use walkon_core::id::PoolId;
use walkon_core::pool::Pools;

use super::{Error, Shard, scripts};

/// What stands before the name of a pool's post, and between pool and mission.
const MARK: char = '@';
const OF_MISSION: char = '/';

/// Where an action waits before an account takes it: its own account's lanes, or a pool's post.
pub(super) fn place(action: &Action) -> String {
    match (&action.account, &action.pool, &action.mission) {
        (Some(account), ..) => account.to_string(),
        (None, Some(pool), Some(mission)) => format!("{MARK}{pool}{OF_MISSION}{mission}"),
        (None, Some(pool), None) => format!("{MARK}{pool}"),
        // A mission without its pool: the coordinator has named it before.
        (None, None, _) => String::new(),
    }
}

/// Whether it is a post, and no account.
pub(super) fn is_post(name: &str) -> bool {
    name.starts_with(MARK)
}

/// What waits for the accounts of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostView {
    /// The pool.
    pub pool: String,
    /// The mission; `None`: work of the pool that is of none.
    pub mission: Option<String>,
    /// How many actions wait.
    pub waiting: u64,
    /// How many of the mission's are with an account and not finished; counted for a mission that
    /// has a limit.
    pub under_way: u64,
    /// At most so many at once; `None`: no limit.
    pub at_most: Option<u64>,
}

impl Shard {
    /// Writes all pools and missions; to be called before the accounts that are members of them
    /// are written.
    pub async fn set_pools(&self, pools: &Pools) -> Result<(), Error> {
        let mut args = Vec::new();
        for (name, pool) in &pools.pools {
            let fallback: Vec<_> = pool.fallback.iter().map(PoolId::as_str).collect();
            let strategy = pool.strategy.name().to_owned();
            args.extend(["pool".to_owned(), name.to_string(), strategy, fallback.join(" ")]);
        }
        for (name, mission) in &pools.missions {
            let most = mission.at_most.unwrap_or_default().to_string();
            args.extend(["mission".to_owned(), name.to_string(), mission.pool.to_string(), most]);
        }
        // A fleet without any asks nothing of the queue.
        if args.is_empty() && self.posts().await?.is_empty() {
            return Ok(());
        }
        self.run(&scripts::POOLS, &args).await.map(drop)
    }

    /// The names of all posts.
    pub(super) async fn posts(&self) -> Result<Vec<String>, Error> {
        let mut posts: Vec<String> =
            self.ask(redis::cmd("SMEMBERS").arg(self.key("posts"))).await?;
        posts.sort();
        Ok(posts)
    }

    /// What waits for the accounts of each pool, and of each mission.
    pub async fn pool_work(&self) -> Result<Vec<PostView>, Error> {
        let mut views = Vec::new();
        for post in self.posts().await? {
            let fields = self.peek_one(&format!("a:{post}")).await?;
            let text = |name: &str| fields.get(name).cloned();
            let mut pipe = redis::pipe();
            pipe.cmd("SCARD").arg(self.key(&format!("un:{post}")));
            for slot in text("ks").unwrap_or_default().split_whitespace() {
                for lane in ["q", "z"] {
                    pipe.cmd("ZCARD").arg(self.key(&format!("{lane}:{post}:{slot}")));
                }
            }
            let counts: Vec<u64> = self.ask_all(&pipe).await?;
            views.push(PostView {
                pool: text("po").unwrap_or_default(),
                mission: text("mi"),
                waiting: counts[1..].iter().sum(),
                under_way: counts[0],
                at_most: text("mo").and_then(|most| most.parse().ok()),
            });
        }
        Ok(views)
    }
}
