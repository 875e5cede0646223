//! The tables' history: each change of their shape is a file, in order.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

mod m0001_accounts_and_receipts;
mod m0003_sealed;
mod m0004_audit;
mod m0005_usage;
mod m0020_health;
mod m0021_onboarding;
mod m0022_alerts;
mod m0023_capacity;
mod m0030_kept_where;
mod m0031_erasures;
mod m0032_tokens;
mod m0040_grants;
mod m0050_restored;
mod m0060_settings;
mod m0061_receipts_by_time;

/// Every change.
#[derive(Debug)]
pub(super) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts_and_receipts::Change),
            Box::new(m0003_sealed::Change),
            Box::new(m0004_audit::Change),
            Box::new(m0005_usage::Change),
            Box::new(super::charges::Migration),
            Box::new(m0020_health::Change),
            Box::new(m0021_onboarding::Change),
            Box::new(m0022_alerts::Change),
            Box::new(m0023_capacity::Change),
            Box::new(m0030_kept_where::Change),
            Box::new(m0031_erasures::Change),
            Box::new(m0032_tokens::Change),
            Box::new(m0040_grants::Change),
            Box::new(m0050_restored::Change),
            Box::new(m0060_settings::Change),
            Box::new(m0061_receipts_by_time::Change),
        ]
    }
}

/// Makes columns that mean the same on each database.
#[derive(Clone, Copy)]
pub(super) struct Columns(DbBackend);

impl Columns {
    pub(super) fn of(manager: &SchemaManager<'_>) -> Self {
        Self(manager.get_database_backend())
    }

    /// A short text that is compared byte by byte: tokens are, and ids are sorted so.
    pub(super) fn word(self, name: &'static str) -> ColumnDef {
        let mut column = ColumnDef::new(Alias::new(name));
        column.string().not_null();
        if self.0 == DbBackend::Postgres {
            column.extra("COLLATE \"C\"");
        }
        column
    }

    /// A text of any length: `MySQL`'s own `TEXT` ends at 64 KiB.
    pub(super) fn text(self, name: &'static str) -> ColumnDef {
        let mut column = ColumnDef::new(Alias::new(name));
        match self.0 {
            DbBackend::MySql => column.custom(Alias::new("LONGTEXT")),
            _ => column.text(),
        };
        column.not_null().to_owned()
    }

    /// A whole number, of 64 bits.
    pub(super) fn number(name: &'static str) -> ColumnDef {
        ColumnDef::new(Alias::new(name)).big_integer().not_null().to_owned()
    }

    /// A table with its key. `MySQL` cannot take back half of a change: one that is there is left.
    pub(super) fn table(
        self,
        name: &'static str,
        key: &[&'static str],
        columns: Vec<ColumnDef>,
    ) -> TableCreateStatement {
        let mut table = Table::create();
        table.table(Alias::new(name)).if_not_exists();
        for column in columns {
            table.col(column);
        }
        let mut index = Index::create();
        for column in key {
            index.col(Alias::new(*column));
        }
        table.primary_key(&mut index);
        if self.0 == DbBackend::MySql {
            table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
        }
        table
    }
}

/// Adds an index that is not there yet.
pub(super) async fn add_index(
    manager: &SchemaManager<'_>,
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
    is_unique: bool,
) -> Result<(), DbErr> {
    if manager.has_index(table, name).await? {
        return Ok(());
    }
    let mut index = Index::create();
    index.name(name).table(Alias::new(table));
    if is_unique {
        index.unique();
    }
    for column in columns {
        index.col(Alias::new(*column));
    }
    manager.create_index(index).await
}

/// Drops tables that are there.
pub(super) async fn drop_tables(
    manager: &SchemaManager<'_>,
    names: &[&'static str],
) -> Result<(), DbErr> {
    for name in names {
        let table = Table::drop().table(Alias::new(*name)).if_exists().to_owned();
        manager.drop_table(table).await?;
    }
    Ok(())
}
