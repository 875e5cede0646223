//! Bad settings: the place, the remedy, and an exit code for programs.

use std::fs;

use crate::support::fleet::Home;
use crate::support::processes::naming;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_bad_setting_ends_every_command_with_its_place_and_remedy() {
    let home = Home::new().await;
    let file = home.write();
    for (text, what, remedy) in [
        (
            "\n[web]\n  listn = \"x\"\n",
            "walkon.toml:3:3: there is no `[web]` setting `listn`",
            "did you mean `listen`?",
        ),
        (
            "[quue]\nurl = \"\"\n",
            "walkon.toml:1:1: there is no section `quue`",
            "did you mean `queue`?",
        ),
        ("[web]\nlisten = \"0.0.0.0:80\"\n", "`web.listen` is 0.0.0.0:80", "`web.origin`"),
        ("[fleet]\npace = 0.0\n", "`fleet.pace` is 0", "write 0.05 to 10000"),
        ("[web]\nlisten = 7411\n", "walkon.toml:2:", "config"),
        ("[queue]\nlease = \"long\"\n", "walkon.toml:2:", "config"),
        ("[plans.shy]\ndayly = 3\n", "walkon.toml:2:1: unknown field `dayly`", "daily"),
        ("[plans.shy]\ndaily = -1\n", "walkon.toml:2:1: invalid value: integer `-1`", "config"),
        ("[plans.shy.kinds.like]\nhourly = -3\n", "walkon.toml:2:1: invalid value", "config"),
        ("[plans.shy.kinds.like]\ncooldown = \"-5m\"\n", "walkon.toml:2:1:", "config"),
        ("[plans.shy]\nhours = [\"8-22\"]\n", "walkon.toml:2:", "08:30-22:00"),
        ("[sites.plaza]\norigine = \"x\"\n", "walkon.toml:2:1: unknown field `origine`", "origin"),
        ("[web\n", "walkon.toml:1:", "mend the TOML"),
    ] {
        fs::write(&file, text).unwrap();
        for command in [&["up"][..], &["account", "list"], &["kind", "list"]] {
            let said = home.run(command).await;
            assert_eq!((said.code, said.out.as_str()), (3, ""), "{text}: {said:?}");
            assert!(said.err.contains(what) && said.err.contains(remedy), "{text}: {}", said.err);
        }
    }
    assert!(!home.data().exists(), "nothing was made");
    fs::remove_file(&file).unwrap();
    let said = home.run(&["up"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("could not read") && said.err.contains("check the path"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_variable_is_named_and_a_settings_error_is_json_where_json_is_asked() {
    let home = Home::new().await.env("WALKON__WEB__LISTEN", "everywhere");
    home.write();
    let said = home.run(&["account", "list", "--json"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    let error: serde_json::Value = serde_json::from_str(&said.err).unwrap();
    assert!(error["error"].as_str().unwrap().contains("WALKON__WEB__LISTEN"), "{error}");
    assert!(error["remedy"].as_str().unwrap().contains("walkon config"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_is_not_there_and_a_fleet_that_is_not_up_are_said_plainly() {
    let home = Home::new().await.settings("[sites.plasa]\norigin = \"http://127.0.0.1:1\"");
    let said = home.fails_to_start().await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("did you mean `plaza`?"), "{}", said.err);
    let said = home.run(&["action", "list"]).await;
    assert_eq!(said.code, 4, "{said:?}");
    assert!(
        said.err.contains("no fleet answers at") && said.err.contains("walkon up"),
        "{}",
        said.err
    );
    let said = home.run(&["acount", "list"]).await;
    assert_eq!(said.code, 2, "words that clap does not know: {said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_that_finds_no_behaviors_ends_at_once_and_says_so() {
    // The commands of a home are run from its folder, which has none.
    let home = Home::new().await;
    home.write();
    let said = home.run(&["demo", "--exit", "--short", "--driver", "fake"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("the coordinator could not start"), "{}", said.err);
    assert_eq!(said.err.matches("could not read behaviors").count(), 1, "{}", said.err);
    assert_eq!(naming(home.folder.path()), [0; 0], "nothing is left");
}
