//! The books' tables, and how they come about.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, text, text_null};

/// Charges, one a token. Instants are milliseconds.
pub(super) mod charge {
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
pub(super) mod open_action {
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

fn table(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new(name));
    let mut columns = columns.into_iter();
    if let Some(mut key) = columns.next() {
        table.col(key.primary_key());
    }
    for column in columns {
        table.col(column);
    }
    table
}

fn word(name: &'static str) -> ColumnDef {
    string(Alias::new(name))
}

fn instant(name: &'static str) -> ColumnDef {
    big_integer(Alias::new(name))
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut columns = vec![word("token"), word("action"), word("account"), word("kind")];
        let instants = ["at_ms", "day_ms", "hour_ms", "fleet_day_ms", "fleet_hour_ms"];
        columns.extend(instants.map(instant));
        columns.extend(["burst_ms", "settled_ms"].map(instant));
        manager.create_table(table("charge", columns)).await?;
        let target = text_null(Alias::new("target"));
        let columns = vec![word("action"), word("account"), word("kind"), target];
        manager.create_table(table("open_action", columns)).await?;
        let columns = vec![word("site"), word("by_whom"), text(Alias::new("why"))];
        manager.create_table(table("queue_pause", columns)).await?;
        let columns = vec![word("queue"), instant("epoch")];
        manager.create_table(table("queue_epoch", columns)).await?;
        for (name, on, columns) in [
            ("charge_by_account", "charge", ["account", "token"]),
            ("receipt_by_end", "receipt", ["at_ms", "action"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(Alias::new(on));
            for column in columns {
                index.col(Alias::new(column));
            }
            manager.create_index(index.take()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["queue_epoch", "queue_pause", "open_action", "charge"] {
            manager.drop_table(Table::drop().table(Alias::new(name)).to_owned()).await?;
        }
        Ok(())
    }
}
