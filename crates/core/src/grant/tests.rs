//! The rules of a grant, each broken once.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;

const FLEET: &str = "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U";

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn shop() -> WebOrigin {
    "https://shop.example".parse().unwrap()
}

fn file() -> Value {
    json!({
        "$schema": "https://walkon.example/grant-1.json",
        "version": 1,
        "origin": "https://shop.example",
        "contact": ["mailto:web@shop.example"],
        "expires": "2027-02-01T00:00:00Z",
        "agents": [{"id": FLEET, "name": "Acme QA", "since": "a word of somebody else's"}],
        "grants": [{
            "agents": [FLEET],
            "kinds": ["like", "scroll_feed"],
            "paths": ["/"],
            "deny_paths": ["/admin/", "/*?impersonate="],
            "methods": ["GET", "POST"],
            "limits": {"window": "06:00-22:00 UTC"},
            "require_signature": true,
        }],
        "subresources": ["https://cdn.shop.example"],
    })
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut file = file();
    change(&mut file);
    file
}

fn read(file: &Value) -> Result<Document, Denied> {
    Document::read(file.to_string().as_bytes(), &shop(), now())
}

fn pass(file: &Value) -> Result<Pass, Denied> {
    read(file)?.pass(&["another".to_owned(), FLEET.to_owned()], now())
}

fn code(result: Result<impl Sized, Denied>) -> Code {
    result.err().expect("it was let through").code
}

fn request<'a>(method: &'a str, path: &'a str) -> Request<'a> {
    Request { kind: Some("like"), method, path, now: now() }
}

#[test]
fn a_good_file_grants_what_it_says() {
    let pass = pass(&file()).unwrap();
    assert_eq!(pass.agent, FLEET);
    assert!(pass.requires_signature());
    assert_eq!(pass.judge(&request("POST", "/p/7/like")).unwrap().kinds[0], "like");
    pass.judge_kind("scroll_feed", now()).unwrap();
}

#[test]
fn a_key_that_stands_twice_spoils_the_file_at_any_depth() {
    for (once, twice) in [
        ("\"version\":1", "\"version\":1,\"version\":1"),
        ("\"methods\":", "\"methods\":[\"DELETE\"],\"methods\":"),
        ("\"window\":", "\"window\":\"00:00-24:00 UTC\",\"window\":"),
    ] {
        let text = file().to_string().replacen(once, twice, 1);
        let result = Document::read(text.as_bytes(), &shop(), now());
        assert_eq!(code(result), Code::AuthorisationMalformed, "{twice}");
    }
}

#[test]
fn what_is_no_file_of_grants_is_malformed() {
    for text in ["", "[]", "null", "<html>", "{}", "{\"version\":1}", "\u{feff}{}"] {
        let result = Document::read(text.as_bytes(), &shop(), now());
        assert_eq!(code(result), Code::AuthorisationMalformed, "{text}");
    }
    for (name, value) in [
        ("version", json!(2)),
        ("agents", json!("all")),
        ("expires", json!("soon")),
        ("subresources", json!(["https://*.shop.example"])),
        ("subresources", json!(["cdn.shop.example"])),
        ("grants", json!(vec![json!({}); 65])),
    ] {
        let file = with(|file| file[name] = value.clone());
        assert_eq!(code(read(&file)), Code::AuthorisationMalformed, "{name}: {value}");
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let result = Document::read(deep.as_bytes(), &shop(), now());
    assert_eq!(code(result), Code::AuthorisationMalformed);
}

#[test]
fn a_file_over_64_kib_is_not_read() {
    let file = with(|file| file["note"] = json!("x".repeat(BYTES_MAX)));
    assert_eq!(code(read(&file)), Code::AuthorisationTooLarge);
    let room = BYTES_MAX - with(|file| file["note"] = json!("")).to_string().len();
    read(&with(|file| file["note"] = json!("x".repeat(room)))).unwrap();
}

#[test]
fn a_file_speaks_of_its_own_origin_alone() {
    for other in [
        "https://other.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://SHOP.example",
        "https://shop.example.",
        "https://*.example",
        "*",
        "",
    ] {
        let file = with(|file| file["origin"] = json!(other));
        assert_eq!(code(read(&file)), Code::AuthorisationOriginMismatch, "{other}");
    }
    read(&with(|file| file["origin"] = json!("self"))).unwrap();
}

#[test]
fn an_end_is_needed_and_lies_within_a_year() {
    let ending = |end: &str| read(&with(|file| file["expires"] = json!(end)));
    assert_eq!(code(ending("2026-11-21T12:00:00Z")), Code::AuthorisationExpired);
    assert_eq!(code(ending("2027-11-22T12:00:01Z")), Code::AuthorisationTooLong);
    ending("2027-11-22T12:00:00Z").unwrap();
    let without = with(|file| drop(file.as_object_mut().unwrap().remove("expires")));
    assert_eq!(code(read(&without)), Code::AuthorisationMalformed);
}

#[test]
fn a_grant_with_a_word_that_is_not_known_is_void() {
    for (name, value) in [
        ("kinds", json!(["like", "buy"])),
        ("methods", json!(["GET", "STEAL"])),
        ("methods", json!(["get"])),
        ("human_in_the_loop", json!(true)),
        ("paths", json!([])),
        ("paths", json!(["*"])),
        ("paths", json!(["https://other.example/"])),
        ("deny_paths", json!(["admin"])),
        ("limits", json!({"requests_per_fortnight": 1})),
        ("limits", json!({"window": "always"})),
        ("limits", json!({"requests_per_minute": -1})),
        ("require_signature", json!("yes")),
        ("expires", json!("later")),
    ] {
        let file = with(|file| file["grants"][0][name] = value.clone());
        let denied = pass(&file).expect_err(&format!("{name}: {value} was taken"));
        assert_eq!(denied.code, Code::AuthorisationVoid, "{name}: {value}");
    }
}

#[test]
fn a_void_grant_leaves_the_others_as_they_are() {
    let file = with(|file| {
        let mut odd = file["grants"][0].clone();
        odd["paths"] = json!(["/more/"]);
        odd["wish"] = json!(1);
        file["grants"].as_array_mut().unwrap().push(odd);
    });
    let document = read(&file).unwrap();
    assert_eq!((document.grants.len(), document.voids.len()), (1, 1));
    assert!(document.voids[0].why.contains("wish"), "{:?}", document.voids);
    pass(&file).unwrap();
}

#[test]
fn a_copied_file_grants_nothing_to_another_fleet() {
    let other = read(&file()).unwrap().pass(&["somebody".to_owned()], now());
    let denied = other.unwrap_err();
    assert_eq!(denied.code, Code::AgentNotListed);
    assert!(denied.fix.contains("mailto:web@shop.example"), "{denied}");
    // Named among the agents, but in no grant.
    let idle = with(|file| file["grants"][0]["agents"] = json!(["somebody"]));
    assert_eq!(code(pass(&idle)), Code::AgentNotListed);
    // Named in a grant, but not among the agents.
    let stray = with(|file| file["agents"] = json!([]));
    assert_eq!(code(pass(&stray)), Code::AgentNotListed);
}

#[test]
fn a_request_is_judged_by_kind_path_method_and_hour() {
    let pass = pass(&file()).unwrap();
    let late = "2026-11-21T22:00:00Z".parse().unwrap();
    let comment = Request { kind: Some("comment"), ..request("GET", "/") };
    for (request, expected) in [
        (comment, Code::ActionDenied),
        (request("GET", "/admin/users"), Code::PathDenied),
        (request("GET", "/%61dmin/users"), Code::PathDenied),
        (request("GET", "/cart?impersonate=ada"), Code::PathDenied),
        (request("DELETE", "/p/7"), Code::MethodDenied),
        (Request { now: late, ..request("GET", "/") }, Code::OutsideWindow),
        (Request { now: pass.expires, ..request("GET", "/") }, Code::AuthorisationExpired),
    ] {
        assert_eq!(code(pass.judge(&request)), expected, "{request:?}");
    }
    assert_eq!(code(pass.judge_kind("comment", now())), Code::ActionDenied);
    assert_eq!(code(pass.judge_kind("like", late)), Code::OutsideWindow);
    pass.grants_kind("like", late).unwrap();
}

#[test]
fn one_grant_must_cover_a_request_as_a_whole() {
    let file = with(|file| {
        let mut second = file["grants"][0].clone();
        second["kinds"] = json!(["comment"]);
        second["paths"] = json!(["/talk/"]);
        file["grants"][0]["paths"] = json!(["/p/"]);
        file["grants"].as_array_mut().unwrap().push(second);
    });
    let pass = pass(&file).unwrap();
    pass.judge(&request("GET", "/p/7")).unwrap();
    assert_eq!(code(pass.judge(&request("GET", "/talk/7"))), Code::PathDenied);
    let comment = Request { kind: Some("comment"), ..request("GET", "/talk/7") };
    pass.judge(&comment).unwrap();
}

#[test]
fn a_grant_may_end_before_its_file() {
    let soon = with(|file| file["grants"][0]["expires"] = json!("2026-11-22T00:00:00Z"));
    let document = read(&soon).unwrap();
    let ids = [FLEET.to_owned()];
    document.pass(&ids, now()).unwrap();
    let after = now() + SignedDuration::from_hours(13);
    assert_eq!(code(document.pass(&ids, after)), Code::AuthorisationExpired);
}

fn look(before: Option<Held>, found: Result<Value, Code>, minutes: i64) -> Held {
    let at = now() + SignedDuration::from_mins(minutes);
    let found = found.map(|file| (file.to_string(), None));
    Held::after_look(before, &shop(), found.map_err(|code| Denied::new(code, "told")), at)
}

fn standing(held: &Held, minutes: i64) -> Standing {
    held.standing(&[FLEET.to_owned()], now() + SignedDuration::from_mins(minutes))
}

#[test]
fn what_the_owner_takes_away_ends_at_the_next_look() {
    let held = look(None, Ok(file()), 0);
    assert!(matches!(standing(&held, 0), Standing::Open(_)));
    for evidence in [Code::AuthorisationMissing, Code::AuthorisationMalformed] {
        let gone = look(Some(held.clone()), Err(evidence), 10);
        assert_eq!(code(standing(&gone, 10).for_running()), evidence);
    }
    let next = held.look_at().unwrap();
    assert!(next.as_second() - now().as_second() < 15 * 60, "noticed too late: {next}");
}

#[test]
fn while_nothing_can_be_asked_what_runs_goes_on_for_an_hour_and_nothing_begins() {
    let held = look(None, Ok(file()), 0);
    let away = look(Some(held), Err(Code::AuthorisationUnreachable), 10);
    assert_eq!(code(standing(&away, 10).for_new()), Code::AuthorisationUnreachable);
    standing(&away, 60).for_running().unwrap();
    assert_eq!(code(standing(&away, 61).for_running()), Code::AuthorisationUnreachable);
    let back = look(Some(away), Ok(file()), 70);
    standing(&back, 70).for_new().unwrap();
}

#[test]
fn a_grant_that_nobody_looked_after_is_not_believed() {
    let held = look(None, Ok(file()), 0);
    assert_eq!(code(standing(&held, 61).for_running()), Code::AuthorisationUnreachable);
}

#[test]
fn a_signed_grant_needs_no_look_and_an_operator_may_revoke_either() {
    let mut held = Held::signed(shop(), file().to_string(), now());
    assert_eq!(held.look_at(), None);
    standing(&held, 60 * 24).for_new().unwrap();
    assert_eq!(code(standing(&held, 60 * 24 * 80).for_new()), Code::AuthorisationExpired);
    held.revoked = Some(Revoked { by: "ada".into(), why: "done".into(), at: now() });
    assert_eq!(code(standing(&held, 0).for_running()), Code::AuthorisationRevoked);
}

#[test]
fn a_site_may_ask_to_be_looked_at_sooner_but_not_later() {
    let at = |max_age| {
        let found = Ok((file().to_string(), max_age));
        let held = Held::after_look(None, &shop(), found, now());
        held.look_at().unwrap().as_second() - now().as_second()
    };
    assert_eq!([at(Some(5)), at(Some(120)), at(Some(86_400)), at(None)], [60, 120, 600, 600]);
}

/// What a second grant of the file says.
fn with_a_second(limits: Value) -> Value {
    with(|file| {
        let mut second = file["grants"][0].clone();
        second["limits"] = limits;
        second["kinds"] = json!(["follow"]);
        file["grants"].as_array_mut().unwrap().push(second);
    })
}

#[test]
fn of_several_grants_the_least_ceiling_counts_for_all_of_them() {
    let mut file = with_a_second(json!({"submits_per_minute": 3, "accounts": 5}));
    file["grants"][0]["limits"] = json!({"submits_per_minute": 9, "concurrent_sessions": 2});
    let ceilings = pass(&file).unwrap().ceilings;
    assert_eq!(
        (ceilings.submits, ceilings.sessions, ceilings.accounts),
        (Some(3), Some(2), Some(5))
    );
    assert_eq!((ceilings.requests, ceilings.navigations), (None, None));
    assert!(ceilings.counts() && ceilings.is_metered());
}

#[test]
fn the_operator_lowers_a_ceiling_and_never_raises_one() {
    let file = with(|file| file["grants"][0]["limits"] = json!({"requests_per_minute": 100}));
    let under = |limits: Value| {
        let limits: Limits = serde_json::from_value(limits).unwrap();
        pass(&file).unwrap().under(&limits).ceilings
    };
    assert_eq!(under(json!({"requests_per_minute": 60})).requests, Some(60));
    assert_eq!(under(json!({"requests_per_minute": 600})).requests, Some(100));
    let own = under(json!({"navigations_per_minute": 4_000_000_000_u32}));
    assert_eq!(own.navigations, Some(60_000), "more than that nobody means");
}

#[test]
fn a_kind_has_the_hours_of_all_grants_that_name_it() {
    let hours = |second: Value| {
        let mut file = with_a_second(second);
        file["grants"][1]["kinds"] = json!(["like", "follow"]);
        let hours = pass(&file).unwrap().ceilings.hours;
        let of = |kind: &str| hours.get(kind).map(Vec::len);
        (of("like"), of("follow"), of("scroll_feed"))
    };
    assert_eq!(hours(json!({"window": "23:00-24:00 UTC"})), (Some(2), Some(1), Some(1)));
    assert_eq!(hours(json!({})), (None, None, Some(1)), "one without hours opens it all day");
}

#[test]
fn the_schema_names_the_members_words_and_kinds_there_are() {
    let text = include_str!("../../../../docs/grant.schema.json");
    let schema: Value = serde_json::from_str(text).unwrap();
    let grant = &schema["$defs"]["grant"]["properties"];
    let names = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let whole = with(|file| {
        let limits = json!({
            "requests_per_minute": 1, "navigations_per_minute": 1, "submits_per_minute": 1,
            "concurrent_sessions": 1, "accounts": 1, "window": "06:00-22:00 UTC",
        });
        file["grants"][0]["limits"] = limits;
        file["grants"][0]["expires"] = json!("2027-01-01T00:00:00Z");
    });
    let read = read(&whole).unwrap();
    let written = serde_json::to_value(&read.grants[0]).unwrap();
    assert_eq!(names(grant), names(&written));
    assert_eq!(names(&grant["limits"]["properties"]), names(&written["limits"]));
    let kinds: Vec<_> = crate::kind::KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(grant["kinds"]["items"]["enum"], json!(kinds));
    for method in grant["methods"]["items"]["enum"].as_array().unwrap() {
        let file = with(|file| file["grants"][0]["methods"] = json!([method]));
        assert!(self::read(&file).unwrap().voids.is_empty(), "{method}");
    }
}
