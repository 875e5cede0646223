//! `walkon behavior …`: drafts behavior files, says what is wrong with those there are, and tries
//! them.

use std::path::PathBuf;

use clap::Subcommand;

use super::browse::{Display, Window};
use super::client::Client;
use super::report::Failure;
use crate::config::Config;

mod check;
mod follow;
mod record;
mod run;
mod selftest;
mod write;

/// `walkon behavior …`
#[derive(Debug, Subcommand)]
pub(super) enum Behaviors {
    /// Reads behavior files and says what is wrong with them.
    Check {
        /// Files or folders [default: `fleet.behaviors`].
        paths: Vec<PathBuf>,
    },
    /// Drafts a behavior for a person to finish.
    New {
        /// The kind it does: see `walkon kind list`.
        kind: String,
        #[command(flatten)]
        place: write::Place,
    },
    /// Carries out one behavior for one account, and shows each step as it is walked.
    Run(run::Run),
    /// Carries out a site's own tests, `<site>/tests.toml`.
    Test(selftest::Test),
    /// Drafts a behavior from what you do in a browser's window, on a site of this host.
    Record(record::Record),
    /// Drafts a behavior from what Chrome's Recorder (in its developer tools) has recorded.
    Import {
        /// The recording: Recorder, Export, JSON file.
        recording: PathBuf,
        /// The kind it does: see `walkon kind list`.
        #[arg(long)]
        kind: String,
        #[command(flatten)]
        place: write::Place,
    },
}

/// `walkon behavior …`
pub(super) async fn behavior(
    config: &Config,
    client: impl FnOnce() -> Result<Client, Failure>,
    args: &Behaviors,
    (display, window): (Display, Window),
    json: bool,
) -> Result<(), Failure> {
    match args {
        Behaviors::Record(args) => record::run(config, args, &window, json).await,
        Behaviors::Run(args) => run::run(&client()?, args, display).await,
        Behaviors::Test(args) => selftest::test(config, &client()?, args).await,
        Behaviors::Check { paths } => check::check(config, paths, json),
        Behaviors::New { kind, place } => write::new(config, kind, place, json),
        Behaviors::Import { recording, kind, place } => {
            write::import(config, recording, kind, place, json)
        }
    }
}
