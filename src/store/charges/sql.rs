//! The books in SQL.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect, TransactionTrait,
};
use walkon_core::charge::{Charge, Windows};
use walkon_core::clock::from_ms;
use walkon_core::event::{ActionState, Event};
use walkon_core::lease::Token;
use walkon_core::receipt::Receipt;

use super::super::receipts as receipt;
use super::super::sql::SqlStore;
use super::pending::{Batch, Entry};
use super::tables::{charge, open_action, queue_epoch, queue_pause};
use super::{Books, Error, LOST, OpenAction, Reach};

/// Rows of one statement.
const ROWS: usize = 500;
/// The one row of its table.
const QUEUE: &str = "queue";

/// Under which name a shard's epoch is kept.
fn name_of(shard: u32) -> String {
    if shard == 0 { QUEUE.to_owned() } else { format!("{QUEUE}/{shard}") }
}

fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

fn row(charge: &Charge) -> charge::ActiveModel {
    let Windows { day, hour, fleet_day, fleet_hour } = charge.windows;
    charge::ActiveModel {
        token: Set(charge.token.0.clone()),
        action: Set(charge.action.to_string()),
        account: Set(charge.account.to_string()),
        kind: Set(charge.kind.clone()),
        at_ms: Set(ms(charge.at)),
        day_ms: Set(ms(day)),
        hour_ms: Set(ms(hour)),
        fleet_day_ms: Set(ms(fleet_day)),
        fleet_hour_ms: Set(ms(fleet_hour)),
        burst_ms: Set(ms(charge.burst)),
        settled_ms: Set(charge.settled.map_or(0, ms)),
    }
}

fn read(row: charge::Model) -> Result<Charge, Error> {
    let unreadable = || Error::Unreadable(format!("charge {}", row.token));
    Ok(Charge {
        action: row.action.parse().map_err(|_| unreadable())?,
        account: row.account.parse().map_err(|_| unreadable())?,
        kind: row.kind,
        at: from_ms(row.at_ms),
        windows: Windows {
            day: from_ms(row.day_ms),
            hour: from_ms(row.hour_ms),
            fleet_day: from_ms(row.fleet_day_ms),
            fleet_hour: from_ms(row.fleet_hour_ms),
        },
        burst: from_ms(row.burst_ms),
        settled: Some(row.settled_ms).filter(|ms| *ms > 0).map(from_ms),
        token: Token(row.token),
    })
}

fn read_receipt(row: &receipt::Model) -> Result<Receipt, Error> {
    let read = serde_json::from_str(&row.document);
    read.map_err(|error| Error::Unreadable(format!("{}: {error}", row.action)))
}

async fn write_charges(on: &DatabaseTransaction, charges: &[&Charge]) -> Result<(), Error> {
    use charge::Column::{AtMs, DayMs, FleetDayMs, FleetHourMs, HourMs, SettledMs};
    for some in charges.chunks(ROWS) {
        let same = OnConflict::column(charge::Column::Token)
            .update_columns([AtMs, DayMs, HourMs, FleetDayMs, FleetHourMs, SettledMs])
            .to_owned();
        let rows = charge::Entity::insert_many(some.iter().map(|charge| row(charge)));
        rows.on_conflict(same).exec_without_returning(on).await?;
    }
    Ok(())
}

async fn write(store: &SqlStore, batch: &Batch) -> Result<(), Error> {
    if batch.is_empty() {
        return Ok(());
    }
    let on = store.db.begin().await?;
    let (mut charges, mut refunded) = (Vec::new(), Vec::new());
    for (token, entry) in batch {
        match entry {
            Entry::Charge(charge) => charges.push(charge),
            Entry::Refunded => refunded.push(token.0.clone()),
            Entry::Settled(at) => {
                charge::Entity::update_many()
                    .col_expr(charge::Column::SettledMs, Expr::value(ms(*at)))
                    .filter(charge::Column::Token.eq(token.0.clone()))
                    .exec(&on)
                    .await?;
            }
        }
    }
    write_charges(&on, &charges).await?;
    for some in refunded.chunks(ROWS) {
        let these = charge::Column::Token.is_in(some.to_vec());
        charge::Entity::delete_many().filter(these).exec(&on).await?;
    }
    Ok(on.commit().await?)
}

/// Sees to it that all up to `number` is written: by us, or by whoever had the baton before.
async fn write_up_to(store: &SqlStore, number: u64) -> Result<(), Error> {
    let Some(turn) = store.pending.turn(number).await else { return Ok(()) };
    write(store, turn.batch()).await?;
    turn.done();
    Ok(())
}

/// What an event says of its action: it is open, it is over, or nothing new.
fn told(event: &Event) -> Option<(String, Option<open_action::ActiveModel>)> {
    let action = event.action.clone()?;
    // One that Redis lost is no longer in it, whatever became of it.
    let is_lost = event.code.as_deref() == Some(LOST);
    if is_lost || ActionState::named(&event.kind_of_change).is_some_and(ActionState::is_final) {
        return Some((action, None));
    }
    if !["queued", "retrying"].contains(&event.kind_of_change.as_str()) {
        return None;
    }
    let row = open_action::ActiveModel {
        action: Set(action.clone()),
        account: Set(event.account.clone().unwrap_or_default()),
        kind: Set(event.kind.clone().unwrap_or_default()),
        target: Set(event.target.clone()),
    };
    Some((action, Some(row)))
}

/// What an act of a person paused, or let go on.
fn halt(event: &Event) -> Option<(String, Option<queue_pause::ActiveModel>)> {
    let site = event.site.clone().unwrap_or_default();
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    let row = queue_pause::ActiveModel {
        site: Set(site.clone()),
        by_whom: Set(word(&event.by)),
        why: Set(word(&event.why)),
    };
    match event.code.as_deref() {
        // An account's pause is a hold, and kept as one.
        Some("pause") if event.account.is_none() => Some((site, Some(row))),
        Some("resume") if event.account.is_none() => Some((site, None)),
        _ => None,
    }
}

#[async_trait]
impl Books for SqlStore {
    async fn charge(&self, charge: &Charge) -> Result<(), Error> {
        let number = self.pending.add(&charge.token, Entry::Charge(charge.clone()));
        write_up_to(self, number).await
    }

    fn settle(&self, token: &Token, at: Timestamp) {
        self.pending.add(token, Entry::Settled(at));
    }

    fn refund(&self, token: &Token) {
        self.pending.add(token, Entry::Refunded);
    }

    async fn catch_up(&self) -> Result<(), Error> {
        let number = self.pending.last();
        write_up_to(self, number).await
    }

    async fn follow(&self, events: &[Event]) -> Result<(), Error> {
        // Of what a batch says about one action the last counts.
        let last: std::collections::BTreeMap<_, _> = events.iter().filter_map(told).collect();
        let acts = events.iter().filter(|event| event.kind_of_change == "act");
        let halts: Vec<_> = acts.filter_map(halt).collect();
        if last.is_empty() && halts.is_empty() {
            return Ok(());
        }
        let on = self.db.begin().await?;
        for (site, row) in halts {
            queue_pause::Entity::delete_by_id(site).exec(&on).await?;
            if let Some(row) = row {
                queue_pause::Entity::insert(row).exec_without_returning(&on).await?;
            }
        }
        let over: Vec<_> = last.iter().filter(|(_, row)| row.is_none()).collect();
        for some in over.chunks(ROWS) {
            let these = some.iter().map(|(action, _)| (*action).clone());
            let these = open_action::Column::Action.is_in(these);
            open_action::Entity::delete_many().filter(these).exec(&on).await?;
        }
        let open: Vec<_> = last.into_values().flatten().collect();
        for some in open.chunks(ROWS) {
            // Written as it was: MySQL knows no "do nothing".
            let same = OnConflict::column(open_action::Column::Action)
                .update_column(open_action::Column::Account)
                .to_owned();
            let rows = open_action::Entity::insert_many(some.to_vec());
            rows.on_conflict(same).exec_without_returning(&on).await?;
        }
        Ok(on.commit().await?)
    }

    async fn reach(&self, shard: u32, of: u32) -> Result<Reach, Error> {
        let epoch = queue_epoch::Entity::find_by_id(name_of(shard)).one(&self.db).await?;
        let token = if of == 1 {
            let last = charge::Entity::find().order_by_desc(charge::Column::Token);
            last.one(&self.db).await?.map(|row| row.token)
        } else {
            // The last of each epoch, of which there are a few: one for each start of Redis.
            let last: Vec<Option<String>> = charge::Entity::find()
                .select_only()
                .column_as(charge::Column::Token.max(), "last")
                .group_by(Expr::cust("substr(token, 1, 16)"))
                .into_tuple()
                .all(&self.db)
                .await?;
            let epoch = |token: &String| Token(token.clone()).epoch();
            let is_ours = |token: &String| {
                epoch(token).is_some_and(|epoch| epoch % u64::from(of) == u64::from(shard))
            };
            last.into_iter().flatten().filter(is_ours).max()
        };
        let token = token.map(Token);
        let at: Option<Option<i64>> = charge::Entity::find()
            .select_only()
            .column_as(charge::Column::AtMs.max(), "latest")
            .into_tuple()
            .one(&self.db)
            .await?;
        let epoch = epoch.map(|row| row.epoch as u64);
        Ok(Reach { epoch, token, at: at.flatten().map(from_ms) })
    }

    async fn keep_epoch(&self, shard: u32, epoch: u64) -> Result<(), Error> {
        let queue = Set(name_of(shard));
        let row = queue_epoch::ActiveModel { queue, epoch: Set(epoch as i64) };
        let same = OnConflict::column(queue_epoch::Column::Queue)
            .update_column(queue_epoch::Column::Epoch)
            .to_owned();
        let row = queue_epoch::Entity::insert(row).on_conflict(same);
        row.exec_without_returning(&self.db).await?;
        Ok(())
    }

    async fn charges(&self, after: &str, about: u64) -> Result<Vec<Charge>, Error> {
        let by_account = || {
            let rows = charge::Entity::find().order_by_asc(charge::Column::Account);
            rows.order_by_asc(charge::Column::Token)
        };
        let later = charge::Column::Account.gt(after);
        let mut rows = by_account().filter(later).limit(about).all(&self.db).await?;
        // The last account's charges may go on beyond the page.
        if let Some(last) = rows.last().filter(|_| rows.len() as u64 == about).cloned() {
            let rest = charge::Column::Account.eq(last.account.clone());
            let rest = rest.and(charge::Column::Token.gt(last.token));
            rows.extend(by_account().filter(rest).all(&self.db).await?);
        }
        rows.into_iter().map(read).collect()
    }

    async fn charges_since(&self, token: &Token, most: u64) -> Result<Vec<Charge>, Error> {
        let later = charge::Column::Token.gt(token.0.clone());
        let rows = charge::Entity::find().filter(later).order_by_asc(charge::Column::Token);
        rows.limit(most).all(&self.db).await?.into_iter().map(read).collect()
    }

    async fn open_actions(&self, after: &str, most: u64) -> Result<Vec<OpenAction>, Error> {
        let later = open_action::Column::Action.gt(after);
        let rows = open_action::Entity::find().filter(later);
        let rows = rows.order_by_asc(open_action::Column::Action).limit(most).all(&self.db).await?;
        let open = |row: open_action::Model| OpenAction {
            action: row.action,
            account: row.account,
            kind: row.kind,
            target: row.target,
        };
        Ok(rows.into_iter().map(open).collect())
    }

    async fn charged(&self, actions: &[&str]) -> Result<Vec<String>, Error> {
        let these = charge::Column::Action.is_in(actions.iter().copied());
        let rows = charge::Entity::find().select_only().column(charge::Column::Action);
        Ok(rows.filter(these).distinct().into_tuple().all(&self.db).await?)
    }

    async fn pauses(&self) -> Result<Vec<(String, String, String)>, Error> {
        let rows = queue_pause::Entity::find().all(&self.db).await?;
        Ok(rows.into_iter().map(|row| (row.site, row.by_whom, row.why)).collect())
    }

    async fn ended(&self, action: &str) -> Result<Option<Receipt>, Error> {
        let row = receipt::Entity::find_by_id(action).one(&self.db).await?;
        let row = row.filter(|row| is_over(&row.state));
        row.as_ref().map(read_receipt).transpose()
    }

    async fn ended_since(
        &self,
        from: Timestamp,
        after: &str,
        most: u64,
    ) -> Result<Vec<Receipt>, Error> {
        let later = receipt::Column::AtMs.gte(ms(from)).and(receipt::Column::Action.gt(after));
        let over = ActionState::ALL.into_iter().filter(|state| state.is_final());
        let over = receipt::Column::State.is_in(over.map(ActionState::name));
        let rows = receipt::Entity::find().filter(later.and(over));
        let rows = rows.order_by_asc(receipt::Column::Action).limit(most).all(&self.db).await?;
        rows.iter().map(read_receipt).collect()
    }

    async fn forget_charges(&self, now: Timestamp) -> Result<u64, Error> {
        let (mut after, mut gone) = (String::new(), 0);
        loop {
            let over = charge::Column::DayMs
                .lt(ms(now))
                .and(charge::Column::FleetDayMs.lt(ms(now)))
                .and(charge::Column::Token.gt(after.clone()));
            let rows = charge::Entity::find().filter(over).order_by_asc(charge::Column::Token);
            let rows = rows.limit(ROWS as u64).all(&self.db).await?;
            let Some(last) = rows.last() else { return Ok(gone) };
            after.clone_from(&last.token);
            let accounts: std::collections::BTreeSet<_> =
                rows.iter().map(|row| row.account.clone()).collect();
            let latest: Vec<Option<String>> = charge::Entity::find()
                .select_only()
                .column_as(charge::Column::Token.max(), "latest")
                .filter(charge::Column::Account.is_in(accounts))
                .group_by(charge::Column::Account)
                .group_by(charge::Column::Kind)
                .into_tuple()
                .all(&self.db)
                .await?;
            let latest: std::collections::BTreeSet<_> = latest.into_iter().flatten().collect();
            let these = rows.into_iter().map(|row| row.token);
            let these: Vec<_> = these.filter(|token| !latest.contains(token)).collect();
            let these = charge::Column::Token.is_in(these);
            gone += charge::Entity::delete_many().filter(these).exec(&self.db).await?.rows_affected;
        }
    }
}

fn is_over(state: &str) -> bool {
    ActionState::named(state).is_some_and(ActionState::is_final)
}
