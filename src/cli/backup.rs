//! `walkon backup` and `walkon restore`: database, queue and recordings together.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use walkon_core::clock::{Clock as _, SystemClock};

use super::data::{data_folder, database, master_keys, store};
use super::out::say;
use super::report::{Code, Failure};
use super::roles::check_port;
use crate::backup::{self, PutBack, Source, Target};
use crate::config::Config;
use crate::store::vault::Vault;

/// `walkon backup`
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// A folder that is not there yet [default: one named by the time, below `backup.folder`].
    folder: Option<PathBuf>,
    /// Leaves the recordings out.
    #[arg(long)]
    without_recordings: bool,
}

/// `walkon restore`
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The folder that `walkon backup` made.
    folder: PathBuf,
    /// Nobody has acted since it was made: accounts go on at once, and nothing is in doubt.
    #[arg(long)]
    nothing_since: bool,
    /// What is there may be replaced; it is moved aside, or on a database server gone.
    #[arg(long)]
    yes: bool,
}

/// `walkon backup`
pub(super) async fn backup(config: &Config, args: &Backup, as_json: bool) -> Result<(), Failure> {
    let now = SystemClock.now();
    let named = &config.backup.folder;
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None if named.as_os_str().is_empty() => {
            let remedy = "name one, or set `backup.folder`";
            return Err(Failure::new(Code::Refused, "no folder is named for the backup", remedy));
        }
        None => {
            std::fs::create_dir_all(named).map_err(|error| Failure {
                what: format!("could not make {}", named.display()),
                causes: vec![error.to_string()],
                remedy: Some("check `backup.folder` and its owner".to_owned()),
                code: Code::Host,
            })?;
            named.join(now.strftime("%Y-%m-%dT%H-%M-%SZ").to_string())
        }
    };
    let data = data_folder(config)?;
    let address = database(config, &data.database())?;
    let from = Source {
        data: &data,
        address: &address,
        has_queue: config.queue.url.is_empty(),
        has_recordings: !args.without_recordings,
    };
    let made = backup::take(from, &store(config, &data).await?, &folder, now).await?;
    let keys = made.master_keys.join(", ");
    if as_json {
        say(&json!({"folder": folder, "backup": made}).to_string());
        return Ok(());
    }
    let mib = made.bytes as f64 / f64::from(1 << 20);
    let queue = if made.queue { "queue" } else { "no queue (it is on a server of its own)" };
    let recordings = match made.recordings {
        Some(count) => format!("{count} recordings"),
        None => "no recordings".to_owned(),
    };
    let folder = folder.display();
    say(&format!("{folder}: {}, {queue} and {recordings}, {mib:.1} MiB", made.database));
    say(&format!("keep the master key {keys} apart from it: without it no secret can be opened"));
    Ok(())
}

/// `walkon restore`
pub(super) async fn restore(config: &Config, args: &Restore, as_json: bool) -> Result<(), Failure> {
    check_port(config).await?;
    let data = data_folder(config)?;
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
    let by = user.map_or_else(|| nix::unistd::getuid().to_string(), |user| user.name);
    let to = Target {
        data: &data,
        address: &database(config, &data.database())?,
        vault: Vault::of(master_keys(config, data.master_key())),
        shards: config.queue.shards,
        plans: &config.plans,
        may_replace: args.yes,
        nothing_since: args.nothing_since,
        by: &by,
    };
    let done = backup::put_back(&args.folder, to, SystemClock.now()).await?;
    if as_json {
        say(&json!(done).to_string());
        return Ok(());
    }
    let PutBack { backup, resting, moved_to } = done;
    say(&format!("the backup of {} is in place", backup.at.strftime("%F %T UTC")));
    if let Some(moved_to) = moved_to {
        say(&format!("what was there before is in {}", moved_to.display()));
    }
    if args.nothing_since {
        say("start the fleet: it goes on where it was");
        return Ok(());
    }
    say(&format!(
        "{resting} accounts rest until all that they may have done since counts no more; \
         `walkon account release <id> --hold quota` lets one go on sooner"
    ));
    say("start the fleet: what may have been done since is read on the site before it is done");
    Ok(())
}
