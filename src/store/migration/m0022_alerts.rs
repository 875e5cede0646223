//! Alerts, and whom they were told.

use sea_orm_migration::prelude::*;

use super::{Columns, add_index, drop_tables};

pub(super) struct Change;

impl MigrationName for Change {
    fn name(&self) -> &'static str {
        "m0022_alerts"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        let columns = vec![
            make.word("id"),
            make.word("account"),
            Columns::number("turn"),
            Columns::number("over_ms"),
            Columns::number("settled"),
            make.text("document"),
        ];
        manager.create_table(make.table("alert", &["id"], columns)).await?;
        add_index(manager, "alert_by_settled", "alert", &["settled"], false).await?;
        add_index(manager, "alert_by_over", "alert", &["over_ms"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["alert"]).await
    }
}
