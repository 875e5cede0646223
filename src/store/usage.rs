//! The usage log: every attempt's end, and how many there were of what.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use walkon_core::clock::from_ms;
use walkon_core::usage;

use super::Error;
use super::sql::{SqlStore, is_there};

const HOUR_MS: i64 = 3_600_000;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_log")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    event: String,
    pub(super) account: String,
    kind: String,
    class: String,
    result: String,
    code: String,
    at_ms: i64,
    hour_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// By what usage is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A line an account.
    Account,
    /// A line an hour, in UTC.
    Hour,
    /// A line a kind of action.
    Kind,
    /// A line a result.
    #[default]
    Result,
}

/// What is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// By what.
    pub by: By,
    /// From then on.
    pub since: Timestamp,
    /// Before then; `None`: until now.
    pub until: Option<Timestamp>,
    /// Of this account alone.
    pub account: Option<String>,
}

/// One line of a count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The account, the hour, the kind or the result.
    pub of: String,
    /// How many attempts ended, and how often something was found.
    pub total: u64,
    /// The same by result.
    pub results: BTreeMap<String, u64>,
}

/// How attempts ended.
#[async_trait]
pub trait UsageLog: Send + Sync {
    /// Keeps an attempt's end; told again, it is kept once.
    async fn log_usage(&self, usage: &usage::Usage) -> Result<(), Error>;
    /// Counts; the lines are in order of what they are of.
    async fn usage(&self, count: &Count) -> Result<Vec<Line>, Error>;
    /// Forgets what ended before then; returns how much.
    async fn forget_usage(&self, before: Timestamp) -> Result<u64, Error>;
}

#[async_trait]
impl UsageLog for SqlStore {
    async fn log_usage(&self, usage: &usage::Usage) -> Result<(), Error> {
        let at_ms = usage.at.as_millisecond();
        let row = ActiveModel {
            event: Set(usage.event.clone()),
            account: Set(usage.account.clone()),
            kind: Set(usage.kind.clone()),
            class: Set(usage.class.clone()),
            result: Set(usage.result.name().to_owned()),
            code: Set(usage.code.clone()),
            at_ms: Set(at_ms),
            hour_ms: Set(at_ms - at_ms.rem_euclid(HOUR_MS)),
        };
        match Entity::insert(row).exec_without_returning(&self.db).await {
            Err(error) if !is_there(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn forget_usage(&self, before: Timestamp) -> Result<u64, Error> {
        let old = Column::AtMs.lt(before.as_millisecond());
        Ok(Entity::delete_many().filter(old).exec(&self.db).await?.rows_affected)
    }

    async fn usage(&self, count: &Count) -> Result<Vec<Line>, Error> {
        let mut query = Entity::find().select_only();
        query = query.filter(Column::AtMs.gte(count.since.as_millisecond()));
        if let Some(until) = count.until {
            query = query.filter(Column::AtMs.lt(until.as_millisecond()));
        }
        if let Some(account) = &count.account {
            query = query.filter(Column::Account.eq(account.as_str()));
        }
        let column = match count.by {
            By::Hour => {
                query = query.column(Column::HourMs).group_by(Column::HourMs);
                query = query.column(Column::Result).group_by(Column::Result);
                let rows = query.column_as(Column::Event.count(), "ends");
                let rows: Vec<(i64, String, i64)> = rows.into_tuple().all(&self.db).await?;
                let named = |(hour, result, ends)| (from_ms(hour).to_string(), result, ends);
                return Ok(lines(rows.into_iter().map(named)));
            }
            By::Account => Column::Account,
            By::Kind => Column::Kind,
            By::Result => Column::Result,
        };
        query = query.column_as(column, "of").column_as(Column::Result, "ended");
        query = query.group_by(column).group_by(Column::Result);
        let rows = query.column_as(Column::Event.count(), "ends");
        Ok(lines(rows.into_tuple::<(String, String, i64)>().all(&self.db).await?.into_iter()))
    }
}

fn lines(rows: impl Iterator<Item = (String, String, i64)>) -> Vec<Line> {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for (of, result, ends) in rows {
        let empty = || Line { of: of.clone(), total: 0, results: BTreeMap::new() };
        let line = lines.entry(of.clone()).or_insert_with(empty);
        line.total += ends.unsigned_abs();
        *line.results.entry(result).or_default() += ends.unsigned_abs();
    }
    lines.into_values().collect()
}
