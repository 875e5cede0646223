//! How far the onboarding of each account is.

use sea_orm_migration::prelude::*;

use super::{Columns, add_index, drop_tables};

pub(super) struct Change;

impl MigrationName for Change {
    fn name(&self) -> &'static str {
        "m0021_onboarding"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        let columns = vec![
            make.word("account"),
            make.word("state"),
            make.word("runner"),
            Columns::number("beat_ms"),
            make.text("document"),
        ];
        manager.create_table(make.table("onboarding", &["account"], columns)).await?;
        add_index(manager, "onboarding_by_state", "onboarding", &["state"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["onboarding"]).await
    }
}
