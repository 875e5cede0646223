//! A whole database into one file, and back: `SQLite` by itself, servers by their own tools.
//!
//! A server's tool is given the address without its password, which goes by the environment: what
//! is on a command line, everybody on the host can read.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use sea_orm::ConnectionTrait as _;
use tokio::process::Command;
use url::Url;

use super::address::{Address, Server};
use super::connect;

/// Why a database was not written out or read in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database said no.
    #[error("the database could not be copied")]
    Store(#[from] super::Error),
    /// The server's own tool is not here.
    #[error("`{0}` is not installed on this host")]
    NoTool(&'static str),
    /// The tool failed.
    #[error("`{tool}` failed: {said}")]
    Tool {
        /// Which.
        tool: &'static str,
        /// Its last words.
        said: String,
    },
    /// The file could not be read or written.
    #[error("could not read or write {}", .0.display())]
    File(PathBuf, #[source] std::io::Error),
}

impl Error {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Store(error) => error.remedy().into_owned(),
            Self::NoTool(tool) if tool.starts_with("pg_") => {
                "install `postgresql-client` of the server's version".to_owned()
            }
            Self::NoTool(_) => "install `mariadb-client`".to_owned(),
            Self::Tool { .. } => {
                "see what it says; it must be of the server's version or a later one, and its \
                 user own the database"
                    .to_owned()
            }
            Self::File(..) => "check the folder's owner and the disk".to_owned(),
        }
    }
}

impl Address {
    /// The name that the database has in a backup.
    pub fn dump_name(&self) -> &'static str {
        match self {
            Self::File(_) => "walkon.db",
            Self::Postgres(_) => "postgres.dump",
            Self::MySql(_) => "mysql.sql",
        }
    }
}

/// Writes all that the database holds at one moment into a file that is not there yet.
pub async fn write(address: &Address, file: &Path) -> Result<(), Error> {
    match address {
        Address::File(_) => {
            let db = connect::pool(address, 1).await?;
            let name = file.display().to_string().replace('\'', "''");
            let done = db.execute_unprepared(&format!("VACUUM INTO '{name}'")).await;
            drop(db.close().await);
            done.map(drop).map_err(|error| super::Error::from(error).into())
        }
        Address::Postgres(server) => {
            let mut tool = postgres("pg_dump", server);
            tool.args(["--format=custom", "--no-owner", "--file"]).arg(file);
            run("pg_dump", tool).await
        }
        Address::MySql(server) => {
            let mut tool = mysql("mariadb-dump", server);
            tool.args(["--single-transaction", "--hex-blob", "--result-file"]).arg(file);
            tool.arg(database(server));
            run("mariadb-dump", tool).await
        }
    }
}

/// Puts what such a file holds in place of all that a server's database holds.
pub async fn read(address: &Address, file: &Path) -> Result<(), Error> {
    match address {
        Address::File(to) => {
            std::fs::copy(file, to).map(drop).map_err(|error| Error::File(file.to_owned(), error))
        }
        Address::Postgres(server) => {
            let mut tool = postgres("pg_restore", server);
            tool.args(["--clean", "--if-exists", "--no-owner", "--single-transaction"]).arg(file);
            run("pg_restore", tool).await
        }
        Address::MySql(server) => {
            let mut tool = mysql("mariadb", server);
            tool.arg(database(server));
            let dump = std::fs::File::open(file);
            tool.stdin(dump.map_err(|error| Error::File(file.to_owned(), error))?);
            run("mariadb", tool).await
        }
    }
}

async fn run(name: &'static str, mut tool: Command) -> Result<(), Error> {
    tool.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = match tool.spawn() {
        Ok(child) => child.wait_with_output().await,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::NoTool(name));
        }
        Err(error) => Err(error),
    };
    let output = output.map_err(|error| Error::File(PathBuf::from(name), error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = said.lines().rev().take(3).collect();
    let said = lines.into_iter().rev().collect::<Vec<_>>().join(" / ");
    Err(Error::Tool { tool: name, said })
}

fn plain(text: &str) -> String {
    let text = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    pairs.next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The password, from wherever it was given.
fn password(server: &Server) -> Option<String> {
    if let Some(password) = &server.password {
        return Some(password.expose().to_owned());
    }
    let url = Url::parse(server.url.expose()).ok()?;
    let in_query = url.query_pairs().find(|(name, _)| name == "password");
    let in_query = in_query.map(|(_, value)| value.into_owned());
    url.password().map(plain).or(in_query)
}

fn postgres(tool: &str, server: &Server) -> Command {
    let mut command = Command::new(tool);
    command.stdin(Stdio::null()).arg("--dbname").arg(&server.shown);
    if let Some(password) = password(server) {
        command.env("PGPASSWORD", password);
    }
    command
}

fn database(server: &Server) -> String {
    let url = Url::parse(&server.shown).ok();
    url.map(|url| plain(url.path().trim_start_matches('/'))).unwrap_or_default()
}

fn mysql(tool: &str, server: &Server) -> Command {
    let mut command = Command::new(tool);
    command.stdin(Stdio::null()).arg("--no-defaults");
    if let Some(password) = password(server) {
        command.env("MYSQL_PWD", password);
    }
    let Ok(url) = Url::parse(&server.shown) else { return command };
    let socket = url.query_pairs().find(|(name, _)| name == "socket");
    match (socket, url.host_str()) {
        (Some((_, socket)), _) => drop(command.arg(format!("--socket={socket}"))),
        (None, Some(host)) => drop(command.arg(format!("--host={host}"))),
        (None, None) => {}
    }
    if let Some(port) = url.port() {
        command.arg(format!("--port={port}"));
    }
    if !url.username().is_empty() {
        command.arg(format!("--user={}", plain(url.username())));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &Command) -> Vec<String> {
        let command = command.as_std();
        command.get_args().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    fn server(url: &str) -> Server {
        match Address::read(url, None, Path::new("/x")).unwrap() {
            Address::Postgres(server) | Address::MySql(server) => server,
            Address::File(_) => panic!("{url} is a file"),
        }
    }

    #[test]
    fn a_password_goes_by_the_environment_and_never_by_the_command_line() {
        let pg = server("postgres://eve:s3c%2Br@db:5433/w?sslmode=require");
        assert_eq!(words(&postgres("pg_dump", &pg))[1], "postgres://eve@db:5433/w?sslmode=require");
        assert_eq!(password(&pg).as_deref(), Some("s3c+r"));
        let my = server("mysql://eve:s+c@db:3307/w?ssl-mode=required");
        assert_eq!(
            words(&mysql("mariadb", &my)),
            ["--no-defaults", "--host=db", "--port=3307", "--user=eve"]
        );
        assert_eq!((password(&my).as_deref(), database(&my).as_str()), (Some("s+c"), "w"));
        let local = server("mysql://root@localhost/w?socket=/run/s");
        assert_eq!(words(&mysql("mariadb", &local))[1], "--socket=/run/s");
        assert_eq!(password(&local), None);
    }
}
