//! Bad accounts and profiles: the place, the remedy, and nothing changed.

use std::fs;

use crate::support::fleet::{Home, project};

/// `more` of the one bad account, and what is said of it.
const CASES: [(&str, &str, &str); 8] = [
    ("device = \"pixel-89\"\n", "there is no device `pixel-89`", "did you mean `pixel-8`?"),
    ("persona = \"casul\"\n", "there is no persona `casul`", "did you mean `casual`?"),
    ("plan = \"fre\"\n", "there is no plan `fre`", "did you mean `free`?"),
    ("time_zone = \"Europe/Berln\"\n", "no time zone `Europe/Berln`", "`Europe/Berlin`"),
    ("token_file = \"/nowhere/token\"\n", "could not read /nowhere/token", "check the path"),
    ("proxi = \"http://127.0.0.1:1\"\n", "unknown field `proxi`", "did you mean `proxy`?"),
    ("proxy = { url = \"ftp://127.0.0.1:1\" }\n", "`ftp://127.0.0.1:1` is not a proxy", "see docs"),
    ("proxy = { url = \"http://a:b@h:1\" }\n", "holds credentials", "see docs"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_with_one_bad_entry_changes_nothing_and_says_where_it_is() {
    let home = Home::new().await.account("ada", "");
    let mut fleet = home.start().await;
    let home = &fleet.home;
    let file = home.path("more.toml");
    let good = home.entry("ben", "");
    let line = good.lines().count() + 1;
    for (more, what, remedy) in CASES {
        fs::write(&file, format!("{good}{}", home.entry("cleo", more))).unwrap();
        let said = home.run(&["account", "import", file.to_str().unwrap()]).await;
        assert_eq!((said.code, said.out.as_str()), (3, ""), "{said:?}");
        assert!(said.err.contains(what) && said.err.contains(remedy), "{}", said.err);
        let place = said.err.split("more.toml:").nth(1).unwrap_or_default();
        let at: usize = place.split(':').next().unwrap().parse().unwrap();
        assert!((line..=line + 8).contains(&at), "line {line} on: {}", said.err);
        assert!(said.err.contains("nothing was changed"), "{}", said.err);
    }
    fs::write(&file, format!("{good}{good}")).unwrap();
    let said = home.run(&["account", "import", file.to_str().unwrap()]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("account `ben` is here twice"), "{}", said.err);
    let said = home.run(&["account", "add", "eve", "--site", "plasa"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("did you mean `plaza`?"), "{}", said.err);
    let list = home.run(&["account", "list", "--json"]).await.json();
    assert_eq!(list.as_array().unwrap().len(), 1, "only ada: {list}");
    fs::write(&file, good).unwrap();
    let said = home.run(&["account", "import", file.to_str().unwrap()]).await;
    assert_eq!((said.code, said.out.trim()), (0, "1 added, 0 updated"), "{said:?}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_with_a_bad_account_does_not_start_and_says_which() {
    let home = Home::new().await.account("ada", "device = \"pixel-89\"\n");
    let said = home.fails_to_start().await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(
        said.err.contains("accounts.toml:1:1: account `ada`: there is no device"),
        "{}",
        said.err
    );
    assert!(said.err.contains("the coordinator could not start"), "{}", said.err);
}

/// A folder of profiles with one more device in it.
fn with_device(home: &Home, name: &str, text: &str) {
    for sort in ["devices", "personas"] {
        let to = home.path("profiles").join(sort);
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(project("profiles").join(sort)).unwrap().flatten() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    fs::write(home.path("profiles/devices").join(name), text).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn profiles_that_contradict_themselves_are_all_told_at_once() {
    let home = Home::new().await.account("ada", "");
    with_device(
        &home,
        "glass.toml",
        "form = \"phone\"\nmodel = \"Glass\"\nandroid = \"15\"\nwidth = 412\nheight = 915\n\
         languages = [\"en\"]\n",
    );
    let persona = "version = 1\nname = \"hasty\"\n\n[typing]\niki_ms = 1.0\n";
    fs::write(home.path("profiles/personas/hasty.toml"), persona).unwrap();
    let said = home.fails_to_start().await;
    assert_eq!(said.code, 3, "{said:?}");
    for part in [
        "glass.toml:1:1: device `glass`: a phone or a tablet is touched",
        "remedy: write `touch = true`",
        "hasty.toml:5:",
        "`typing.iki_ms` is 1, and nobody is outside",
    ] {
        assert!(said.err.contains(part), "no `{part}` in: {}", said.err);
    }
}
