//! Accounts, holds, storage state, receipts.

use sea_orm_migration::prelude::*;

use super::{Columns, add_index, drop_tables};

pub(super) struct Change;

impl MigrationName for Change {
    fn name(&self) -> &'static str {
        "m0001_accounts_and_receipts"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        let (word, document) = (|name| make.word(name), || make.text("document"));
        let columns = vec![word("id"), word("site"), word("lifecycle"), document()];
        manager.create_table(make.table("account", &["id"], columns)).await?;
        let columns = vec![word("account"), word("kind"), document()];
        manager.create_table(make.table("hold", &["account", "kind"], columns)).await?;
        let columns = vec![word("account"), word("token"), document()];
        manager.create_table(make.table("storage_state", &["account"], columns)).await?;
        let at = Columns::number("at_ms");
        let columns =
            vec![word("action"), word("account"), word("kind"), word("state"), at, document()];
        manager.create_table(make.table("receipt", &["action"], columns)).await?;
        add_index(manager, "receipt_by_account", "receipt", &["account", "at_ms"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["receipt", "storage_state", "hold", "account"]).await
    }
}
