//! How attempts ended, counted alike on each database.

use jiff::Timestamp;
use walkon::store::usage::{By, Count, Line, UsageLog as _};
use walkon_core::usage::{Usage, UsageResult};

use super::conformance::stores;

fn at(time: &str) -> Timestamp {
    format!("2026-11-21T{time}Z").parse().unwrap()
}

fn ended(event: &str, account: &str, result: UsageResult, time: &str) -> Usage {
    Usage {
        event: event.to_owned(),
        account: account.to_owned(),
        kind: "like".to_owned(),
        class: "browser".to_owned(),
        result,
        code: String::new(),
        at: at(time),
    }
}

fn line(of: &str, results: &[(&str, u64)]) -> Line {
    let total = results.iter().map(|(_, count)| count).sum();
    let own = |(name, count): &(&str, u64)| ((*name).to_owned(), *count);
    Line { of: of.to_owned(), total, results: results.iter().map(own).collect() }
}

#[tokio::test]
async fn attempts_are_counted_once_by_account_by_hour_by_kind_and_by_result() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        for (event, account, result, time) in [
            ("1-0", "ada", UsageResult::Done, "08:59:59.999"),
            ("2-0", "ada", UsageResult::Done, "09:00:00"),
            ("2-0", "ada", UsageResult::Failed, "09:00:00"),
            ("3-0", "ada", UsageResult::Limited, "09:59:59"),
            ("4-0", "ben", UsageResult::Done, "09:30:00"),
            ("5-0", "ben", UsageResult::Lost, "10:00:00"),
        ] {
            store.log_usage(&ended(event, account, result, time)).await.unwrap();
        }
        let count = async |by, account: Option<&str>, since, until: Option<&str>| {
            let (since, until) = (at(since), until.map(at));
            let account = account.map(str::to_owned);
            store.usage(&Count { by, since, until, account }).await.unwrap()
        };
        let day = "00:00:00";
        assert_eq!(
            count(By::Account, None, day, None).await,
            [line("ada", &[("done", 2), ("limited", 1)]), line("ben", &[("done", 1), ("lost", 1)])],
            "{name}"
        );
        assert_eq!(
            count(By::Hour, None, day, None).await,
            [
                line("2026-11-21T08:00:00Z", &[("done", 1)]),
                line("2026-11-21T09:00:00Z", &[("done", 2), ("limited", 1)]),
                line("2026-11-21T10:00:00Z", &[("lost", 1)]),
            ],
            "{name}"
        );
        assert_eq!(
            count(By::Result, Some("ben"), day, None).await,
            [line("done", &[("done", 1)]), line("lost", &[("lost", 1)])],
            "{name}"
        );
        // From the beginning of a time, up to its end.
        let within = count(By::Kind, None, "09:00:00", Some("10:00:00")).await;
        assert_eq!(within, [line("like", &[("done", 2), ("limited", 1)])], "{name}");
        assert_eq!(count(By::Result, Some("zoe"), day, None).await, [], "{name}");
    }
}

#[tokio::test]
async fn usage_that_is_old_is_forgotten_and_no_more() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        for (event, time) in [("1-0", "10:00:00"), ("2-0", "11:00:00"), ("3-0", "12:00:00")] {
            let usage = Usage {
                event: event.to_owned(),
                account: "ada".to_owned(),
                kind: "like".to_owned(),
                class: "api".to_owned(),
                result: UsageResult::ALL[0],
                code: String::new(),
                at: at(time),
            };
            store.log_usage(&usage).await.unwrap();
        }
        assert_eq!(store.forget_usage(at("11:00:00")).await.unwrap(), 1, "{name}");
        let lines = store.usage(&Count::default()).await.unwrap();
        assert_eq!(lines.iter().map(|line| line.total).sum::<u64>(), 2, "{name}");
    }
}
