//! That each check can fail: a bad sample it finds, and a good one it lets pass.

use super::File;
use super::checks::{self, Check};

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[track_caller]
fn finds(check: Check, path: &str, text: &str, breach: &str) {
    let found = check(&file(path, text));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains(breach), "{found:?}");
}

#[track_caller]
fn passes(check: Check, path: &str, text: &str) {
    assert_eq!(check(&file(path, text)), [""; 0]);
}

#[test]
fn a_door_that_imports_a_door_is_found_however_it_is_written() {
    let door = "`queue` must not import `store`";
    finds(checks::layers, "src/queue/wait.rs", "use crate::store::Store;", door);
    finds(checks::layers, "src/queue.rs", "use crate::{\n  queue,\n  store::{Store},\n};", door);
    finds(checks::layers, "src/queue.rs", "fn f() { crate::store::open() }", "queue.rs:1");
    finds(checks::layers, "src/worker.rs", "use crate::config::Config;", "import `config`");
    finds(checks::layers, "crates/core/src/kind.rs", "use crate::action::A;", "import `action`");
    finds(checks::layers, "src/novel.rs", "", "has no row");
    passes(checks::layers, "src/cli.rs", "use crate::{config, queue, store};");
    passes(checks::layers, "src/queue.rs", "// crate::store\nconst A: &str = \"crate::store\";");
    passes(
        checks::layers,
        "src/queue.rs",
        "const Q: char = '\"'; const R: &str = r#\"crate::store\"#;",
    );
}

#[test]
fn a_row_without_a_module_is_found() {
    assert!(checks::modules(&[]).iter().any(|breach| breach.starts_with("src/queue.rs")));
}

#[test]
fn a_crate_outside_its_door_is_found() {
    finds(checks::confined, "src/web/api.rs", "use redis::cmd;", "belongs to src/queue");
    finds(checks::confined, "plaza/src/site.rs", "let x = clap::Arg;", "belongs to src/cli");
    passes(checks::confined, "src/queue/work.rs", "use redis::cmd;");
    passes(checks::confined, "src/web.rs", "use crate::queue::redis::Thing; my_redis::cmd();");
    passes(checks::confined, "tests/it/queue.rs", "use redis::cmd;");
}

#[test]
fn a_file_that_is_too_long_is_found_and_its_tests_do_not_count() {
    let long = "//! A.\n".repeat(501);
    finds(checks::lengths, "src/a.rs", &long, "501 lines");
    let short =
        format!("//! A.\n#[cfg(test)]\nfn only() {{}}\n\n#[cfg(test)]\nmod tests {{\n{long}}}");
    passes(checks::lengths, "src/a.rs", &short);
    let used = format!("//! A.\n#[cfg(test)]\nuse a;\n{long}");
    finds(checks::lengths, "src/a.rs", &used, "504 lines");
}

#[test]
fn a_line_that_is_too_long_is_found_unless_it_holds_an_address() {
    let long = "x".repeat(101);
    finds(checks::columns, "src/a.rs", &format!("ok\n{long}"), "a.rs:2: 101 columns");
    passes(checks::columns, "src/a.rs", &"é".repeat(100));
    passes(checks::columns, "src/a.rs", &format!("// https://example.org/{long}"));
}

#[test]
fn a_file_that_does_not_say_what_it_is_is_found() {
    finds(checks::described, "src/a.rs", "use a;", "what it is");
    finds(checks::described, "src/a.rs", "//!\n//! Later.", "what it is");
    passes(checks::described, "src/a.rs", "//! A: what it is.");
}

#[test]
fn a_mod_rs_is_found() {
    finds(checks::named, "src/queue/mod.rs", "//! A.", "after its folder");
    passes(checks::named, "src/queue.rs", "//! A.");
}

#[test]
fn a_script_without_a_header_or_an_end_is_found() {
    finds(checks::scripts, "src/queue/lua/a.lua", "return 1", "-- a.lua: ");
    let long = format!("-- a.lua: does.\n{}", "return 1\n".repeat(100));
    finds(checks::scripts, "src/queue/lua/a.lua", &long, "101 lines");
    passes(checks::scripts, "src/queue/lua/a.lua", "-- a.lua: does.\nreturn 1");
}

#[test]
fn a_behavior_that_is_too_long_is_found() {
    finds(checks::behaviors, "behaviors/plaza/like.toml", &"#\n".repeat(61), "61 lines");
    passes(checks::behaviors, "behaviors/plaza/like.toml", &"#\n".repeat(60));
}

#[test]
fn what_is_left_for_later_is_found() {
    for word in [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["unimpl", "emented!"], ["to", "do!()"]]
    {
        finds(checks::leftovers, "src/a.rs", &format!("// {}", word.concat()), "a.rs:1");
    }
    passes(checks::leftovers, "src/a.rs", "// All is done.");
}
