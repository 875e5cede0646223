//! How a database is reached: one honest try with the reason of its failure, then a pool.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::sqlite::SqliteJournalMode;
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr};

use super::Error;
use super::address::{Address, Server};

/// How long a server may take to let us in, and a connection to come free.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How many connections one process keeps at most.
const POOL: u32 = 8;

/// Opens a pool of at most so many connections.
pub(super) async fn pool(address: &Address, most: u32) -> Result<DatabaseConnection, Error> {
    match address {
        Address::File(path) => file(path).await,
        Address::Postgres(server) => postgres(server, most).await,
        Address::MySql(server) => mysql(server, most).await,
    }
}

/// Opens a pool as large as a process needs.
pub(super) async fn wide(address: &Address) -> Result<DatabaseConnection, Error> {
    pool(address, POOL).await
}

fn options(url: &str, most: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(most).connect_timeout(CONNECT_MAX).acquire_timeout(CONNECT_MAX);
    options.sqlx_logging(false);
    options
}

async fn file(path: &Path) -> Result<DatabaseConnection, Error> {
    let shown = || path.display().to_string();
    // It holds who the accounts are. SQLite gives its log files the same rights.
    let own = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    own.map_err(|error| Error::Open(shown(), DbErr::Custom(error.to_string())))?;
    // One writer: SQLite has no more, and a queue in front of it beats `database is locked`.
    let mut options = options("sqlite::memory:", 1);
    // The path is set as it is: in a URL `?` and `%` would mean something.
    let path = path.to_owned();
    let found = path.clone();
    options.map_sqlx_sqlite_opts(move |options| {
        // What is deleted is overwritten: no secret stays behind in a free page.
        let options = options.in_memory(false).shared_cache(false).pragma("secure_delete", "ON");
        // One write of the disk a transaction, where a rollback journal takes three.
        let options = options.journal_mode(SqliteJournalMode::Wal);
        options.filename(&path).busy_timeout(CONNECT_MAX)
    });
    Database::connect(options)
        .await
        .map_err(|error| Error::Open(found.display().to_string(), error))
}

async fn postgres(server: &Server, most: u32) -> Result<DatabaseConnection, Error> {
    let parsed: PgConnectOptions = parse(server)?;
    let with = |options: PgConnectOptions, server: &Server| match &server.password {
        Some(password) => options.password(password.expose()),
        None => options,
    };
    let first = with(parsed, server).disable_statement_logging();
    try_once(server, PgConnection::connect_with(&first)).await?;
    let mut options = options(server.url.expose(), most);
    let held = server.clone();
    options.map_sqlx_postgres_opts(move |options| with(options, &held));
    options.set_application_name("walkon");
    Database::connect(options).await.map_err(|error| refused(server, error))
}

async fn mysql(server: &Server, most: u32) -> Result<DatabaseConnection, Error> {
    let parsed: MySqlConnectOptions = parse(server)?;
    let with = |options: MySqlConnectOptions, server: &Server| match &server.password {
        Some(password) => options.password(password.expose()),
        None => options,
    };
    let first = with(parsed, server).disable_statement_logging();
    try_once(server, MySqlConnection::connect_with(&first)).await?;
    let mut options = options(server.url.expose(), most);
    let held = server.clone();
    options.map_sqlx_mysql_opts(move |options| with(options, &held));
    Database::connect(options).await.map_err(|error| refused(server, error))
}

fn parse<T: std::str::FromStr<Err = sqlx::Error>>(server: &Server) -> Result<T, Error> {
    server.url.expose().parse().map_err(|_| Error::Address {
        what: format!("({}) cannot be read", server.shown),
        remedy: "write `postgres://user@host:port/walkon` or `mysql://…`, with what is not plain \
                 percent-encoded, and the password in `store.password_file`"
            .to_owned(),
    })
}

/// A pool repeats until its time is over and then knows only that: a single try knows why.
async fn try_once<C: sqlx::Connection>(
    server: &Server,
    connecting: impl Future<Output = Result<C, sqlx::Error>>,
) -> Result<(), Error> {
    let first = match tokio::time::timeout(CONNECT_MAX, connecting).await {
        Ok(tried) => tried,
        Err(late) => Err(sqlx::Error::Io(std::io::Error::from(late))),
    };
    let connection = first
        .map_err(|error| refused(server, DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))))?;
    // It has answered; how it ends does not matter.
    drop(connection.close().await);
    Ok(())
}

fn refused(server: &Server, error: DbErr) -> Error {
    if super::error::is_away(&error) {
        Error::Unreachable(server.shown.clone(), error)
    } else {
        Error::Denied(server.shown.clone(), error)
    }
}
