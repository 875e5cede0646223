//! Where each account is kept, whether it is leaving, and what it is looked for by.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::Statement;

use super::Columns;

pub(super) struct Change;

impl MigrationName for Change {
    fn name(&self) -> &'static str {
        "m0030_kept_where"
    }
}

/// What is added: words that are empty at first.
const WORDS: [(&str, &str); 3] = [("kept", "hand"), ("username", ""), ("plan", "")];

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        let mut columns =
            WORDS.map(|(name, value)| make.word(name).default(value).to_owned()).to_vec();
        columns.push(Columns::number("leaving_ms").default(0).to_owned());
        // MySQL cannot take back half of a change: a column that is there is left.
        for mut column in columns {
            if !manager.has_column("account", column.get_column_name()).await? {
                let mut table = Table::alter();
                table.table(Alias::new("account")).add_column(&mut column);
                manager.alter_table(table).await?;
            }
        }
        copy(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in WORDS.iter().map(|(name, _)| *name).chain(["leaving_ms"]) {
            if manager.has_column("account", name).await? {
                let mut table = Table::alter();
                table.table(Alias::new("account")).drop_column(Alias::new(name));
                manager.alter_table(table).await?;
            }
        }
        Ok(())
    }
}

/// What an account is looked for by is in its document, too.
async fn copy(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let builder = manager.get_database_backend();
    let rows =
        db.query_all_raw(Statement::from_string(builder, "SELECT id, document FROM account"));
    for row in rows.await? {
        let (id, document): (String, String) =
            (row.try_get("", "id")?, row.try_get("", "document")?);
        let read: serde_json::Value = serde_json::from_str(&document).unwrap_or_default();
        let word = |name: &str| read[name].as_str().unwrap_or_default().to_owned();
        let update = Query::update()
            .table(Alias::new("account"))
            .value(Alias::new("username"), word("username"))
            .value(Alias::new("plan"), word("plan"))
            .and_where(Expr::col(Alias::new("id")).eq(id))
            .to_owned();
        manager.execute(update).await?;
    }
    Ok(())
}
