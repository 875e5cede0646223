//! Looking for accounts among thousands: by words, state, site, plan and health, a page at a time.
//!
//! What is looked through is light (names, states, levels); whole accounts are read for one page.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait as _, Func, LikeExpr};
use sea_orm::{Condition, QuerySelect};
use walkon_core::account::{Lifecycle, Standing, word};
use walkon_core::health::Level;
use walkon_core::id::AccountId;
use walkon_core::receipt::Receipt;

use super::accounts::{Column, Entity, standing};
use super::sql::{SqlStore, read};
use super::{Error, health, holds, receipts};

/// Which accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only those in whose id or username this stands.
    pub text: Option<String>,
    /// Only those of this word: `active`, `suspended` …
    pub word: Option<String>,
    /// Only those of this level.
    pub level: Option<Level>,
    /// Only on this site.
    pub site: Option<String>,
    /// Only on this plan.
    pub plan: Option<String>,
}

/// One that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Which.
    pub id: AccountId,
    /// Where it stands.
    pub word: &'static str,
    /// How it is.
    pub level: Level,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// All that match: who needs a person first, then by id.
    pub all: Vec<Match>,
    /// How many there are of each word, those of other words and levels included.
    pub words: BTreeMap<&'static str, u64>,
    /// How many there are of each level, in the same way.
    pub levels: BTreeMap<&'static str, u64>,
    /// How many there are without any wish.
    pub total: u64,
}

/// Who comes first, by word and level: the least.
pub type Rank = fn(&'static str, Level) -> u8;

/// Looking for accounts.
#[async_trait]
pub trait Search: Send + Sync {
    /// Finds accounts; `rank` says who comes first.
    async fn find(&self, wanted: &Wanted, rank: Rank) -> Result<Found, Error>;
    /// These accounts with where they stand, in their order; who is gone meanwhile is left out.
    async fn these(&self, ids: &[AccountId]) -> Result<Vec<Standing>, Error>;
    /// The latest receipts of these accounts, at most so many of all together.
    async fn receipts_of(&self, ids: &[AccountId], most: u64) -> Result<Vec<Receipt>, Error>;
}

fn names(ids: &[AccountId]) -> impl Iterator<Item = String> + '_ {
    ids.iter().map(ToString::to_string)
}

fn condition(wanted: &Wanted) -> Condition {
    let mut all = Condition::all();
    if let Some(text) = wanted.text.as_ref().filter(|text| !text.is_empty()) {
        let plain = text.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
        let like = || LikeExpr::new(format!("%{plain}%")).escape('!');
        let username = Expr::expr(Func::lower(Expr::col(Column::Username)));
        all = all.add(Condition::any().add(Column::Id.like(like())).add(username.like(like())));
    }
    let site = wanted.site.as_ref().map(|site| Column::Site.eq(site.as_str()));
    let plan = wanted.plan.as_ref().map(|plan| Column::Plan.eq(plan.as_str()));
    all.add_option(site).add_option(plan)
}

#[async_trait]
impl Search for SqlStore {
    async fn find(&self, wanted: &Wanted, rank: Rank) -> Result<Found, Error> {
        let rows = Entity::find().select_only().filter(condition(wanted)).order_by_asc(Column::Id);
        let rows = rows.columns([Column::Id, Column::Lifecycle, Column::LeavingMs]);
        let rows: Vec<(String, String, i64)> = rows.into_tuple().all(&self.db).await?;
        let held = holds::Entity::find().order_by_asc(holds::Column::Account);
        let held = held.order_by_asc(holds::Column::Kind).all(&self.db).await?;
        let levels = health::Entity::find().select_only();
        let levels = levels.columns([health::Column::Account, health::Column::Level]);
        let levels: BTreeMap<String, String> =
            levels.into_tuple::<(String, String)>().all(&self.db).await?.into_iter().collect();
        let mut found = Found { total: Entity::find().count(&self.db).await?, ..Found::default() };
        for (id, lifecycle, leaving) in rows {
            let unreadable = || Error::Unreadable(format!("account {id}"));
            let lifecycle = Lifecycle::named(&lifecycle).ok_or_else(unreadable)?;
            let level = levels.get(&id).and_then(|level| Level::named(level));
            let one = Match {
                word: word(lifecycle, leaving > 0, &holds::of(&id, &held)?),
                level: level.unwrap_or(Level::Unknown),
                id: id.parse().map_err(|_| unreadable())?,
            };
            *found.words.entry(one.word).or_default() += 1;
            *found.levels.entry(one.level.name()).or_default() += 1;
            let is_word = wanted.word.as_ref().is_none_or(|word| *word == one.word);
            if is_word && wanted.level.is_none_or(|level| level == one.level) {
                found.all.push(one);
            }
        }
        found.all.sort_by_key(|one| rank(one.word, one.level));
        Ok(found)
    }

    async fn these(&self, ids: &[AccountId]) -> Result<Vec<Standing>, Error> {
        let rows = Entity::find().filter(Column::Id.is_in(names(ids))).all(&self.db).await?;
        let held = holds::Entity::find().filter(holds::Column::Account.is_in(names(ids)));
        let held = held.order_by_asc(holds::Column::Account).order_by_asc(holds::Column::Kind);
        let held = held.all(&self.db).await?;
        let mut by_id = BTreeMap::new();
        for row in &rows {
            let one = standing(row, &held)?;
            by_id.insert(one.account.id.clone(), one);
        }
        Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
    }

    async fn receipts_of(&self, ids: &[AccountId], most: u64) -> Result<Vec<Receipt>, Error> {
        let own = receipts::Column::Account.is_in(names(ids));
        let latest = receipts::Entity::find().filter(own).order_by_desc(receipts::Column::AtMs);
        let rows = latest.limit(most).all(&self.db).await?;
        rows.iter().map(|row| read(&row.document, &row.action)).collect()
    }
}
