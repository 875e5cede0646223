//! What an origin lets the whole fleet do: in a minute, at once, in a day, and at which hours.

pub(crate) mod chance;

use std::time::Duration;

use walkon::queue::{AccountSetting, Begun};
use walkon_core::grant::{Ceilings, Metered};
use walkon_core::lease::{Claim, Claimed};

use crate::support::redis::{Bench, done, options, plan, setting};

pub(crate) const SHOP: &str = "https://shop.test";
const NOON: &str = "2026-06-01T12:00:00Z";

/// An account on the shop.
pub(crate) fn at_the_shop(id: &str) -> AccountSetting {
    AccountSetting { origin: Some(SHOP.to_owned()), ..setting(id, id, "UTC") }
}

impl Bench {
    /// A shop that lets the fleet do so much, with three accounts that each want to like twice.
    async fn shop(ceilings: Ceilings) -> Self {
        let bench = Self::at(NOON).await;
        bench.open_shop(&ceilings).await;
        for id in ["ada", "ben", "cyd"] {
            bench.likes(id, 2).await;
        }
        bench
    }

    pub(crate) async fn open_shop(&self, ceilings: &Ceilings) {
        self.queue.set_ceilings(SHOP, ceilings).await.unwrap();
        for id in ["ada", "ben", "cyd"] {
            self.queue.set_plan(id, &plan("")).await.unwrap();
            self.queue.put_account(&at_the_shop(id)).await.unwrap();
        }
    }

    /// Claims and commits until nothing may; how many did.
    async fn commits(&self) -> usize {
        let mut count = 0;
        while let Claim::Work(claimed) = self.try_claim("w1").await {
            let begun = self.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
            assert_eq!(begun, Begun::Go);
            self.settle(&claimed, &done()).await;
            count += 1;
        }
        count
    }

    async fn slice(&self, work: &Claimed, what: Metered, many: u32) -> (u32, u64) {
        let slice = self.queue.slice(&work.lease, what, many).await.unwrap();
        let slice = slice.expect("the lease is live");
        (slice.granted, slice.wait_ms)
    }
}

#[tokio::test]
async fn commits_of_all_accounts_are_counted_together_by_the_minute() {
    let bench = Bench::shop(Ceilings { submits: Some(4), ..Ceilings::default() }).await;
    assert_eq!(bench.commits().await, 4);
    bench.pass(Duration::from_mins(1)).await;
    assert_eq!(bench.commits().await, 0, "a minute, and what a commit may be late");
    bench.pass(Duration::from_secs(8)).await;
    assert_eq!(bench.commits().await, 2);
    bench.check().await;
}

#[tokio::test]
async fn looking_commits_nothing() {
    let bench = Bench::shop(Ceilings { submits: Some(0), ..Ceilings::default() }).await;
    bench.add("ada", "scroll_feed", "").await;
    assert_eq!(bench.claim_done("w1").await.action.kind, "scroll_feed");
    assert_eq!(bench.idle("w1").await, None, "a ceiling of nothing means never");
}

#[tokio::test]
async fn a_commit_that_begins_late_is_counted_when_it_begins() {
    let bench = Bench::shop(Ceilings { submits: Some(1), ..Ceilings::default() }).await;
    let late = bench.claim("w1").await;
    bench.pass(Duration::from_secs(67)).await;
    let next = bench.claim("w2").await;
    assert_eq!(bench.queue.begin(&next.lease, &next.id).await.unwrap(), Begun::Go);
    bench.queue.extend(std::slice::from_ref(&late.lease)).await.unwrap();
    let begun = bench.queue.begin(&late.lease, &late.id).await.unwrap();
    assert_eq!(begun, Begun::Full, "its own minute is over, and the next one is used");
}

#[tokio::test]
async fn so_many_browsers_at_once_and_one_more_when_one_is_gone() {
    let bench = Bench::shop(Ceilings { sessions: Some(2), ..Ceilings::default() }).await;
    let (first, _second) = (bench.claim("w1").await, bench.claim("w2").await);
    let wait = bench.idle("w3").await.expect("it asks again");
    assert!(wait < Duration::from_secs(2), "it asks again after {wait:?}");
    bench.settle(&first, &done()).await;
    bench.pass(Duration::from_secs(2)).await;
    bench.claim("w3").await;
}

#[tokio::test]
async fn a_browser_whose_lease_was_taken_away_is_there_until_that_would_have_ended() {
    let bench = Bench::shop(Ceilings { sessions: Some(1), ..Ceilings::default() }).await;
    let work = bench.claim("w1").await;
    let whose = work.lease.account.as_str();
    bench.queue.fence_account(&at_the_shop(whose)).await.unwrap();
    bench.pass(Duration::from_secs(5)).await;
    bench.idle("w2").await;
    bench.pass(Duration::from_secs(40)).await;
    bench.claim("w2").await;
}

#[tokio::test]
async fn so_many_accounts_in_a_day() {
    let bench = Bench::shop(Ceilings { accounts: Some(2), ..Ceilings::default() }).await;
    assert_eq!(bench.commits().await, 4, "two accounts, all that each wanted");
    bench.go_to("2026-06-02T11:59:59Z").await;
    assert_eq!(bench.commits().await, 0);
    bench.go_to("2026-06-02T12:00:02Z").await;
    assert_eq!(bench.commits().await, 2);
}

#[tokio::test]
async fn what_waits_for_the_sites_hours_is_not_tried_before_them() {
    let window = vec!["14:00-16:00 UTC".parse().unwrap(), "22:00-02:00 UTC".parse().unwrap()];
    let hours = [("like".to_owned(), window)].into();
    let bench = Bench::shop(Ceilings { hours, ..Ceilings::default() }).await;
    assert_eq!(bench.idle("w1").await, Some(Duration::from_hours(2)));
    let id = bench.add("ada", "like", "").await;
    assert!(bench.why(&id).await.contains(&"outside_window".to_owned()));
    for (at, open) in [("14:00", true), ("16:00", false), ("22:00", true)] {
        bench.go_to(&format!("2026-06-01T{at}:00Z")).await;
        let claim = bench.try_claim("w1").await;
        assert_eq!(matches!(claim, Claim::Work(_)), open, "{at}: {claim:?}");
        if let Claim::Work(work) = claim {
            bench.settle(&work, &done()).await;
        }
    }
    bench.go_to("2026-06-02T01:59:00Z").await;
    bench.claim("w1").await;
}

#[tokio::test]
async fn requests_are_handed_out_in_slices_and_never_more_than_the_minute_has() {
    let ceilings = Ceilings { requests: Some(100), navigations: Some(2), ..Ceilings::default() };
    let bench = Bench::shop(ceilings).await;
    let (one, two) = (bench.claim("w1").await, bench.claim("w2").await);
    let mut granted = 0;
    for _ in 0..40 {
        let (many, _) = bench.slice(&one, Metered::Requests, 24).await;
        let (more, _) = bench.slice(&two, Metered::Requests, 3).await;
        assert!(many <= 5 && more <= 3, "a twentieth at once: {many}, {more}");
        granted += many + more;
    }
    assert_eq!(granted, 100);
    assert_eq!(bench.slice(&one, Metered::Navigations, 1).await, (1, 0));
    assert_eq!(bench.slice(&one, Metered::Submits, 7).await, (7, 0), "not limited");
    let (none, wait) = bench.slice(&two, Metered::Requests, 1).await;
    assert_eq!((none, wait), (0, 66_000));
    bench.idle("w3").await;
    bench.queue.extend(&[one.lease.clone(), two.lease.clone()]).await.unwrap();
    bench.pass(Duration::from_secs(25)).await;
    bench.queue.extend(&[one.lease.clone(), two.lease.clone()]).await.unwrap();
    bench.pass(Duration::from_secs(25)).await;
    bench.queue.extend(&[one.lease.clone(), two.lease.clone()]).await.unwrap();
    bench.pass(Duration::from_secs(17)).await;
    assert_eq!(bench.slice(&two, Metered::Requests, 1).await.0, 1);
}

#[tokio::test]
async fn a_lost_lease_gets_no_slice() {
    let bench = Bench::shop(Ceilings { requests: Some(100), ..Ceilings::default() }).await;
    let work = bench.claim("w1").await;
    bench.pass(Duration::from_secs(31)).await;
    let slice = bench.queue.slice(&work.lease, Metered::Requests, 1).await.unwrap();
    assert_eq!(slice, None);
}

#[tokio::test]
async fn a_queue_that_has_forgotten_the_ceilings_lets_nothing_begin() {
    let bench = Bench::shop(Ceilings { requests: Some(100), ..Ceilings::default() }).await;
    let work = bench.claim("w1").await;
    bench.ask::<i64>(&["DEL", &format!("P:ceil:{SHOP}")]).await;
    assert_eq!(bench.slice(&work, Metered::Requests, 1).await.0, 0);
    bench.idle("w2").await;
    let begun = bench.queue.begin(&work.lease, &work.id).await.unwrap();
    assert_eq!(begun, Begun::Full);
}

#[tokio::test]
async fn why_says_which_ceiling_of_which_site_and_until_when() {
    let bench = Bench::shop(Ceilings { submits: Some(2), ..Ceilings::default() }).await;
    bench.commits().await;
    let id = bench.add("cyd", "like", "").await;
    let why = bench.queue.why(&id).await.unwrap().unwrap();
    let reason = why.reasons.iter().find(|reason| reason.code == "rate_ceiling").unwrap();
    assert_eq!((reason.used, reason.most), (Some(2), Some(2)));
    assert!(reason.words.contains("https://shop.test: commits a minute"), "{reason}");
    assert!(reason.until.unwrap() > bench.now() && why.earliest.is_some());
}

#[tokio::test]
async fn a_pool_waits_for_the_ceiling_of_its_members_and_goes_on_after_it() {
    let bench = Bench::at(NOON).await;
    let pools: walkon_core::pool::Pools = walkon_core::pool::Pools {
        pools: [("crew".parse().unwrap(), toml::from_str("accounts = [\"ada\"]").unwrap())].into(),
        ..walkon_core::pool::Pools::default()
    };
    bench.queue.set_pools(&pools).await.unwrap();
    let ceilings = Ceilings { submits: Some(1), ..Ceilings::default() };
    bench.queue.set_ceilings(SHOP, &ceilings).await.unwrap();
    bench.queue.set_plan("ada", &plan("")).await.unwrap();
    let ada = AccountSetting { pools: vec!["crew".parse().unwrap()], ..at_the_shop("ada") };
    bench.queue.put_account(&ada).await.unwrap();
    for post in ["post:1", "post:2"] {
        bench.send(&format!(r#"{{"pool":"crew","kind":"like","target":"{post}"}}"#)).await;
    }
    assert_eq!(bench.commits().await, 1);
    bench.pass(Duration::from_secs(70)).await;
    assert_eq!(bench.commits().await, 1);
}

#[tokio::test]
async fn several_shards_refuse_what_they_cannot_count_and_take_hours() {
    let options =
        walkon::queue::Options { shards: 2, prefix: "wk:{ceil}:".to_owned(), ..options() };
    let bench = Bench::with(NOON, options).await;
    let counted = Ceilings { sessions: Some(1), ..Ceilings::default() };
    let refused = bench.queue.set_ceilings(SHOP, &counted).await.unwrap_err();
    assert!(refused.to_string().contains("shards"), "{refused}");
    let hours = [("like".to_owned(), vec!["14:00-16:00 UTC".parse().unwrap()])].into();
    bench.queue.set_ceilings(SHOP, &Ceilings { hours, ..Ceilings::default() }).await.unwrap();
    bench.open_nothing("ada").await;
    bench.likes("ada", 1).await;
    assert_eq!(bench.idle("w1").await, Some(Duration::from_hours(2)));
}

impl Bench {
    async fn open_nothing(&self, id: &str) {
        self.queue.set_plan(id, &plan("")).await.unwrap();
        self.queue.put_account(&at_the_shop(id)).await.unwrap();
    }
}
