//! `walkon behavior …`: drafts behavior files, and says what is wrong with those there are.

use std::path::PathBuf;

use clap::Subcommand;

use super::report::Failure;
use crate::config::Config;

mod check;
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
pub(super) fn behavior(config: &Config, args: &Behaviors, json: bool) -> Result<(), Failure> {
    match args {
        Behaviors::Check { paths } => check::check(config, paths, json),
        Behaviors::New { kind, place } => write::new(config, kind, place, json),
        Behaviors::Import { recording, kind, place } => {
            write::import(config, recording, kind, place, json)
        }
    }
}
