//! The books' tables, and how they come about.

use sea_orm_migration::prelude::*;

use super::super::migration::{Columns, add_index, drop_tables};

/// Charges, one a token. Instants are milliseconds.
pub(in crate::store) mod charge {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "charge")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub token: String,
        pub action: String,
        pub account: String,
        pub kind: String,
        pub at_ms: i64,
        pub day_ms: i64,
        pub hour_ms: i64,
        pub fleet_day_ms: i64,
        pub fleet_hour_ms: i64,
        pub burst_ms: i64,
        /// 0: its attempt still runs, for all that is known.
        pub settled_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Actions that have not ended.
pub(in crate::store) mod open_action {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "open_action")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub action: String,
        pub account: String,
        pub kind: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub target: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a person has paused.
pub(super) mod queue_pause {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "queue_pause")]
    pub(crate) struct Model {
        /// A site; empty: the fleet.
        #[sea_orm(primary_key, auto_increment = false)]
        pub site: String,
        pub by_whom: String,
        #[sea_orm(column_type = "Text")]
        pub why: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The queue's epoch: one row.
pub(super) mod queue_epoch {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "queue_epoch")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub queue: String,
        pub epoch: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Makes them.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0010_charges"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        let word = |name| make.word(name);
        let mut columns = vec![word("token"), word("action"), word("account"), word("kind")];
        let instants = ["at_ms", "day_ms", "hour_ms", "fleet_day_ms", "fleet_hour_ms"];
        columns.extend(instants.map(Columns::number));
        columns.extend(["burst_ms", "settled_ms"].map(Columns::number));
        manager.create_table(make.table("charge", &["token"], columns)).await?;
        let target = ColumnDef::new(Alias::new("target")).text().null().to_owned();
        let columns = vec![word("action"), word("account"), word("kind"), target];
        manager.create_table(make.table("open_action", &["action"], columns)).await?;
        let columns = vec![word("site"), word("by_whom"), make.text("why")];
        manager.create_table(make.table("queue_pause", &["site"], columns)).await?;
        let columns = vec![word("queue"), Columns::number("epoch")];
        manager.create_table(make.table("queue_epoch", &["queue"], columns)).await?;
        add_index(manager, "charge_by_account", "charge", &["account", "token"], false).await?;
        add_index(manager, "receipt_by_end", "receipt", &["at_ms", "action"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["queue_epoch", "queue_pause", "open_action", "charge"]).await
    }
}
