//! Alerts in words, for people.

use super::Notice;

/// How many alerts a message names; of the others it says how many they are.
pub(super) const NAMED: usize = 20;

/// What a message is about, in a line.
pub(super) fn subject(notices: &[Notice]) -> String {
    match notices {
        [one] if one.over => format!("over: {}", one.alert().title),
        [one] => format!("{}: {}", one.alert().severity.name(), one.alert().title),
        all => {
            let over = all.iter().filter(|one| one.over).count();
            let stand = all.len() - over;
            let worst = all.iter().filter(|one| !one.over).map(|one| one.alert().severity).max();
            match (worst, stand, over) {
                (None, _, over) => format!("over: {over} alerts"),
                (Some(worst), stand, 0) => format!("{}: {stand} alerts", worst.name()),
                (Some(worst), stand, over) => {
                    format!("{}: {stand} alerts, and {over} over", worst.name())
                }
            }
        }
    }
}

/// What an alert says beside its title, in lines.
pub(super) fn lines(notice: &Notice) -> Vec<String> {
    let alert = notice.alert();
    if notice.over {
        let over = notice.raised.over.map(|over| over.to_string()).unwrap_or_default();
        return vec![format!("over since {over}; it stood since {}", notice.raised.since)];
    }
    let mut lines = vec![alert.why.clone()];
    if !alert.fix.is_empty() {
        lines.push(format!("do: {}", alert.fix));
    }
    lines
}

/// Where more is to be seen.
pub(super) fn link(pages: &str, notice: &Notice) -> String {
    let pages = pages.trim_end_matches('/');
    match &notice.alert().account {
        Some(account) => format!("{pages}/accounts/{account}"),
        None => format!("{pages}/"),
    }
}

/// Those that are named, the worst first, and how many are not.
pub(super) fn named(notices: &[Notice]) -> (Vec<&Notice>, usize) {
    let mut all: Vec<_> = notices.iter().collect();
    all.sort_by_key(|one| (one.over, std::cmp::Reverse(one.alert().severity)));
    let left = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    (all, left)
}
