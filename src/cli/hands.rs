//! A person's hands: pause and resume, dead letters, and how the accounts stand.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use walkon_core::id::{AccountId, ActionId};

use super::client::Client;
use super::lists::{print, rows, text};
use super::out::{say, table};
use super::report::{Code, Failure};
use super::settings::{self, Kept};
use crate::web::api::hands::{Dead, Halt, PutBack};

/// `walkon pause`, `walkon resume`
#[derive(Debug, Args)]
pub(super) struct What {
    /// The whole fleet.
    #[arg(long, required_unless_present = "site")]
    all: bool,
    /// One site's accounts.
    #[arg(long, conflicts_with = "all")]
    site: Option<String>,
    /// Why, for whoever looks next.
    #[arg(long)]
    why: Option<String>,
}

/// Which dead letters.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Those that may have been done, instead of those that failed.
    #[arg(long)]
    parked: bool,
    /// Only of this account.
    #[arg(long)]
    account: Option<AccountId>,
    /// Only of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// Only those that ended with this code.
    #[arg(long)]
    code: Option<String>,
}

/// `walkon dead …`
#[derive(Debug, Subcommand)]
pub(super) enum DeadLetters {
    /// The latest, the latest first, each with its reason.
    List {
        #[command(flatten)]
        which: Which,
        /// How many.
        #[arg(long, default_value_t = 50)]
        most: usize,
    },
    /// Puts them back into their lanes, with all attempts fresh.
    Retry {
        /// These.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<ActionId>,
        /// All that match.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        which: Which,
        /// Why, for whoever looks next.
        #[arg(long)]
        why: Option<String>,
    },
}

/// `walkon pool …`
#[derive(Debug, Subcommand)]
pub(super) enum Pool {
    /// How the accounts stand: who could act now, who not, and why.
    Status {
        /// Only accounts of this site.
        #[arg(long)]
        site: Option<String>,
        /// Only accounts on this plan.
        #[arg(long)]
        plan: Option<String>,
        /// Only members of this pool.
        #[arg(long)]
        pool: Option<String>,
    },
    #[command(flatten)]
    Kept(Kept),
}

/// `walkon pause`, `walkon resume`
pub(super) async fn halt(client: &Client, path: &str, what: &What) -> Result<(), Failure> {
    let What { all, site, why } = what;
    let body = json!(Halt { all: *all, site: site.clone(), why: why.clone() }).to_string();
    let answer = client.post(&format!("/api/{path}"), body).await?;
    if client.json {
        print(&answer);
        return Ok(());
    }
    let name = site.as_ref().map_or("the fleet".to_owned(), |site| format!("site {site}"));
    match (path, answer["was_paused"].as_bool()) {
        ("pause", _) => say(&format!("{name} is paused")),
        (_, Some(false)) => say(&format!("{name} was not paused")),
        _ => say(&format!("{name} goes on")),
    }
    let left = answer["pauses"].as_array().map(Vec::as_slice).unwrap_or_default();
    for one in left.iter().filter(|_| path == "resume") {
        let what = one["site"].as_str().map_or("the fleet".to_owned(), |s| format!("site {s}"));
        say(&format!("{what} is still paused, by {}: {}", text(&one["by"]), text(&one["why"])));
    }
    Ok(())
}

/// Of a query, what has a value, with its question mark.
fn query(pairs: &[(&str, Option<String>)]) -> String {
    let said = pairs.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let url =
        reqwest::Url::parse_with_params("http://desk/", said).expect("the base is an address");
    url.query().map_or_else(String::new, |query| format!("?{query}"))
}

impl Which {
    fn dead(&self, most: Option<usize>) -> Dead {
        let (account, kind, code) = (self.account.clone(), self.kind.clone(), self.code.clone());
        Dead { parked: self.parked, account, kind, code, most }
    }

    fn is_any(&self) -> bool {
        !self.parked && self.account.is_none() && self.kind.is_none() && self.code.is_none()
    }
}

/// Lists dead letters.
pub(super) async fn dead_list(client: &Client, which: &Dead) -> Result<(), Failure> {
    let Dead { parked, account, kind, code, most } = which;
    let query = query(&[
        ("parked", parked.then(|| "true".to_owned())),
        ("account", account.as_ref().map(ToString::to_string)),
        ("kind", kind.clone()),
        ("code", code.clone()),
        ("most", most.map(|most| most.to_string())),
    ]);
    let answer = client.get(&format!("/api/dead{query}")).await?;
    if client.json {
        print(&answer["dead"]);
        return Ok(());
    }
    let heads = ["action", "state", "account", "kind", "target", "tries", "since", "code", "why"];
    rows(&answer["dead"], &heads, |row| {
        let asked = &row["action"];
        let cells = [
            &row["id"],
            &row["state"],
            &asked["account"],
            &asked["kind"],
            &asked["target"],
            &row["attempts"],
            &row["since"],
            &row["code"],
            &row["why"],
        ];
        cells.into_iter().map(text).collect()
    });
    Ok(())
}

/// `walkon dead …`
pub(super) async fn dead(client: &Client, command: &DeadLetters) -> Result<(), Failure> {
    let (ids, all, which, why) = match command {
        DeadLetters::List { which, most } => {
            return dead_list(client, &which.dead(Some(*most))).await;
        }
        DeadLetters::Retry { ids, all, which, why } => (ids, *all, which, why),
    };
    if !all && !which.is_any() {
        let what = "a choice of dead letters stands beside ids";
        return Err(Failure::new(Code::Refused, what, "write --all with the choice, or ids alone"));
    }
    let matching = all.then(|| which.dead(None));
    let body = PutBack { ids: ids.clone(), matching, why: why.clone() };
    let answer = client.post("/api/dead/retry", json!(body).to_string()).await?;
    if client.json {
        print(&answer);
    } else {
        let back = answer["back"].as_array().map_or(0, Vec::len);
        say(&format!("{back} of {} put back", text(&answer["asked"])));
    }
    let given = |id: &&ActionId| {
        let back = answer["back"].as_array();
        back.is_none_or(|back| !back.iter().any(|one| one == id.as_str()))
    };
    let not: Vec<_> = ids.iter().filter(given).map(ToString::to_string).collect();
    if all || not.is_empty() {
        return Ok(());
    }
    let what = format!("not put back: {}", not.join(", "));
    let remedy = "they are no dead letters any more, or their account is gone: walkon action show";
    Err(Failure::new(Code::Refused, what, remedy))
}

/// `walkon pool …`
pub(super) async fn pool(client: &Client, command: &Pool) -> Result<(), Failure> {
    let (site, plan, pool) = match command {
        Pool::Status { site, plan, pool } => (site, plan, pool),
        Pool::Kept(command) => return settings::kept(client, settings::POOL, command).await,
    };
    let pairs = [("site", site.clone()), ("plan", plan.clone()), ("pool", pool.clone())];
    let query = query(&pairs);
    let answer = client.get(&format!("/api/pool{query}")).await?;
    if client.json {
        print(&answer);
        return Ok(());
    }
    let names = ["total", "available", "leased", "cooling", "capped", "quarantined", "paused"];
    let names = names.into_iter().chain(["waiting"]);
    let mut lines: Vec<_> = names.map(|name| vec![name.to_owned(), text(&answer[name])]).collect();
    lines.push(vec!["without work".to_owned(), text(&answer["without_work"])]);
    let next = match &answer["next_free_at"] {
        Value::Null => "not as things are".to_owned(),
        at => text(at),
    };
    lines.push(vec!["next free at".to_owned(), next]);
    for (code, count) in answer["reasons"].as_object().into_iter().flatten() {
        lines.push(vec![format!("  by {}", code.replace('_', " ")), text(count)]);
    }
    lines.extend(answer["work"].as_array().into_iter().flatten().map(work_of));
    table(&lines);
    Ok(())
}

/// What waits for a pool's accounts, and what of a mission is under way.
fn work_of(post: &Value) -> Vec<String> {
    let mission = post["mission"].as_str().map_or(String::new(), |name| format!(", {name}"));
    let most = post["at_most"].as_u64().map_or(String::new(), |most| {
        format!(", {} of {most} under way", text(&post["under_way"]))
    });
    let name = format!("pool {}{mission}", text(&post["pool"]));
    vec![name, format!("{} waiting{most}", text(&post["waiting"]))]
}
