//! The tables' history: each change of their shape, in order.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, text};

/// Every change.
#[derive(Debug)]
pub(super) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(First), Box::new(super::charges::Migration)]
    }
}

/// Accounts, holds, storage state, receipts.
struct First;

impl MigrationName for First {
    fn name(&self) -> &'static str {
        "m0001_accounts_and_receipts"
    }
}

fn table(
    name: &'static str,
    key: &[&'static str],
    columns: Vec<ColumnDef>,
) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new(name));
    for column in columns {
        table.col(column);
    }
    let mut index = Index::create();
    for column in key {
        index.col(Alias::new(*column));
    }
    table.primary_key(&mut index).to_owned()
}

fn word(name: &'static str) -> ColumnDef {
    string(Alias::new(name))
}

fn document() -> ColumnDef {
    text(Alias::new("document"))
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![word("id"), word("site"), word("lifecycle"), document()];
        manager.create_table(table("account", &["id"], columns)).await?;
        let columns = vec![word("account"), word("kind"), document()];
        manager.create_table(table("hold", &["account", "kind"], columns)).await?;
        let columns = vec![word("account"), word("token"), document()];
        manager.create_table(table("storage_state", &["account"], columns)).await?;
        let at = big_integer(Alias::new("at_ms"));
        let columns =
            vec![word("action"), word("account"), word("kind"), word("state"), at, document()];
        manager.create_table(table("receipt", &["action"], columns)).await?;
        let mut index = Index::create();
        index.name("receipt_by_account").table(Alias::new("receipt"));
        index.col(Alias::new("account")).col(Alias::new("at_ms"));
        manager.create_index(index.take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["receipt", "storage_state", "hold", "account"] {
            manager.drop_table(Table::drop().table(Alias::new(name)).to_owned()).await?;
        }
        Ok(())
    }
}
