//! What the official API says of an account: that it answers, as whom, what its token may do, what
//! the account tells us of.

use tokio::time::Instant;
use walkon_core::account::Account;
use walkon_core::capacity::Capacity;
use walkon_core::fault::in_one_line;
use walkon_core::grading::{Found, Ill, Reach};
use walkon_core::site::Site;

use crate::coordinator::{Coordinator, Error};
use crate::graph::{self, Carrier, Graph, Refusal, TokenFacts};
use crate::store::credentials::Field;

/// What the API says.
pub(super) struct ApiFacts {
    /// `None`: it does not act by API.
    pub(super) connection: Option<Found<Reach>>,
    pub(super) token: Found<Option<jiff::Timestamp>>,
    pub(super) permissions: Found<Vec<String>>,
    pub(super) webhook: Found<Vec<String>>,
}

impl ApiFacts {
    fn skipped(why: &str) -> Self {
        Self {
            connection: None,
            token: Found::Skipped(why.to_owned()),
            permissions: Found::Skipped(why.to_owned()),
            webhook: Found::Skipped(why.to_owned()),
        }
    }
}

/// Why there is no client for an account's API.
pub(in crate::coordinator) enum NoApi {
    /// It does not act by API.
    None(String),
    /// Its token cannot be used.
    Token(String),
}

impl Coordinator {
    /// A client for an account's API.
    pub(in crate::coordinator) async fn api_of(
        &self,
        account: &Account,
    ) -> Result<Result<Graph, NoApi>, Error> {
        let site = self.catalog.sites.get(&account.site).map(|entry| &entry.site);
        let Some(base) = site.and_then(|site| site.api.as_ref()) else {
            return Ok(Err(NoApi::None("its site has no API".to_owned())));
        };
        let token = match self.store.credential(&account.id, Field::Token).await {
            Ok(token) => token,
            Err(error @ crate::store::Error::Broken(_)) => {
                return Ok(Err(NoApi::Token(in_one_line(&error))));
            }
            Err(error) => return Err(error.into()),
        };
        let Some(token) = token else {
            return Ok(Err(match account.token_file {
                Some(_) => NoApi::Token("its token is not there".to_owned()),
                None => NoApi::None("it has no API token".to_owned()),
            }));
        };
        let site = self.catalog.sites.get(&account.site).and_then(|entry| entry.site.roots());
        let carrier = match site {
            Some(roots) => Carrier::trusting(Some(roots)),
            None => self.care.carrier().cloned(),
        };
        Ok(match carrier {
            Ok(carrier) => Ok(carrier.of(base, token)),
            Err(error) => Err(NoApi::None(in_one_line(&error))),
        })
    }

    /// Asks the API, as the account; with what it said of its limits.
    pub(super) async fn ask_api(
        &self,
        account: &Account,
    ) -> (Result<ApiFacts, Error>, Option<Capacity>) {
        let graph = match self.api_of(account).await {
            Ok(Ok(graph)) => graph,
            Ok(Err(NoApi::None(why))) => return (Ok(ApiFacts::skipped(&why)), None),
            Ok(Err(NoApi::Token(why))) => {
                let mut facts = ApiFacts::skipped("it has no token that could be used");
                facts.token = Found::Ill(Ill::Credential, why);
                return (Ok(facts), None);
            }
            Err(error) => return (Err(error), None),
        };
        let site = self.catalog.sites.get(&account.site).map(|entry| &entry.site);
        let facts = match site {
            Some(site) => ask(&graph, account, site).await,
            None => ApiFacts::skipped("there is no such site"),
        };
        (Ok(facts), graph.capacity())
    }
}

async fn ask(graph: &Graph, account: &Account, site: &Site) -> ApiFacts {
    let began = Instant::now();
    let me = graph.me().await;
    let ms = began.elapsed().as_millis() as u64;
    let me = match me {
        Ok(me) => me,
        Err(error) => return unanswered(&error),
    };
    let other = (!me.username.eq_ignore_ascii_case(&account.username)).then(|| me.username.clone());
    let who = format!("the API, as {},", me.username);
    let (token, webhook) = tokio::join!(token(graph, site), webhook(graph, site));
    ApiFacts {
        connection: Some(Found::Seen(Reach { who, ms, other })),
        permissions: lacking(&token, site),
        token: match token {
            Found::Seen(facts) => Found::Seen(facts.and_then(|facts| facts.ends)),
            Found::Ill(ill, why) => Found::Ill(ill, why),
            Found::Skipped(why) => Found::Skipped(why),
        },
        webhook,
    }
}

/// A token that is refused is the token's fault, all else the connection's.
fn unanswered(error: &graph::Error) -> ApiFacts {
    let (ill, why) = ill(error);
    let mut facts = ApiFacts::skipped("the API did not answer as it should");
    if ill == Ill::Credential {
        let why = format!("the API refuses it: {why}");
        facts.connection = Some(Found::Skipped("the API refuses the token".to_owned()));
        facts.token = Found::Ill(ill, why);
    } else {
        facts.connection = Some(Found::Ill(ill, why));
    }
    facts
}

/// What a failed call says of the account.
pub(in crate::coordinator) fn ill(error: &graph::Error) -> (Ill, String) {
    match error {
        graph::Error::NeverSent { .. } | graph::Error::InDoubt { .. } => {
            (Ill::Network, error.to_string())
        }
        graph::Error::Refused { refusal, message, .. } => {
            let (ill, what) = match refusal {
                Refusal::Token => (Ill::Credential, "the token is no longer good"),
                Refusal::Limit => (Ill::Limited, "the API asks to go slower"),
                Refusal::Blocked => (
                    Ill::Blocked,
                    "the site has blocked it, or asks it to prove \
                    something",
                ),
                Refusal::Missing | Refusal::Request => (Ill::Refused, "the API refused"),
            };
            (ill, format!("{what}: {message}"))
        }
    }
}

/// What is known of the token; where the site does not say, that it is good is all that is.
async fn token(graph: &Graph, site: &Site) -> Found<Option<TokenFacts>> {
    let Some(path) = &site.connect.token_info else { return Found::Seen(None) };
    match graph.token_facts(path).await {
        Ok(facts) => Found::Seen(Some(facts)),
        Err(error) => {
            let (ill, why) = ill(&error);
            Found::Ill(ill, why)
        }
    }
}

/// Permissions that the site's kinds need and the token lacks.
pub(in crate::coordinator) fn lacking(
    token: &Found<Option<TokenFacts>>,
    site: &Site,
) -> Found<Vec<String>> {
    let needed = &site.connect.permissions;
    match token {
        _ if needed.is_empty() => Found::Skipped("its site.toml names no permissions".to_owned()),
        Found::Seen(Some(facts)) => {
            let lacks = needed.iter().filter(|scope| !facts.scopes.contains(scope));
            Found::Seen(lacks.cloned().collect())
        }
        Found::Seen(None) => {
            Found::Skipped("the platform does not say what the token may do".to_owned())
        }
        Found::Ill(..) | Found::Skipped(_) => {
            Found::Skipped("nothing is known of the token".to_owned())
        }
    }
}

async fn webhook(graph: &Graph, site: &Site) -> Found<Vec<String>> {
    let wanted = &site.connect.webhook;
    if wanted.is_empty() {
        return Found::Skipped("its site.toml names nothing it should tell us of".to_owned());
    }
    match graph.subscribed().await {
        Ok(told) => {
            Found::Seen(wanted.iter().filter(|field| !told.contains(field)).cloned().collect())
        }
        Err(error) => {
            let (ill, why) = ill(&error);
            Found::Ill(ill, why)
        }
    }
}
