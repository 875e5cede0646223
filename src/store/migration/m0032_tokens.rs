//! API tokens, by their hashes, and the sessions of those who signed in with one.

use sea_orm_migration::prelude::*;

use super::{Columns, add_index, drop_tables};

pub(super) struct Change;

impl MigrationName for Change {
    fn name(&self) -> &'static str {
        "m0032_tokens"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        let number = Columns::number;
        let mut columns = vec![make.word("id"), make.word("hash"), make.text("document")];
        columns.extend(["revoked_ms", "used_ms"].map(number));
        manager.create_table(make.table("api_token", &["id"], columns)).await?;
        add_index(manager, "api_token_by_hash", "api_token", &["hash"], true).await?;
        let mut columns = vec![make.word("hash"), make.word("token"), make.word("csrf")];
        columns.extend(["begun_ms", "seen_ms"].map(number));
        manager.create_table(make.table("sign_in", &["hash"], columns)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["sign_in", "api_token"]).await
    }
}
