//! What the demo asks for: about sixty actions of six accounts, or fifteen.

use serde_json::{Value, json};
use walkon_core::clock::{Clock as _, SystemClock};

fn action(account: &str, kind: &str, target: Option<String>, text: Option<&str>) -> Value {
    let mut action = json!({"account": account, "kind": kind});
    if let Some(target) = target {
        action["target"] = target.into();
    }
    if let Some(text) = text {
        action["with"] = json!({ "text": text });
    }
    action
}

/// Some post of Plaza's, another for each number.
fn post(seed: u64, number: u64) -> String {
    format!("post:{}", 1 + (seed * 31 + number * 17) % 200)
}

/// The actions of a whole demo, in the order they are sent.
pub(super) fn all(seed: u64) -> Vec<Value> {
    let post = |number| post(seed, number);
    let mut list = Vec::new();
    let friends = ["gus", "hana", "ivo", "june", "gus", "hana"];
    for (index, account) in ["ada", "ben", "cleo", "dan", "eve", "fay"].into_iter().enumerate() {
        let n = index as u64 * 20;
        let friend = friends[index];
        let mut add = |kind: &str, target: Option<String>, text: Option<&str>| {
            list.push(action(account, kind, target, text));
        };
        add("scroll_feed", None, None);
        add("like", Some(post(n)), None);
        add("view_profile", Some(format!("member:{friend}")), None);
        add("follow", Some(format!("member:{friend}")), None);
        add("comment", Some(post(n + 1)), Some("What a light. Where was this taken?"));
        add("save", Some(post(n + 2)), None);
        add("send_dm", Some(format!("member:{friend}")), Some("Hello! Are you coming on Sunday?"));
        if account != "fay" {
            add("like", Some(post(n + 3)), None);
        }
        add("comment", Some(post(n + 4)), Some("I walked past there yesterday, same sky 🙂"));
        if account == "ben" || account == "eve" {
            add("publish", None, Some("Low tide, long shadows."));
        } else {
            add("view_story", Some("member:eve".to_owned()), None);
        }
    }
    // A cap of one like a day: the second and third are held back past their expiry.
    let soon =
        |seconds: i64| (SystemClock.now() + jiff::SignedDuration::from_secs(seconds)).to_string();
    for number in 0..2 {
        let (target, end) = (post(150 + number), soon(45));
        list.push(json!({"account": "fay", "kind": "like", "target": target, "expires_at": end}));
    }
    // Two that nobody could ever do.
    list.push(json!({"account": "ada", "kind": "lik", "target": "post:7"}));
    list.push(json!({"account": "zoe", "kind": "like", "target": "post:7"}));
    list
}

/// Fifteen, over both routes, for runs in which somebody is killed: three likes under a cap of one
/// a day, and pairs of comments under a cooldown, which a lost or doubled charge would show in.
pub(super) fn short(seed: u64) -> Vec<Value> {
    let mut list: Vec<_> =
        (0..3).map(|n| action("fay", "like", Some(post(seed, n)), None)).collect();
    let (first, second) = ("What a light. Where was this taken?", "Same sky here 🙂");
    for (n, account) in [10, 20].into_iter().zip(["ada", "ben"]) {
        list.push(action(account, "comment", Some(post(seed, n)), Some(first)));
        list.push(action(account, "comment", Some(post(seed, n + 1)), Some(second)));
    }
    let to = |name: &str| Some(format!("member:{name}"));
    let hello = Some("Hello! Are you coming on Sunday?");
    list.extend([
        action("ada", "like", Some(post(seed, 12)), None),
        action("ben", "publish", None, Some("Low tide, long shadows.")),
        action("cleo", "follow", to("ivo"), None),
        action("cleo", "save", Some(post(seed, 30)), None),
        action("dan", "view_profile", to("june"), None),
        action("dan", "send_dm", to("june"), hello),
        action("eve", "send_dm", to("gus"), hello),
        action("eve", "comment", Some(post(seed, 40)), Some(first)),
    ]);
    list
}
