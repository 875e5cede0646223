//! Accounts from CSV and JSON, what they would change, and what is wrong with them.

use std::fs;

use serde_json::{Value, json};

use crate::support::fleet::{Home, Said, TestFleet};

async fn import(fleet: &TestFleet, name: &str, text: &str, more: &[&str]) -> Said {
    let file = fleet.home.path(name);
    fs::write(&file, text).unwrap();
    let words = [&["account", "import", file.to_str().unwrap()], more].concat();
    fleet.home.run(&words).await
}

async fn accounts(fleet: &TestFleet) -> Vec<Value> {
    let all = fleet.home.run(&["account", "list", "--json"]).await.json();
    all.as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_shows_what_would_change_and_changes_nothing() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let token = fleet.home.secret("ben.token", " tok-ben \n");
    let csv = format!(
        "\u{feff}id,site,username,plan,token_file,label.team\r\n\
         ada,plaza,ada,slow,,\"red, blue\"\r\nben,plaza,ben.b,free,{},\r\n",
        token.display()
    );
    let said = import(&fleet, "people.csv", &csv, &["--dry-run"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    for line in [
        "ada  plan: free -> slow",
        "ada  labels.team: nothing -> red, blue",
        "ada  password: nothing -> taken away",
        "ben  username: nothing -> ben.b",
        "ben  token: nothing -> sealed anew",
        "would be: 1 added, 1 updated; nothing was changed",
    ] {
        assert!(said.out.lines().any(|one| one == line), "{line}: {}", said.out);
    }
    assert!(!said.out.contains("tok-ben"), "a secret is not shown: {}", said.out);
    assert_eq!(accounts(&fleet).await.len(), 1, "nothing was changed");
    let said = import(&fleet, "people.csv", &csv, &["--json"]).await;
    assert_eq!(
        (&said.json()["added"], &said.json()["updated"]),
        (&json!(["ben"]), &json!(["ada"]))
    );
    let all = accounts(&fleet).await;
    assert_eq!((&all[0]["plan"], &all[0]["labels"]["team"]), (&json!("slow"), &json!("red, blue")));
    assert_eq!((&all[1]["username"], &all[1]["kept"]), (&json!("ben.b"), &json!("hand")));
    let again = import(&fleet, "people.csv", &csv, &[]).await;
    assert_eq!(again.out.trim(), "0 added, 0 updated, 2 as they were", "{again:?}");
    let json = r#"[{"id": "cleo", "site": "plaza", "username": "cleo", "labels": {"a": "[{"}}]"#;
    let said = import(&fleet, "people.json", json, &[]).await;
    assert_eq!((said.code, said.out.trim()), (0, "1 added, 0 updated"), "{said:?}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_an_import_is_said_line_by_line_and_nothing_is_changed() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let pasted = fleet.home.secret("pasted.token", "tok one\n").display().to_string();
    let head = "id,site,username,proxy,token_file";
    let good = "ben,plaza,ben,,";
    for (line, place, what, remedy) in [
        ("cleo,plaza", ":3:1:", "this line has 2 fields, the first one names 5", "in quotes"),
        ("cleo,plasa,cleo,,", ":3:1:", "there is no site `plasa`", "did you mean `plaza`? Known"),
        ("cleo,plaza,cleo,ftp://h:1,", ":3:1:", "`ftp://h:1` is not a proxy", "see docs"),
        (&format!("cleo,plaza,cleo,,{pasted}"), ":3:1:", "blank inside the token", "two pieces"),
        (
            "ben,plaza,benny,,",
            ":3:1:",
            "account `ben` is here twice, first on line 2",
            "remove one",
        ),
        ("cleo,plaza,BEN,,", ":3:1:", "`BEN` on plaza is the account `ben` already", "one account"),
        ("cleo,plaza,ada,,", ":3:1:", "`ada` on plaza is the account `ada` already", "one account"),
        ("cleo,plaza,\" cleo\",,", ":3:1:", "has blanks round it", "as the site does"),
        ("Cleo,plaza,cleo,,", ":3:1:", "`Cleo` is not a name", "see docs"),
        ("cleo,plaza,\"cleo,,", ":3:12:", "a quote is never closed", "write `\"\"`"),
    ] {
        let text = format!("\u{feff}{head}\r\n{good}\r\n{line}\r\n");
        let said = import(&fleet, "people.csv", &text, &[]).await;
        assert_eq!((said.code, said.out.as_str()), (3, ""), "{line}: {said:?}");
        for part in [place, what, remedy, "nothing was changed"] {
            assert!(said.err.contains(part), "{line}: no `{part}` in: {}", said.err);
        }
    }
    let said = import(&fleet, "people.csv", "id;sit;username\nben;plaza;ben\n", &[]).await;
    assert!(said.err.contains("no column `sit`") && said.err.contains("mean `site`"), "{said:?}");
    assert_eq!(accounts(&fleet).await.len(), 1);
    let log = fleet.log();
    assert!(!log.contains("tok one"), "{log}");
    assert_eq!(fleet.stop().await, 0);
}
