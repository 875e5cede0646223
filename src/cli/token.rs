//! `walkon token …`: API tokens, made and taken back in the store itself, so that the first one
//! needs none.

use std::path::PathBuf;

use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use walkon_core::action::listed;
use walkon_core::api_token::{self, ApiScope, ApiToken};
use walkon_core::audit::Note;
use walkon_core::clock::{Clock as _, SystemClock};
use walkon_core::kind::nearest;

use super::data::{data_folder, store};
use super::out::{say, table};
use super::report::{Code, Failure};
use crate::config::Config;
use crate::store::audit::Audit as _;
use crate::store::tokens::Tokens as _;
use crate::store::vault::master;

/// The longest name.
const NAME_MAX: usize = 64;

/// `walkon token …`
#[derive(Debug, Subcommand)]
pub(super) enum Tokens {
    /// Makes a token and shows it once.
    New {
        /// Whose it is, or what for; the audit log has it as who did something.
        name: String,
        /// What it allows; may be given several times.
        #[arg(long, required = true, value_parser = scope)]
        scope: Vec<ApiScope>,
        /// For how many days; 0: until it is revoked.
        #[arg(long, default_value_t = 90)]
        days: u32,
        /// A file that is not there yet, for your eyes only.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// All of them, with what they allow and when they were last used.
    List,
    /// Takes a token back at once, and signs out whoever signed in with it.
    Revoke {
        /// Its first characters, as `list` shows them.
        id: String,
    },
}

fn scope(name: &str) -> Result<ApiScope, String> {
    ApiScope::named(name).ok_or_else(|| {
        let names = ApiScope::ALL.map(ApiScope::name);
        let near = nearest(name, names);
        let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        format!("{hint}known: {}", listed(names))
    })
}

/// `walkon token …`
pub(super) async fn token(config: &Config, what: &Tokens, json: bool) -> Result<(), Failure> {
    let store = store(config, &data_folder(config)?).await?;
    let now = SystemClock.now();
    let actor = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
    let actor = actor.map_or_else(|| nix::unistd::getuid().to_string(), |user| user.name);
    let note = |action: &str, id: &str, outcome: Option<String>| Note {
        ts: now,
        actor: actor.clone(),
        action: action.to_owned(),
        subject: Some(id.to_owned()),
        outcome,
        ..Note::default()
    };
    match what {
        Tokens::List => list(&store.tokens().await?, now, json),
        Tokens::Revoke { id } => {
            if !store.revoke_token(id, now).await? {
                let what = format!("there is no token `{id}` that could be revoked");
                let remedy = "`walkon token list` shows them by their first characters";
                return Err(Failure::new(Code::Refused, what, remedy));
            }
            store.note(&note("token.revoke", id, None), None).await?;
            say(&format!("{id} is revoked"));
        }
        Tokens::New { name, scope, days, out } => {
            let (token, secret) = fresh(name, scope, *days, now)?;
            store.put_token(&token, &api_token::hash(secret.expose())).await?;
            let told = format!("{}: {}", token.name, scopes(&token));
            store.note(&note("token.new", &token.id, Some(told)), None).await?;
            if let Some(out) = out {
                let text = zeroize::Zeroizing::new(format!("{}\n", secret.expose()));
                master::write(out, &text, true).map_err(|error| Failure {
                    what: format!("could not write the token {}", out.display()),
                    causes: vec![error.to_string()],
                    remedy: Some(format!("`walkon token revoke {}`, and name another", token.id)),
                    code: Code::Host,
                })?;
                say(&format!("{} has the token {}", out.display(), token.id));
            } else if json {
                say(&json!({"token": secret.expose(), "id": token.id}).to_string());
            } else {
                say(secret.expose());
            }
        }
    }
    Ok(())
}

fn fresh(
    name: &str,
    scopes: &[ApiScope],
    days: u32,
    now: Timestamp,
) -> Result<(ApiToken, walkon_core::bundle::Secret), Failure> {
    let is_plain = !name.is_empty() && name.len() <= NAME_MAX && !name.contains(char::is_control);
    if !is_plain {
        let what = format!("a token's name has 1 to {NAME_MAX} characters in one line");
        return Err(Failure::new(Code::Refused, what, "name who uses it"));
    }
    let mut chance = [0; 32];
    getrandom::fill(&mut chance)
        .map_err(|error| Failure::new(Code::Host, error.to_string(), "start it again"))?;
    let secret = api_token::mint(&chance);
    let life = SignedDuration::from_hours(24 * i64::from(days));
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let token = ApiToken {
        id: api_token::id(secret.expose()),
        name: name.to_owned(),
        scopes,
        created: now,
        expires: (days > 0).then(|| now.saturating_add(life).unwrap_or(Timestamp::MAX)),
        revoked: None,
        used: None,
    };
    Ok((token, secret))
}

fn scopes(token: &ApiToken) -> String {
    token.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" ")
}

fn list(tokens: &[ApiToken], now: Timestamp, as_json: bool) {
    if as_json {
        say(&json!(tokens).to_string());
        return;
    }
    let heads = ["token", "name", "scopes", "made", "ends", "last used", ""];
    let day =
        |at: Option<Timestamp>| at.map_or("never".to_owned(), |at| at.strftime("%F").to_string());
    let row = |one: &ApiToken| {
        let ended = one.ended(now).unwrap_or_default().to_owned();
        let (made, ends, used) = (day(Some(one.created)), day(one.expires), day(one.used));
        vec![one.id.clone(), one.name.clone(), scopes(one), made, ends, used, ended]
    };
    let heads = heads.map(str::to_owned).to_vec();
    table(&std::iter::once(heads).chain(tokens.iter().map(row)).collect::<Vec<_>>());
}
