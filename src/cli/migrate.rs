//! `walkon migrate …`: the shape of the database's tables, on the database itself.

use clap::Subcommand;
use serde_json::json;

use super::data::{data_folder, data_path, database};
use super::out::{say, table};
use super::report::{Code, Failure};
use crate::config::Config;
use crate::store::schema::Schema;

/// `walkon migrate …`
#[derive(Debug, Subcommand)]
pub(super) enum Migrate {
    /// Brings the tables up to date; a coordinator does the same when it starts.
    Up,
    /// Takes the latest changes back, and with them what their tables hold.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1)]
        steps: u32,
        /// That what these tables hold is to be lost.
        #[arg(long)]
        yes: bool,
    },
    /// Which changes the database has and which it needs.
    Status,
}

/// `walkon migrate …`
pub(super) async fn migrate(config: &Config, what: &Migrate, json: bool) -> Result<(), Failure> {
    // Only `up` makes a data folder that is not there.
    let embedded = match what {
        Migrate::Up if config.store.url.expose().is_empty() => data_folder(config)?.database(),
        _ => data_path(config)?.join("walkon.db"),
    };
    let address = database(config, &embedded)?;
    match what {
        Migrate::Up => told(json, "applied", &Schema::up(&address).await?),
        Migrate::Down { yes: false, .. } => {
            let what = format!("nothing was done to {}", address.shown());
            let remedy = "make a backup, then add --yes: what these tables hold is lost";
            return Err(Failure::new(Code::Refused, what, remedy));
        }
        Migrate::Down { steps, .. } => {
            told(json, "taken_back", &Schema::down(&address, *steps).await?);
        }
        Migrate::Status => status(json, &Schema::of(&address).await?),
    }
    Ok(())
}

fn told(as_json: bool, what: &str, names: &[String]) {
    if as_json {
        say(&json!({ what: names }).to_string());
        return;
    }
    for name in names {
        say(&format!("{} {name}", what.replace('_', " ")));
    }
    if names.is_empty() {
        say("nothing to do");
    }
}

fn status(as_json: bool, schema: &Schema) {
    if as_json {
        say(&json!(schema).to_string());
        return;
    }
    say(&schema.database);
    let rows = |names: &[String], word: &str| {
        names.iter().map(|name| vec![name.clone(), word.to_owned()]).collect::<Vec<_>>()
    };
    let mut all = rows(&schema.applied, "applied");
    all.extend(rows(&schema.pending, "pending"));
    all.extend(rows(&schema.unknown, "of a newer Walkon"));
    table(&all);
}
