//! Alerts: what somebody should be told, and whom was told what.
//!
//! Several coordinators raise and tell at once. Each change names the turn that it has read: if
//! another was quicker, it reads again, so that none is told twice.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use walkon_core::alert::{Alert, Raised};

use super::Error;
use super::sql::{SqlStore, is_there, read, write};

/// `over_ms` of one that stands.
const STANDS: i64 = 0;
/// How often somebody quicker may change what we were about to change.
const TRIES: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    id: String,
    account: String,
    turn: i64,
    over_ms: i64,
    /// 1: everybody was told that it is over.
    settled: i64,
    #[sea_orm(column_type = "Text")]
    document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// An alert with the turn of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// The alert.
    pub raised: Raised,
    /// Which change of it this is.
    pub turn: i64,
}

/// What somebody should be told.
#[async_trait]
pub trait Alerts: Send + Sync {
    /// Raises an alert; one that stands is raised again.
    async fn raise(&self, alert: &Alert, at: Timestamp) -> Result<Raised, Error>;
    /// Says that an alert is over; `false`: it did not stand.
    async fn resolve(&self, key: &str, at: Timestamp) -> Result<bool, Error>;
    /// Writes whom was told what, if nothing has changed since it was read; `false`: it has.
    async fn keep_told(&self, turned: &Turned, settled: bool) -> Result<bool, Error>;
    /// Those of which somebody may still have to be told: all that stand, and those that are over
    /// and not settled.
    async fn unsettled(&self) -> Result<Vec<Turned>, Error>;
    /// One alert.
    async fn alert(&self, key: &str) -> Result<Option<Turned>, Error>;
    /// Alerts, those that stand first, then the latest that are over; of one account or of all.
    async fn alerts(&self, account: Option<&str>, most: u64) -> Result<Vec<Raised>, Error>;
    /// Forgets what is over since before then; returns how many.
    async fn forget_alerts(&self, before: Timestamp) -> Result<u64, Error>;
}

fn over_ms(raised: &Raised) -> i64 {
    raised.over.map_or(STANDS, |over| over.as_millisecond().max(STANDS + 1))
}

fn turned(row: &Model) -> Result<Turned, Error> {
    Ok(Turned { raised: read(&row.document, &row.id)?, turn: row.turn })
}

impl SqlStore {
    async fn put_turn(&self, turned: &Turned, settled: bool) -> Result<bool, Error> {
        let Turned { raised, turn } = turned;
        let change = Entity::update_many()
            .col_expr(Column::Turn, Expr::value(turn + 1))
            .col_expr(Column::OverMs, Expr::value(over_ms(raised)))
            .col_expr(Column::Settled, Expr::value(i64::from(settled)))
            .col_expr(Column::Document, Expr::value(write(raised)))
            .filter(Column::Id.eq(raised.alert.key.as_str()))
            .filter(Column::Turn.eq(*turn));
        Ok(change.exec(&self.db).await?.rows_affected > 0)
    }

    async fn add_alert(&self, raised: &Raised) -> Result<bool, Error> {
        let row = ActiveModel {
            id: Set(raised.alert.key.clone()),
            account: Set(raised.alert.account.clone().unwrap_or_default()),
            turn: Set(1),
            over_ms: Set(over_ms(raised)),
            settled: Set(0),
            document: Set(write(raised)),
        };
        match Entity::insert(row).exec_without_returning(&self.db).await {
            Ok(_) => Ok(true),
            Err(error) if is_there(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

#[async_trait]
impl Alerts for SqlStore {
    async fn raise(&self, alert: &Alert, at: Timestamp) -> Result<Raised, Error> {
        for _ in 0..TRIES {
            let before = self.alert(&alert.key).await?;
            let raised = Raised::anew(alert, before.as_ref().map(|before| &before.raised), at);
            let kept = match before {
                None => self.add_alert(&raised).await?,
                Some(Turned { turn, .. }) => {
                    self.put_turn(&Turned { raised: raised.clone(), turn }, false).await?
                }
            };
            if kept {
                return Ok(raised);
            }
        }
        // Others raise it as fast as we do: it stands.
        Ok(Raised::anew(alert, None, at))
    }

    async fn resolve(&self, key: &str, at: Timestamp) -> Result<bool, Error> {
        for _ in 0..TRIES {
            let Some(mut turned) = self.alert(key).await? else { return Ok(false) };
            if turned.raised.over.is_some() {
                return Ok(false);
            }
            turned.raised.over = Some(at);
            if self.put_turn(&turned, false).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn keep_told(&self, turned: &Turned, settled: bool) -> Result<bool, Error> {
        self.put_turn(turned, settled).await
    }

    async fn unsettled(&self) -> Result<Vec<Turned>, Error> {
        let rows = Entity::find().filter(Column::Settled.eq(0)).order_by_asc(Column::Id);
        rows.all(&self.db).await?.iter().map(turned).collect()
    }

    async fn alert(&self, key: &str) -> Result<Option<Turned>, Error> {
        let row = Entity::find_by_id(key).one(&self.db).await?;
        row.as_ref().map(turned).transpose()
    }

    async fn alerts(&self, account: Option<&str>, most: u64) -> Result<Vec<Raised>, Error> {
        let of = |rows: Select<Entity>| match account {
            Some(account) => rows.filter(Column::Account.eq(account)),
            None => rows,
        };
        let stand = of(Entity::find().filter(Column::OverMs.eq(STANDS)));
        let stand = stand.order_by_asc(Column::Id).limit(most).all(&self.db).await?;
        let over = of(Entity::find().filter(Column::OverMs.gt(STANDS)));
        let over = over.order_by_desc(Column::OverMs).order_by_asc(Column::Id);
        let left = most.saturating_sub(stand.len() as u64);
        let over = over.limit(left).all(&self.db).await?;
        stand.iter().chain(&over).map(|row| Ok(turned(row)?.raised)).collect()
    }

    async fn forget_alerts(&self, before: Timestamp) -> Result<u64, Error> {
        let old = Entity::delete_many()
            .filter(Column::OverMs.gt(STANDS))
            .filter(Column::OverMs.lt(before.as_millisecond()));
        Ok(old.exec(&self.db).await?.rows_affected)
    }
}
