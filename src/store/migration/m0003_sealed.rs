//! Credentials and storage state are sealed. Storage state that was kept plain is let go of: its
//! accounts sign in once more.

use sea_orm_migration::prelude::*;

use super::{Columns, drop_tables};

pub(super) struct Change;

impl MigrationName for Change {
    fn name(&self) -> &'static str {
        "m0003_sealed"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        let (word, text) = (|name| make.word(name), |name| make.text(name));
        let columns = vec![word("slot"), word("master")];
        manager.create_table(make.table("vault_key", &["slot"], columns)).await?;
        let sealed = || vec![word("master"), text("wrapped"), text("body")];
        let columns = [vec![word("account"), word("field")], sealed()].concat();
        manager.create_table(make.table("credential", &["account", "field"], columns)).await?;
        drop_tables(manager, &["storage_state"]).await?;
        let columns = [vec![word("account"), word("token")], sealed()].concat();
        manager.create_table(make.table("storage_state", &["account"], columns)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        drop_tables(manager, &["storage_state", "credential", "vault_key"]).await?;
        let columns = vec![make.word("account"), make.word("token"), make.text("document")];
        manager.create_table(make.table("storage_state", &["account"], columns)).await
    }
}
