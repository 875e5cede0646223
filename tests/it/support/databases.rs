//! Private database servers: `PostgreSQL` and `MariaDB` from the system's packages, as an
//! unprivileged user, on unix sockets in a folder of their own. They keep nothing on disk and die
//! with this process.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, mpsc};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User};
use walkon::store::address::Address;

use super::{eventually, skip};

/// Where Debian keeps what it does not put on the path.
const POSTGRES: &str = "/usr/lib/postgresql";

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brand {
    Postgres,
    MariaDb,
}

/// A running server; dropped, it is stopped.
pub(crate) struct Server {
    brand: Brand,
    folder: PathBuf,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        // At once, and with what `PostgreSQL` shares with the system taken back.
        self.end(Signal::SIGQUIT);
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// `setpriv`, so that a server is never root's and never outlives us. Its signal lets `PostgreSQL`
/// remove what it shares.
fn as_nobody(program: &Path, signal: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", signal]);
    if nix::unistd::geteuid().is_root() {
        command.args(["--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]);
    }
    command.arg(program).stdin(Stdio::null()).env_clear().env("PATH", "/usr/bin:/bin");
    command.env("LC_ALL", "C").current_dir("/");
    command
}

fn found(names: &[PathBuf]) -> Option<PathBuf> {
    names.iter().find(|path| path.exists()).cloned()
}

/// A program of `PostgreSQL`'s newest version.
fn postgres(name: &str) -> Option<PathBuf> {
    let mut versions: Vec<_> =
        fs::read_dir(POSTGRES).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    versions.sort();
    found(&[versions.pop()?.join("bin").join(name)])
}

fn mariadb(name: &str) -> Option<PathBuf> {
    found(&["/usr/sbin", "/usr/bin"].map(|folder| Path::new(folder).join(name)))
}

impl Brand {
    /// What is missing here, if something is.
    fn missing(self) -> Option<&'static str> {
        match self {
            Self::Postgres if postgres("initdb").is_none() => {
                Some("PostgreSQL is not installed (apt install postgresql)")
            }
            Self::MariaDb if mariadb("mariadbd").is_none() => {
                Some("MariaDB is not installed (apt install mariadb-server-core)")
            }
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
        }
    }
}

/// A folder that the unprivileged user owns, with those of processes that are gone swept away.
fn folder(brand: Brand) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let memory = Path::new("/dev/shm");
    let root = if memory.is_dir() { memory } else { Path::new("/tmp") };
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix("walkon-sql-").and_then(|rest| rest.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
    let (pid, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = root.join(format!("walkon-sql-{pid}-{}-{count}", brand.name()));
    fs::create_dir_all(&folder).expect("a folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("its rights");
    if let (true, Ok(Some(nobody))) = (nix::unistd::geteuid().is_root(), User::from_name("nobody"))
    {
        let (uid, gid) = (Some(nobody.uid.as_raw()), Some(nobody.gid.as_raw()));
        chown(&folder, uid, gid).expect("an owner");
    }
    folder
}

fn run(mut command: Command) {
    let output = command.output().expect("setpriv is there");
    assert!(output.status.success(), "{command:?}: {output:?}");
}

impl Server {
    /// Starts a server of a test's own; `None`: it is not installed, and that was said.
    pub(crate) fn start(brand: Brand) -> Option<Self> {
        if let Some(missing) = brand.missing() {
            skip(missing);
            return None;
        }
        let folder = folder(brand);
        let data = folder.join("data");
        match brand {
            Brand::Postgres => {
                let mut init = as_nobody(&postgres("initdb").expect("looked for"), "KILL");
                init.args(["--no-sync", "-A", "trust", "-U", "walkon", "-E", "UTF8", "-D"]);
                init.arg(&data);
                run(init);
            }
            Brand::MariaDb => {
                let program = mariadb("mariadb-install-db").expect("it comes with the server");
                let mut init = as_nobody(&program, "KILL");
                init.args(["--no-defaults", "--auth-root-authentication-method=normal"]);
                init.arg("--skip-test-db").arg(format!("--datadir={}", data.display()));
                run(init);
            }
        }
        let child = spawn(brand, &folder);
        Some(Self { brand, folder, child })
    }

    /// Kills it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.end(Signal::SIGKILL);
    }

    fn end(&mut self, how: Signal) {
        let how = if self.brand == Brand::MariaDb { Signal::SIGKILL } else { how };
        kill(Pid::from_raw(self.child.id() as i32), how).expect("it is ours");
        self.child.wait().expect("it is our child");
    }

    /// Starts it again after a kill.
    pub(crate) fn restart(&mut self) {
        self.child = spawn(self.brand, &self.folder);
    }

    /// The URL of one of its databases.
    pub(crate) fn url(&self, database: &str) -> String {
        url(self.brand, &self.folder, database)
    }

    /// Makes a database, once the server answers; its URL.
    pub(crate) async fn database(&self, name: &str) -> String {
        make(self.brand, &self.folder, name).await
    }
}

fn spawn(brand: Brand, folder: &Path) -> Child {
    let data = folder.join("data");
    let log = fs::File::options().create(true).append(true).open(folder.join("log"));
    let mut command = match brand {
        Brand::Postgres => {
            // What was killed leaves its mark: the same process id may be somebody else's by now.
            drop(fs::remove_file(data.join("postmaster.pid")));
            let mut command = as_nobody(&postgres("postgres").expect("looked for"), "INT");
            command.arg("-D").arg(&data).arg("-k").arg(folder);
            for setting in [
                "listen_addresses=",
                "fsync=off",
                "full_page_writes=off",
                // In its folder, which goes, whatever way it ends.
                "dynamic_shared_memory_type=mmap",
            ] {
                command.args(["-c", setting]);
            }
            command
        }
        Brand::MariaDb => {
            let mut command = as_nobody(&mariadb("mariadbd").expect("looked for"), "KILL");
            command.args([
                "--no-defaults",
                "--skip-networking",
                "--innodb-flush-log-at-trx-commit=0",
            ]);
            command.args(["--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M"]);
            command.arg(format!("--datadir={}", data.display()));
            command.arg(format!("--socket={}", folder.join("s").display()));
            command.arg(format!("--pid-file={}", folder.join("pid").display()));
            command
        }
    };
    let log = log.expect("a log");
    command.stdout(log.try_clone().expect("the same")).stderr(log);
    command.spawn().expect("setpriv is there")
}

fn url(brand: Brand, folder: &Path, database: &str) -> String {
    match brand {
        Brand::Postgres => {
            format!("postgres://walkon@localhost/{database}?host={}", folder.display())
        }
        Brand::MariaDb => {
            format!("mysql://root@localhost/{database}?socket={}", folder.join("s").display())
        }
    }
}

async fn make(brand: Brand, folder: &Path, name: &str) -> String {
    let home = if brand == Brand::Postgres { "postgres" } else { "mysql" };
    let home = url(brand, folder, home);
    let db = eventually("the server answers", async || sea_orm::Database::connect(&home).await);
    let db = db.await;
    let make = format!("CREATE DATABASE {name}");
    sea_orm::ConnectionTrait::execute_unprepared(&db, &make).await.expect("a database");
    db.close().await.expect("it closes");
    url(brand, folder, name)
}

/// The one server of that brand that all tests of this process share.
#[expect(clippy::disallowed_methods, reason = "the server dies with its thread: this one stays")]
fn shared(brand: Brand) -> Option<&'static Path> {
    static BOTH: [OnceLock<Option<PathBuf>>; 2] = [OnceLock::new(), OnceLock::new()];
    let started = BOTH[brand as usize].get_or_init(|| {
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            let server = Server::start(brand);
            send.send(server.as_ref().map(|server| server.folder.clone())).expect("it is awaited");
            loop {
                std::thread::park();
            }
        });
        receive.recv().ok().flatten()
    });
    started.as_deref()
}

/// A fresh database of each kind that is there: its name and its address.
pub(crate) async fn each(folder: &Path) -> Vec<(&'static str, Address)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut all = vec![("sqlite", Address::File(folder.join("walkon.db")))];
    for brand in [Brand::Postgres, Brand::MariaDb] {
        if let Some(at) = shared(brand) {
            let name = format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed));
            let url = make(brand, at, &name).await;
            all.push((brand.name(), Address::read(&url, None, folder).expect("a good url")));
        }
    }
    all
}

/// Does something behind the store's back.
pub(crate) async fn execute(address: &Address, statement: &str) {
    let url = address.url();
    let db = sea_orm::Database::connect(url).await.expect("it answers");
    sea_orm::ConnectionTrait::execute_unprepared(&db, statement).await.expect("a good statement");
    db.close().await.expect("it closes");
}
