//! `walkon plan …`, `walkon pool …`, `walkon proxy …`: what limits accounts, groups them and lets
//! them out.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::client::Client;
use super::lists::{print, rows, text};
use super::out::say;
use super::report::{Code, Failure};

/// What is kept by name: a plan, a pool.
#[derive(Debug, Subcommand)]
pub(super) enum Kept {
    /// All of them.
    List,
    /// One of them.
    Show {
        /// Which.
        name: String,
    },
    /// Puts it in place of what it was; it holds at once, and is kept in the database.
    Set {
        /// Its name; not one of walkon.toml's.
        name: String,
        /// Its fields as in walkon.toml, or as JSON (`.json`); `-`: TOML from standard input.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// Only if there is none of that name.
        #[arg(long)]
        new: bool,
    },
    /// Removes one that nobody uses.
    Remove {
        /// Which.
        name: String,
        /// Why, for whoever looks next.
        #[arg(long)]
        why: Option<String>,
    },
}

/// `walkon proxy …`
#[derive(Debug, Subcommand)]
pub(super) enum Proxies {
    /// All of them, and whose they are.
    List,
    /// One of them.
    Show {
        /// Which.
        name: String,
    },
    /// Adds one, or puts it in place of what it was; its password is sealed.
    Add {
        /// Its name.
        name: String,
        /// `http://host:port` or `socks5://host:port`.
        address: String,
        /// The user name it asks for.
        #[arg(long)]
        username: Option<String>,
        /// The file that holds its password.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// The address its connections must leave from.
        #[arg(long)]
        exit: Option<std::net::IpAddr>,
    },
    /// Connects through it to a site, and lets go.
    Test {
        /// Which.
        name: String,
        /// To this site [default: one that may be reached].
        #[arg(long)]
        site: Option<String>,
    },
    /// Removes one that no account names.
    Remove {
        /// Which.
        name: String,
        /// Why, for whoever looks next.
        #[arg(long)]
        why: Option<String>,
    },
}

/// One sort of what is kept: how it is called, and how its list is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sort {
    name: &'static str,
    columns: &'static [&'static str],
}

/// Plans.
pub(super) const PLAN: Sort =
    Sort { name: "plan", columns: &["hourly", "daily", "hourly_rolling", "daily_rolling"] };
/// Pools.
pub(super) const POOL: Sort =
    Sort { name: "pool", columns: &["site", "plan", "strategy", "labels"] };

fn path(sort: &str, name: &str) -> String {
    // A name that is none is refused by the coordinator, in its words.
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name: String = name.chars().map(|c| if plain(c) { c } else { '!' }).collect();
    format!("/api/{}/{name}", plural(sort))
}

fn plural(sort: &str) -> &'static str {
    match sort {
        "plan" => "plans",
        "pool" => "pools",
        _ => "proxies",
    }
}

/// `walkon plan …`, `walkon pool …`
pub(super) async fn kept(client: &Client, sort: Sort, command: &Kept) -> Result<(), Failure> {
    match command {
        Kept::List => list(client, sort).await,
        Kept::Show { name } => {
            print(&client.get(&path(sort.name, name)).await?);
            Ok(())
        }
        Kept::Set { name, file, new } => {
            let body = fields(file)?.to_string();
            let answer = client.put(&path(sort.name, name), body, *new).await?;
            told(client, &answer, &format!("{} {name} holds from now on", sort.name));
            Ok(())
        }
        Kept::Remove { name, why } => remove(client, sort.name, name, why.as_ref()).await,
    }
}

async fn list(client: &Client, sort: Sort) -> Result<(), Failure> {
    let answer = client.get(&format!("/api/{}", plural(sort.name))).await?;
    if client.json {
        print(&answer);
        return Ok(());
    }
    let is_plan = sort.name == "plan";
    let mut heads = vec![sort.name, "kept in"];
    heads.extend(is_plan.then_some("accounts"));
    heads.extend(sort.columns);
    let heads: Vec<_> = heads.iter().map(|head| head.replace('_', " ")).collect();
    let heads: Vec<_> = heads.iter().map(String::as_str).collect();
    rows(&answer[plural(sort.name)], &heads, |row| {
        let kept = if row["kept"] == "file" { "walkon.toml" } else { "database" };
        let mut cells = vec![text(&row["name"]), kept.to_owned()];
        cells.extend(is_plan.then(|| text(&row["accounts"])));
        cells.extend(sort.columns.iter().map(|column| match &row[sort.name][*column] {
            Value::Object(map) if map.is_empty() => String::new(),
            value => text(value),
        }));
        cells
    });
    Ok(())
}

fn told(client: &Client, answer: &Value, words: &str) {
    if client.json {
        print(answer);
    } else {
        say(words);
    }
}

async fn remove(
    client: &Client,
    sort: &str,
    name: &str,
    why: Option<&String>,
) -> Result<(), Failure> {
    let answer = client.delete(&path(sort, name), json!({"why": why}).to_string()).await?;
    told(client, &answer, &format!("{sort} {name} is removed"));
    Ok(())
}

/// A file's text.
fn written(file: &Path) -> Result<String, Failure> {
    let read = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    };
    read.map_err(|error| Failure {
        what: format!("could not read {}", file.display()),
        causes: vec![error.to_string()],
        remedy: Some("check the path and its owner".to_owned()),
        code: Code::Refused,
    })
}

/// The fields that a file says: TOML, or JSON by its name.
fn fields(file: &Path) -> Result<Value, Failure> {
    let text = written(file)?;
    let is_json = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let read = if is_json {
        serde_json::from_str::<Map<_, _>>(&text).map_err(|error| error.to_string())
    } else {
        toml::from_str::<Map<_, _>>(&text).map_err(|error| error.to_string().trim().to_owned())
    };
    read.map(Value::Object).map_err(|why| {
        let what = format!("{}: {why}", file.display());
        Failure::new(Code::Refused, what, "write the fields alone, such as `daily = 40`")
    })
}

/// `walkon proxy …`
pub(super) async fn proxy(client: &Client, command: &Proxies) -> Result<(), Failure> {
    match command {
        Proxies::List => {
            let answer = client.get("/api/proxies").await?;
            if client.json {
                print(&answer);
                return Ok(());
            }
            let heads = ["proxy", "address", "username", "password", "exit", "accounts"];
            rows(&answer["proxies"], &heads, proxy_row);
            Ok(())
        }
        Proxies::Show { name } => {
            print(&client.get(&path("proxy", name)).await?);
            Ok(())
        }
        Proxies::Add { name, address, username, password_file, exit } => {
            let mut body = json!({"url": address});
            let mut add = |field: &str, value: Option<String>| {
                if let Some(value) = value {
                    body[field] = json!(value);
                }
            };
            add("username", username.clone());
            add("exit", exit.map(|exit| exit.to_string()));
            let password = password_file.as_deref().map(written).transpose()?;
            add("password", password.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()));
            let answer = client.put(&path("proxy", name), body.to_string(), false).await?;
            told(client, &answer, &format!("proxy {name} may be named by accounts"));
            Ok(())
        }
        Proxies::Test { name, site } => test(client, name, site.as_ref()).await,
        Proxies::Remove { name, why } => remove(client, "proxy", name, why.as_ref()).await,
    }
}

fn proxy_row(row: &Value) -> Vec<String> {
    let proxy = &row["proxy"];
    let sealed = if row["password"] == true { "sealed" } else { "" };
    let accounts = row["accounts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let shown = accounts.iter().take(5).map(text).collect::<Vec<_>>().join(", ");
    let more = accounts.len().saturating_sub(5);
    let shown = if more > 0 { format!("{shown} and {more} more") } else { shown };
    let name = row["name"].as_str().unwrap_or("of its accounts").to_owned();
    let cells = [text(&proxy["url"]), text(&proxy["username"]), sealed.to_owned()];
    [name].into_iter().chain(cells).chain([text(&proxy["exit"]), shown]).collect()
}

async fn test(client: &Client, name: &str, site: Option<&String>) -> Result<(), Failure> {
    let body = json!({"site": site}).to_string();
    let answer = client.post(&format!("{}/test", path("proxy", name)), body).await?;
    let is_good = answer["good"] == true;
    if client.json {
        print(&answer);
    } else if is_good {
        let exit = answer["exit"].as_str().map(|exit| format!(", leaving from {exit}"));
        let (to, ms) = (text(&answer["to"]), text(&answer["ms"]));
        say(&format!("{name} reaches {to} in {ms} ms{}", exit.unwrap_or_default()));
        if let Some(why) = answer["why"].as_str() {
            say(&format!("from where it leaves is not known: {why}"));
        }
    }
    if is_good {
        return Ok(());
    }
    let what = format!("the proxy `{name}` does not do: {}", text(&answer["why"]));
    Err(Failure::new(Code::Failed, what, "mend the proxy, or change it with `walkon proxy add`"))
}
