//! The forecast: exact times by the scripts themselves, and nothing written where it reads.

use std::collections::BTreeMap;
use std::time::Duration;

use walkon::queue::{Fate, Forecast, HeldFor, Outlook, Scope};
use walkon_core::id::ActionId;
use walkon_core::lease::Claim;

use crate::support::redis::{Bench, done, held, person, setting};

const TEN: &str = "2026-06-01T10:00:00Z";

async fn look(bench: &Bench, outlook: &Outlook) -> Forecast {
    Forecast::look(bench.queue.options(), outlook).await.unwrap()
}

/// What becomes of each action of an account, in a few words.
fn of(forecast: &Forecast, account: &str) -> Vec<String> {
    let own = forecast.actions.iter().filter(|one| one.account == account);
    let day = |at: &jiff::Timestamp| at.strftime("%d %H:%M:%S").to_string();
    let words = own.map(|one| match &one.fate {
        Fate::Runs(at) => format!("runs {}", day(at)),
        Fate::Expires(at) => format!("expires {}", day(at)),
        Fate::Later(at) => format!("later {}", day(at)),
        Fate::Never => {
            let codes: Vec<_> = one.reasons.iter().map(|reason| reason.code.as_str()).collect();
            format!("never {}", codes.join(" "))
        }
    });
    words.collect()
}

/// Every key of the bench with its content.
async fn everything(bench: &Bench) -> BTreeMap<String, Vec<u8>> {
    let mut keys: Vec<String> = bench.ask(&["KEYS", "P:*"]).await;
    keys.sort();
    let mut all = BTreeMap::new();
    for key in keys {
        let dump: Vec<u8> = bench.ask(&["DUMP", &key]).await;
        all.insert(key, dump);
    }
    all
}

#[tokio::test]
async fn each_action_is_foreseen_to_the_second_or_said_why_it_never_runs() {
    let bench = Bench::at(TEN).await;
    bench.account("ada", "[kinds.like]\ncooldown = \"1m\"").await;
    bench.likes("ada", 3).await;
    bench.account_in("ben", "daily = 2", "Asia/Tokyo").await;
    bench.likes("ben", 3).await;
    bench.account("cid", "hours = [\"12:00-13:00\"]").await;
    bench.likes("cid", 1).await;
    bench.account("dan", "").await;
    bench.likes("dan", 1).await;
    let mut dan = setting("dan", "dan", "UTC");
    dan.held = Some(held("challenge"));
    bench.queue.put_account(&dan).await.unwrap();
    bench.account("eli", "[kinds.like]\ndaily = 0").await;
    bench.likes("eli", 1).await;
    bench.account("fay", "hours = [\"12:00-13:00\"]").await;
    bench.add("fay", "like", r#","expires_at":"2026-06-01T11:00:00Z""#).await;
    bench.account("gus", "[kinds.like]\ncooldown = \"48h\"").await;
    bench.likes("gus", 2).await;
    bench.account("hal", "").await;
    bench.add("hal", "like", r#","not_before":"2026-06-01T23:00:00Z""#).await;
    let mut ina = setting("ina", "free", "UTC");
    let until = Some("2026-06-01T10:30:00Z".parse().unwrap());
    ina.held = Some(HeldFor { until, ..held("quota") });
    bench.queue.put_account(&ina).await.unwrap();
    bench.likes("ina", 1).await;
    let before = everything(&bench).await;

    let forecast = look(&bench, &Outlook::default()).await;
    assert_eq!(of(&forecast, "ada"), ["runs 01 10:00:00", "runs 01 10:01:30", "runs 01 10:03:00"]);
    assert_eq!(of(&forecast, "ben"), ["runs 01 10:00:00", "runs 01 10:00:30", "runs 01 15:00:00"]);
    assert_eq!(of(&forecast, "cid"), ["runs 01 12:00:00"]);
    assert_eq!(of(&forecast, "dan"), ["never held"]);
    assert_eq!(of(&forecast, "eli"), ["never kind_daily_cap"]);
    assert_eq!(of(&forecast, "fay"), ["expires 01 11:00:00"]);
    assert_eq!(of(&forecast, "gus"), ["runs 01 10:00:00", "later 03 10:00:30"]);
    assert_eq!(of(&forecast, "hal"), ["runs 01 23:00:00"]);
    assert_eq!(of(&forecast, "ina"), ["runs 01 10:30:00"]);
    assert_eq!(forecast.until.as_second() - forecast.from.as_second(), 24 * 3600);
    assert_eq!(everything(&bench).await, before, "nothing was written");
    let now = bench.drain("w1").await;
    assert_eq!(now, 4, "one of ada, two of ben while the clock stands, one of gus");
}

#[tokio::test]
async fn the_fleet_does_as_was_foreseen() {
    let bench = Bench::at(TEN).await;
    let kinds = "[kinds.like]\ncooldown = \"7m\"\nhourly = 4\n[kinds.follow]\ncooldown = \"11m\"";
    let limits = format!("hourly = 6\nburst = {{ size = 2, interval = \"3m\" }}\n{kinds}");
    for id in ["ada", "ben", "cid"] {
        bench.account(id, &limits).await;
        bench.likes(id, 6).await;
        for _ in 0..4 {
            bench.add(id, "follow", "").await;
        }
    }
    let caps = walkon::queue::FleetCaps { hourly: Some(15), daily: None };
    bench.queue.set_fleet_caps(&caps).await.unwrap();
    let forecast = look(&bench, &Outlook { slots: Some(2), ..Outlook::default() }).await;
    let foreseen: BTreeMap<ActionId, _> = forecast
        .actions
        .iter()
        .map(|one| match one.fate {
            Fate::Runs(at) => (one.action.clone(), at),
            ref other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(foreseen.len(), 30);
    // Now for real: two workers, half a minute each, looked at every second.
    let (mut running, mut really) = (Vec::new(), BTreeMap::new());
    for _ in 0..4 * 3600 {
        let now = bench.now();
        let ended = |(until, _): &mut (jiff::Timestamp, _)| *until <= now;
        for (_, claimed) in running.extract_if(.., ended).collect::<Vec<_>>() {
            bench.settle(&claimed, &done()).await;
        }
        while running.len() < 2 {
            let Claim::Work(claimed) = bench.try_claim("w1").await else { break };
            really.insert(claimed.id.clone(), now);
            running.push((now + Duration::from_secs(30), *claimed));
        }
        if really.len() == 30 {
            break;
        }
        bench.pass(Duration::from_secs(1)).await;
    }
    assert_eq!(really, foreseen);
}

#[tokio::test]
async fn what_runs_already_is_taken_to_end_well() {
    let bench = Bench::at(TEN).await;
    bench.account("ada", "[kinds.like]\ncooldown = \"1m\"").await;
    bench.likes("ada", 2).await;
    let running = bench.claim("w1").await;
    let forecast = look(&bench, &Outlook::default()).await;
    assert_eq!(of(&forecast, "ada"), ["runs 01 10:01:30"]);
    bench.settle(&running, &done()).await;
}

#[tokio::test]
async fn in_a_paused_fleet_nothing_runs_and_in_a_paused_site_nothing_of_it() {
    let bench = Bench::at(TEN).await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    let mut ben = setting("ben", "free", "UTC");
    "elsewhere".clone_into(&mut ben.site);
    bench.queue.put_account(&ben).await.unwrap();
    bench.likes("ben", 1).await;
    bench.queue.pause(&Scope::Site("plaza".into()), &person("a deploy")).await.unwrap();
    let forecast = look(&bench, &Outlook::default()).await;
    assert_eq!(of(&forecast, "ada"), ["never paused"]);
    assert_eq!(of(&forecast, "ben"), ["runs 01 10:00:00"]);
    bench.queue.pause(&Scope::Fleet, &person("all of it")).await.unwrap();
    let forecast = look(&bench, &Outlook::default()).await;
    assert_eq!(of(&forecast, "ben"), ["never paused"]);
}

#[tokio::test]
async fn a_pools_work_is_foreseen_with_who_has_room_when() {
    let bench = crate::queue::pools::fleet(
        "[pools.crew]\nsite = \"plaza\"\n[missions.welcome]\npool = \"crew\"\nat_most = 1\n",
    )
    .await;
    let plan = "[kinds.like]\ncooldown = \"10m\"";
    for id in ["ada", "ben"] {
        crate::queue::pools::member(&bench, id, plan, &["crew"]).await;
    }
    crate::queue::pools::in_order(&bench, crate::queue::pools::CREW, 4).await;
    let before = everything(&bench).await;
    let outlook = Outlook { browser: Duration::from_mins(1), ..Outlook::default() };
    let forecast = look(&bench, &outlook).await;
    assert_eq!(everything(&bench).await, before);
    let first = "runs 01 12:00:00";
    let second = "runs 01 12:11:00";
    assert_eq!(of(&forecast, "pool crew"), [first, first, second, second]);
    // One that is under way of a mission keeps the next until it ends.
    crate::queue::pools::in_order(&bench, crate::queue::pools::WELCOME, 3).await;
    let claimed = bench.claim("w1").await;
    let forecast = look(&bench, &outlook).await;
    let times = of(&forecast, "pool crew/welcome");
    let taken = usize::from(claimed.action.mission.is_some());
    assert_eq!(times.len(), 3 - taken);
    let mut apart = times.clone();
    apart.dedup();
    assert_eq!(apart, times, "no two at once");
}
