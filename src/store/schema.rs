//! The shape of the tables: which changes a database has, and how it gets the others.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait};
use sea_orm_migration::{MigratorTrait, SchemaManager, seaql_migrations};
use serde::Serialize;

use super::address::Address;
use super::migration::Migrator;
use super::{Error, connect};

/// The name under which one process at a time changes the tables.
const LOCK: &str = "SELECT GET_LOCK('walkon_migrate', 60)";
const UNLOCK: &str = "SELECT RELEASE_LOCK('walkon_migrate')";
const PG_LOCK: &str = "SELECT pg_advisory_lock(8024907712)";
const PG_UNLOCK: &str = "SELECT pg_advisory_unlock(8024907712)";

/// Which changes a database has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Schema {
    /// Which database, without secrets.
    pub database: String,
    /// Those it has.
    pub applied: Vec<String>,
    /// Those it still needs.
    pub pending: Vec<String>,
    /// Those that only a later Walkon knows.
    pub unknown: Vec<String>,
}

impl Schema {
    /// Looks, and changes nothing.
    pub async fn of(address: &Address) -> Result<Self, Error> {
        if let Address::File(path) = address
            && !path.exists()
        {
            let database = address.shown();
            let (applied, unknown) = (Vec::new(), Vec::new());
            return Ok(Self { database, applied, pending: names(), unknown });
        }
        let db = connect::pool(address, 1).await?;
        let schema = look(&db, address).await;
        // It was asked for once.
        drop(db.close().await);
        schema
    }

    /// Brings a database up to date; returns what was done.
    pub async fn up(address: &Address) -> Result<Vec<String>, Error> {
        change(address, Way::Up).await
    }

    /// Takes the latest changes back, with what their tables held; returns which.
    pub async fn down(address: &Address, steps: u32) -> Result<Vec<String>, Error> {
        change(address, Way::Down(steps)).await
    }

    /// Refuses a database of a later Walkon.
    pub fn check(&self) -> Result<(), Error> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        let known = names().pop().unwrap_or_default();
        let (shown, found) = (self.database.clone(), self.unknown.join(", "));
        Err(Error::Newer { shown, found, known })
    }
}

#[derive(Clone, Copy)]
enum Way {
    Up,
    Down(u32),
}

fn names() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

async fn look(db: &DatabaseConnection, address: &Address) -> Result<Schema, Error> {
    let mut has: Vec<String> = Vec::new();
    if SchemaManager::new(db).has_table("seaql_migrations").await? {
        let rows = seaql_migrations::Entity::find().all(db).await?;
        has.extend(rows.into_iter().map(|row| row.version));
    }
    has.sort();
    let known = names();
    let (applied, pending) = known.into_iter().partition(|name| has.contains(name));
    let applied: Vec<String> = applied;
    let unknown = has.into_iter().filter(|name| !applied.contains(name)).collect();
    Ok(Schema { database: address.shown(), applied, pending, unknown })
}

async fn change(address: &Address, way: Way) -> Result<Vec<String>, Error> {
    // One connection, for a lock is its connection's, and gone with it.
    let db = connect::pool(address, 1).await?;
    let (lock, unlock) = match db.get_database_backend() {
        DbBackend::MySql => (LOCK, UNLOCK),
        DbBackend::Postgres => (PG_LOCK, PG_UNLOCK),
        _ => ("", ""),
    };
    if !lock.is_empty() {
        db.execute_unprepared(lock).await?;
    }
    let changed = change_locked(&db, address, way).await;
    if !unlock.is_empty() {
        drop(db.execute_unprepared(unlock).await);
    }
    drop(db.close().await);
    changed
}

async fn change_locked(
    db: &DatabaseConnection,
    address: &Address,
    way: Way,
) -> Result<Vec<String>, Error> {
    let before = look(db, address).await?;
    before.check()?;
    let failed = |error| Error::Open(address.shown(), error);
    match way {
        Way::Up if before.pending.is_empty() => return Ok(Vec::new()),
        Way::Up => Migrator::up(db, None).await.map_err(failed)?,
        Way::Down(steps) => Migrator::down(db, Some(steps)).await.map_err(failed)?,
    }
    let after = look(db, address).await?;
    Ok(match way {
        Way::Up => before.pending,
        Way::Down(_) => {
            before.applied.into_iter().filter(|name| after.pending.contains(name)).collect()
        }
    })
}
