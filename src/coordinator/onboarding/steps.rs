//! The steps of an onboarding, but for the sign-in. Each may be done twice.

use walkon_core::account::Account;
use walkon_core::account::Standing;
use walkon_core::action::RouteWish;
use walkon_core::fault::in_one_line;
use walkon_core::grading::{self, Found, Ill};
use walkon_core::grant::Access;
use walkon_core::health::Level;
use walkon_core::kind;
use walkon_core::lease::Class;
use walkon_core::onboarding::Onboarding;
use walkon_core::routing;

use super::Went;
use crate::coordinator::health::{NoApi, ill, lacking};
use crate::coordinator::secrets::read_secrets;
use crate::coordinator::{Coordinator, Error};
use crate::graph::{self, Graph};
use crate::store::credentials::Field;

/// What to do where the API says no.
fn fix_of(ill: Ill) -> &'static str {
    match ill {
        Ill::Credential => "write a good one into its file, and onboard it again",
        Ill::Network => "mend the way to it, and onboard it again",
        Ill::Limited => "wait until the platform lets calls through, and onboard it again",
        Ill::Challenged | Ill::Blocked => "sort it out with the site as a person, then onboard it",
        Ill::Refused => "look whether the site's `api` in site.toml is the right one",
    }
}

fn no(error: &graph::Error) -> Went {
    let (ill, why) = ill(error);
    Went::failed(why, fix_of(ill))
}

impl Coordinator {
    /// Reads its files once more: who has corrected one need not import it first.
    pub(super) async fn look_at_credentials(&self, account: &Account) -> Result<Went, Error> {
        let opened = self.opened(&[&account.id]).await?;
        match read_secrets(account, &opened) {
            Ok(changes) => self.keep_secrets(&account.id, changes).await?,
            Err((what, remedy)) => return Ok(Went::failed(what, remedy)),
        }
        let mut there = Vec::new();
        for (field, name) in [
            (Field::Token, "an API token"),
            (Field::Password, "a password"),
            (Field::ProxyPassword, "its proxy's password"),
        ] {
            match self.store.credential(&account.id, field).await {
                Ok(Some(_)) => there.push(name),
                Ok(None) => {}
                Err(error @ crate::store::Error::Broken(_)) => {
                    let remedy = error.remedy().into_owned();
                    return Ok(Went::failed(in_one_line(&error), remedy));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let facts = self.facts(account);
        let acts = |class| self.acts_by(account, class);
        if !acts(Class::Api) && !acts(Class::Browser) {
            let why = format!("there is nothing it could do on {}", account.site);
            return Ok(Went::failed(why, "give it a `token_file`, or the site behaviors"));
        }
        let signs_in = facts.behaviors.iter().any(|name| name == super::sign_in::KIND);
        let has = |name: &str| there.contains(&name);
        let state = self.store.state(&account.id).await;
        let is_in = matches!(&state, Ok(Some(_)));
        let by_browser = matches!(facts.access, Access::Exempt(_) | Access::Granted(_));
        if signs_in && by_browser && !facts.token && !has("a password") && !is_in {
            let why = "it has neither a password to sign in with nor an API token";
            return Ok(Went::failed(why, "give it a `password_file` or a `token_file`"));
        }
        Ok(match there.as_slice() {
            [] => Went::skipped("it needs none"),
            some => Went::done(format!("it has {}", some.join(" and "))),
        })
    }

    /// A client for its API, or why the step is over without one.
    async fn api_or(&self, account: &Account) -> Result<Result<Graph, Went>, Error> {
        Ok(self.api_of(account).await?.map_err(|none| match none {
            NoApi::None(why) => Went::skipped(why),
            NoApi::Token(why) => Went::failed(why, fix_of(Ill::Credential)),
        }))
    }

    pub(super) async fn look_at_permissions(&self, account: &Account) -> Result<Went, Error> {
        let graph = match self.api_or(account).await? {
            Ok(graph) => graph,
            Err(went) => return Ok(went),
        };
        let Some(entry) = self.catalog.sites.get(&account.site) else {
            return Ok(Went::skipped("there is no such site"));
        };
        let site = &entry.site;
        let Some(path) = &site.connect.token_info else {
            return Ok(Went::skipped("its site.toml does not say where tokens are told of"));
        };
        let facts = match graph.token_facts(path).await {
            Ok(facts) => facts,
            Err(error) => return Ok(no(&error)),
        };
        let ends =
            facts.ends.map_or_else(|| "has no end".to_owned(), |ends| format!("ends {ends}"));
        Ok(match lacking(&Found::Seen(Some(facts)), site) {
            Found::Seen(lacks) if lacks.is_empty() => {
                Went::done(format!("it may do what is needed; it {ends}"))
            }
            Found::Seen(lacks) => Went::failed(
                format!("its token lacks {}", lacks.join(", ")),
                "let its owner sign in again and leave every permission ticked",
            ),
            Found::Skipped(why) | Found::Ill(_, why) => Went::skipped(why),
        })
    }

    pub(super) async fn try_connection(&self, account: &Account) -> Result<Went, Error> {
        let graph = match self.api_of(account).await? {
            Ok(graph) => graph,
            Err(NoApi::Token(why)) => return Ok(Went::failed(why, fix_of(Ill::Credential))),
            Err(NoApi::None(_)) => return self.try_way_out(account).await,
        };
        let me = match graph.me().await {
            Ok(me) => me,
            Err(error) => return Ok(no(&error)),
        };
        if !me.username.eq_ignore_ascii_case(&account.username) {
            let why = format!("the API takes its token for `{}`'s", me.username);
            let fix = "give it its own token, or correct its `username`";
            return Ok(Went::failed(why, fix));
        }
        Ok(Went::done(format!("the API answers, and takes it for {}", me.username)))
    }

    async fn try_way_out(&self, account: &Account) -> Result<Went, Error> {
        let (way, proxy) = self.try_way(account).await?;
        if let Found::Ill(ill, why) = proxy {
            return Ok(Went::failed(why, fix_of(ill)));
        }
        Ok(match way {
            Found::Seen(reach) => Went::done(format!("{} answers in {} ms", reach.who, reach.ms)),
            Found::Ill(ill, why) => Went::failed(why, fix_of(ill)),
            Found::Skipped(why) => Went::skipped(why),
        })
    }

    pub(super) fn look_for_grant(&self, account: &Account) -> Went {
        match self.grant(account) {
            Found::Seen(days) => Went::done(format!("it is good for {days} days")),
            Found::Ill(_, why) => Went::failed(why, "ask the site to publish it anew"),
            Found::Skipped(why) => Went::skipped(why),
        }
    }

    /// Lets the account tell us of what its site names; what it tells of already stays.
    pub(super) async fn subscribe(&self, account: &Account) -> Result<Went, Error> {
        let graph = match self.api_or(account).await? {
            Ok(graph) => graph,
            Err(went) => return Ok(went),
        };
        let site = self.catalog.sites.get(&account.site).map(|entry| &entry.site);
        let wanted = site.map(|site| site.connect.webhook.clone()).unwrap_or_default();
        if wanted.is_empty() {
            return Ok(Went::skipped("its site.toml names nothing it should tell us of"));
        }
        let mut all = match graph.subscribed().await {
            Ok(told) => told,
            Err(error) => return Ok(no(&error)),
        };
        let words = wanted.join(", ");
        if wanted.iter().all(|field| all.contains(field)) {
            return Ok(Went::done(format!("it tells us of {words} already")));
        }
        all.extend(wanted);
        all.sort();
        all.dedup();
        Ok(match graph.subscribe(&all).await {
            Ok(()) => Went::done(format!("it tells us of {words} from now on")),
            Err(error) => no(&error),
        })
    }

    pub(super) async fn put_plan(&self, account: &Account) -> Result<Went, Error> {
        if let Err((what, remedy)) = self.check_account(account) {
            return Ok(Went::failed(what, remedy));
        }
        self.enroll(&account.id).await?;
        Ok(Went::done(format!("plan `{}` limits it", account.plan)))
    }

    pub(super) async fn look_at_publishing(&self, account: &Account) -> Result<Went, Error> {
        let publish = kind::find("publish").expect("it is a kind");
        match routing::route(publish, RouteWish::Auto, &self.facts(account)) {
            Err(refuse) => Ok(Went::skipped(refuse.why)),
            Ok(way) if way.class == Class::Browser => {
                Ok(Went::done("it publishes by its browser, through its own lane"))
            }
            Ok(_) => {
                let graph = match self.api_or(account).await? {
                    Ok(graph) => graph,
                    Err(went) => return Ok(went),
                };
                Ok(match graph.publishing().await {
                    Ok(limit) => Went::done(format!(
                        "it publishes by API, through its own lane: {} of {} used in a day",
                        limit.used, limit.most
                    )),
                    Err(error) => no(&error),
                })
            }
        }
    }

    pub(super) async fn look_at_limits(&self, account: &Account) -> Result<Went, Error> {
        let graph = match self.api_or(account).await? {
            Ok(graph) => graph,
            Err(went) => return Ok(went),
        };
        if let Err(error) = graph.me().await {
            return Ok(no(&error));
        }
        let Some(said) = graph.capacity() else {
            return Ok(Went::skipped("the platform says nothing of its limits"));
        };
        self.note_capacity(&account.id, &said).await?;
        Ok(Went::done(format!("{} % of the platform's limit `{}` is used", said.used, said.limit)))
    }

    /// Checks it as a whole; what is kept is its first report.
    pub(super) async fn look_at_whole(
        &self,
        standing: &Standing,
        one: &Onboarding,
    ) -> Result<Went, Error> {
        let id = &standing.account.id;
        let facts = self.look_at(standing).await?;
        let limits = &self.care.options().health.limits;
        let report = grading::grade(id, &facts, None, limits, self.now());
        self.store.keep_health(&report).await?;
        if one.has_failed() {
            return Ok(Went::done("it is written down that a step has failed"));
        }
        Ok(match report.level {
            Level::Critical => Went::failed(report.why(), report.fix()),
            level => Went::done(format!("it is {}", level.name())),
        })
    }
}
