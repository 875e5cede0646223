//! Which way an action goes: a pure function of what is known of the account and its site.
//!
//! The answer for `auto` is kept on the account in Redis, one a kind, so that every claim reads a
//! fresh one. The official API is preferred where it can do the work: it is what the site offers to
//! programs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::action::{Refuse, RouteWish, listed};
use crate::grant::Access;
use crate::kind::{KINDS, Kind};
use crate::lease::Class;

/// What routing needs to know of an account and its site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The account's site, for sentences.
    pub site: String,
    /// The site has an API and the account a token for it.
    pub token: bool,
    /// Kinds that the site has behaviors for.
    pub behaviors: Vec<String>,
    /// How the site may be reached by browser.
    pub access: Access,
    /// When this is asked: grants end.
    pub now: Timestamp,
}

/// The answer, with its reason in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    /// By which means.
    pub class: Class,
    /// Why.
    pub reason: String,
}

/// Decides the way of one kind for one account.
pub fn route(kind: &Kind, wish: RouteWish, facts: &Facts) -> Result<Routing, Refuse> {
    let api = by_api(kind, facts);
    let browser = by_browser(kind, facts);
    match wish {
        RouteWish::Api => api,
        RouteWish::Browser => browser,
        RouteWish::Auto => match (api, browser) {
            (Ok(routing), _) | (Err(_), Ok(routing)) => Ok(routing),
            (Err(api), Err(browser)) => Err(neither(kind, &api, browser)),
        },
    }
}

/// The answers of `auto` for every kind, as they are kept on the account.
pub fn table(facts: &Facts) -> Vec<(&'static str, Option<Class>)> {
    let answer = |kind: &'static Kind| route(kind, RouteWish::Auto, facts).ok();
    KINDS.iter().map(|kind| (kind.name, answer(kind).map(|routing| routing.class))).collect()
}

fn by_api(kind: &Kind, facts: &Facts) -> Result<Routing, Refuse> {
    if !kind.api {
        let why = format!("the official API has no `{}`", kind.name);
        return Err(Refuse::new("no_api_route", why, "leave `route` out, or use `browser`"));
    }
    if !facts.token {
        let why = format!("the account has no API token for {}", facts.site);
        return Err(Refuse::new("no_token", why, "give the account a `token_file`"));
    }
    let reason =
        format!("{} offers `{}` by its API and the account has a token", facts.site, kind.name);
    Ok(Routing { class: Class::Api, reason })
}

fn by_browser(kind: &Kind, facts: &Facts) -> Result<Routing, Refuse> {
    if !kind.browser {
        let why = format!("`{}` is done through the official API only", kind.name);
        return Err(Refuse::new("no_browser_route", why, "leave `route` out, or use `api`"));
    }
    if !facts.behaviors.iter().any(|name| name == kind.name) {
        let known = listed(facts.behaviors.iter().map(String::as_str));
        let why = format!("{} has no behavior for `{}`; it has {known}", facts.site, kind.name);
        let remedy = format!("write behaviors/{}/{}.toml", facts.site, kind.name);
        return Err(Refuse::new("no_behavior", why, remedy));
    }
    facts
        .access
        .allows_kind(kind.name, &facts.site, facts.now)
        .map_err(|denied| Refuse::new(denied.code.name(), denied.why, denied.fix))?;
    let reason = format!("{} has a behavior for `{}`", facts.site, kind.name);
    Ok(Routing { class: Class::Browser, reason })
}

fn neither(kind: &Kind, api: &Refuse, browser: Refuse) -> Refuse {
    if !kind.api {
        return browser;
    }
    let why = format!("{}, and {}", api.why, browser.why);
    Refuse::new("no_route", why, format!("{}; or {}", api.remedy, browser.remedy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::find;

    fn plaza(token: bool, loopback: bool) -> Facts {
        let behaviors = ["like", "comment"].map(str::to_owned).to_vec();
        let access = if loopback { Access::Exempt(None) } else { Access::Unasked };
        Facts { site: "plaza".to_owned(), token, behaviors, access, now: Timestamp::UNIX_EPOCH }
    }

    fn class(kind: &str, wish: RouteWish, facts: &Facts) -> Result<Class, String> {
        let kind = find(kind).unwrap();
        route(kind, wish, facts).map(|routing| routing.class).map_err(|refuse| refuse.code)
    }

    #[test]
    fn the_official_api_is_preferred_and_a_browser_is_the_other_way() {
        assert_eq!(class("comment", RouteWish::Auto, &plaza(true, true)), Ok(Class::Api));
        assert_eq!(class("comment", RouteWish::Auto, &plaza(false, true)), Ok(Class::Browser));
        assert_eq!(class("comment", RouteWish::Browser, &plaza(true, true)), Ok(Class::Browser));
    }

    #[test]
    fn nobody_acts_by_browser_where_it_was_not_granted() {
        let foreign = plaza(false, false);
        for wish in [RouteWish::Auto, RouteWish::Browser] {
            assert_eq!(class("like", wish, &foreign), Err("authorisation_missing".to_owned()));
        }
    }

    #[test]
    fn what_no_route_can_do_is_refused_with_both_reasons() {
        assert_eq!(class("like", RouteWish::Api, &plaza(true, true)), Err("no_api_route".into()));
        assert_eq!(
            class("hide_comment", RouteWish::Auto, &plaza(false, true)),
            Err("no_route".into())
        );
        assert_eq!(class("follow", RouteWish::Auto, &plaza(true, true)), Err("no_behavior".into()));
    }

    #[test]
    fn the_table_has_an_answer_for_every_kind() {
        let table = table(&plaza(true, true));
        assert_eq!(table.len(), KINDS.len());
        assert!(table.contains(&("like", Some(Class::Browser))));
        assert!(table.contains(&("scroll_feed", None)));
    }
}
