//! Backup and restore as docs/operations.md says it, with each database's own tools.

use std::path::Path;
use std::process::Command;

use walkon::store::accounts::Accounts as _;
use walkon::store::address::Address;
use walkon::store::audit::Audit as _;
use walkon::store::credentials::{Credentials as _, Field};
use walkon::store::states::States as _;
use walkon_core::audit::Note;
use walkon_core::bundle::Secret;
use walkon_core::lease::Token;

use super::conformance::{account, id, open, state};
use crate::support::databases::{self, execute};

/// Runs a tool; what it says where it fails.
fn tool(name: &str, args: &[&str]) {
    let output = Command::new(name).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(output.status.success(), "{name} {args:?}: {output:?}");
}

/// What `mysql://root@localhost/name?socket=path` says.
fn parts(url: &str) -> (String, String) {
    let (base, socket) = url.split_once("?socket=").expect("a socket");
    (base.rsplit('/').next().expect("a name").to_owned(), socket.to_owned())
}

/// Copies a whole database into a fresh one.
async fn restored(name: &str, from: &Address, to: &Address, folder: &Path) {
    let file = folder.join(format!("{name}.backup"));
    let file = file.to_str().unwrap();
    match name {
        "sqlite" => {
            execute(from, &format!("VACUUM INTO '{file}'")).await;
            std::fs::copy(file, to.url().strip_prefix("sqlite://").unwrap()).unwrap();
        }
        "postgres" => {
            tool("pg_dump", &["--format=custom", "--file", file, "--dbname", &from.url()]);
            let args = ["--clean", "--if-exists", "--exit-on-error", "--dbname", &to.url(), file];
            tool("pg_restore", &args);
        }
        _ => {
            let ((from, socket), (to, _)) = (parts(&from.url()), parts(&to.url()));
            let socket = format!("--socket={socket}");
            let dump = format!("--result-file={file}");
            let args = ["--no-defaults", &socket, "-uroot", "--single-transaction", &dump, &from];
            tool("mariadb-dump", &args);
            let source = format!("source {file}");
            tool("mariadb", &["--no-defaults", &socket, "-uroot", &to, "-e", &source]);
        }
    }
}

#[tokio::test]
async fn a_restored_database_is_the_one_that_was_backed_up_and_opens_by_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let all = databases::each(folder.path()).await;
    let fresh = databases::each(other.path()).await;
    for ((name, from), (_, to)) in all.into_iter().zip(fresh) {
        let store = open(folder.path(), &from).await.unwrap();
        store.put_account(&account("ada")).await.unwrap();
        let secret = Secret::new("tok-ada ünd".to_owned());
        store.put_credential(&id("ada"), Field::Token, Some(&secret)).await.unwrap();
        store.keep_state(&id("ada"), &Token("1".into()), &state("cookie")).await.unwrap();
        let note = Note { actor: "eve".to_owned(), action: "pause".to_owned(), ..Note::default() };
        store.note(&note, None).await.unwrap();
        let end = store.verify(None).await.unwrap().end;
        restored(name, &from, &to, folder.path()).await;
        let store = open(folder.path(), &to).await.unwrap();
        assert_eq!(store.accounts().await.unwrap()[0].account, account("ada"), "{name}");
        let token = store.credential(&id("ada"), Field::Token).await.unwrap();
        assert_eq!(token, Some(secret), "{name}");
        assert_eq!(store.state(&id("ada")).await.unwrap(), Some(state("cookie")), "{name}");
        assert_eq!(store.verify(Some(&end)).await.unwrap().breaches, [], "{name}");
        // Without the keys it is of no use to anybody.
        assert!(open(other.path(), &to).await.is_err(), "{name}");
    }
}
