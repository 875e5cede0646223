//! What the platform says of its limits, in the headers of every answer, errors included.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;
use walkon_core::capacity::Capacity;

const APP: &str = "x-app-usage";
const BUSINESS: &str = "x-business-use-case-usage";
/// Shares of one limit, in hundredths.
const SHARES: [&str; 3] = ["call_count", "total_time", "total_cputime"];
/// Use cases that concern accounts; the others are of advertising.
const OURS: [&str; 3] = ["instagram", "messenger", "pages"];

/// The worst that the headers say; `None`: they say nothing.
pub(super) fn read(headers: &HeaderMap) -> Option<Capacity> {
    let json = |name: &str| -> Option<Value> {
        serde_json::from_str(headers.get(name)?.to_str().ok()?).ok()
    };
    let app = json(APP).map(|app| Capacity { used: used(&app), limit: "app".into(), regain: None });
    // Whose key the object has is not written down anywhere: the worst entry of ours counts.
    let business = json(BUSINESS).into_iter().flat_map(|all| {
        let lists = all.as_object().into_iter().flat_map(|all| all.values().cloned());
        let entries = lists.flat_map(|list| list.as_array().cloned().unwrap_or_default());
        entries.filter_map(|entry| of_business(&entry)).collect::<Vec<_>>()
    });
    app.into_iter().chain(business).reduce(Capacity::worse)
}

fn used(entry: &Value) -> u32 {
    let share = |name| entry[name].as_f64().unwrap_or_default();
    SHARES.into_iter().map(share).fold(0.0, f64::max).clamp(0.0, 100_000.0) as u32
}

fn of_business(entry: &Value) -> Option<Capacity> {
    let limit = entry["type"].as_str().filter(|name| OURS.contains(name))?;
    let minutes = entry["estimated_time_to_regain_access"].as_u64().unwrap_or_default();
    let regain = (minutes > 0).then(|| Duration::from_secs(minutes.min(60 * 24 * 7) * 60));
    Some(Capacity { used: used(entry), limit: limit.to_owned(), regain })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(app: Option<&str>, business: Option<&str>) -> Option<Capacity> {
        let mut headers = HeaderMap::new();
        for (name, text) in [(APP, app), (BUSINESS, business)] {
            if let Some(text) = text {
                headers.insert(name, text.parse().unwrap());
            }
        }
        read(&headers)
    }

    fn capacity(used: u32, limit: &str, minutes: u64) -> Capacity {
        let regain = (minutes > 0).then(|| Duration::from_secs(minutes * 60));
        Capacity { used, limit: limit.to_owned(), regain }
    }

    /// As the platform's own pages show them.
    #[test]
    fn the_worst_of_what_concerns_accounts_counts() {
        let app = Some(r#"{"call_count":28,"total_time":25,"total_cputime":30}"#);
        assert_eq!(said(app, None), Some(capacity(30, "app", 0)));
        let business = r#"{"17841400000000101":[{"type":"instagram","call_count":100,
            "total_cputime":25,"total_time":25,"estimated_time_to_regain_access":19},
            {"type":"ads_insights","call_count":100,"estimated_time_to_regain_access":999}]}"#;
        let business = business.replace('\n', "");
        assert_eq!(said(app, Some(&business)), Some(capacity(100, "instagram", 19)));
        let calm =
            r#"{"1":[{"type":"instagram","call_count":3,"total_cputime":1,"total_time":1}]}"#;
        assert_eq!(said(app, Some(calm)), Some(capacity(30, "app", 0)));
    }

    #[test]
    fn headers_that_say_nothing_or_nonsense_are_no_figure() {
        for (app, business) in [
            (None, None),
            (Some("busy"), None),
            (None, Some("[]")),
            (None, Some(r#"{"1":{"type":"instagram"}}"#)),
            (None, Some(r#"{"1":[{"type":"ads_management","call_count":99}]}"#)),
        ] {
            assert_eq!(said(app, business), None, "{app:?} {business:?}");
        }
        assert_eq!(said(Some("{}"), None), Some(capacity(0, "app", 0)));
        assert_eq!(said(Some(r#"{"call_count":-5}"#), None), Some(capacity(0, "app", 0)));
        let huge =
            format!(r#"{{"1":[{{"type":"pages","call_count":1e9,"{WAIT}":{}}}]}}"#, u64::MAX);
        assert_eq!(said(None, Some(&huge)), Some(capacity(100_000, "pages", 60 * 24 * 7)));
    }

    const WAIT: &str = "estimated_time_to_regain_access";
}
