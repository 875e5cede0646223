//! API tokens, of which only the hashes are kept, and who is signed in to the pages with one.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use walkon_core::api_token::ApiToken;
use walkon_core::clock::from_ms;

use super::Error;
use super::sql::{SqlStore, read, write};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_token")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    id: String,
    hash: String,
    #[sea_orm(column_type = "Text")]
    document: String,
    /// 0: it was not.
    revoked_ms: i64,
    /// 0: never.
    used_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

mod sign_in {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sign_in")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) hash: String,
        pub(super) token: String,
        pub(super) csrf: String,
        pub(super) begun_ms: i64,
        pub(super) seen_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Somebody who signed in to the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The hash of what the browser's cookie holds.
    pub hash: String,
    /// With which token, by its id.
    pub token: String,
    /// What each form must say.
    pub csrf: String,
    /// When it began.
    pub begun: Timestamp,
    /// When it was last used.
    pub seen: Timestamp,
}

/// Who may call.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Keeps a new token by its hash.
    async fn put_token(&self, token: &ApiToken, hash: &str) -> Result<(), Error>;
    /// The token with that hash, whether or not it has ended.
    async fn token_of(&self, hash: &str) -> Result<Option<ApiToken>, Error>;
    /// The token of that id.
    async fn token(&self, id: &str) -> Result<Option<ApiToken>, Error>;
    /// Every token, by id.
    async fn tokens(&self) -> Result<Vec<ApiToken>, Error>;
    /// Takes a token back, and signs out whoever signed in with it; `false`: there is none, or it
    /// was taken back before.
    async fn revoke_token(&self, id: &str, at: Timestamp) -> Result<bool, Error>;
    /// Notes that a token was used.
    async fn used_token(&self, id: &str, at: Timestamp) -> Result<(), Error>;
    /// Keeps that somebody has signed in.
    async fn put_sign_in(&self, one: &SignIn) -> Result<(), Error>;
    /// Notes that somebody was seen again, who may have signed out meanwhile.
    async fn seen_sign_in(&self, hash: &str, at: Timestamp) -> Result<(), Error>;
    /// Who that is.
    async fn sign_in(&self, hash: &str) -> Result<Option<SignIn>, Error>;
    /// Signs out.
    async fn sign_out(&self, hash: &str) -> Result<(), Error>;
    /// Signs out whoever began before then.
    async fn forget_sign_ins(&self, begun_before: Timestamp) -> Result<u64, Error>;
}

fn of(row: &Model) -> Result<ApiToken, Error> {
    let instant = |ms: i64| (ms > 0).then(|| from_ms(ms));
    let kept: ApiToken = read(&row.document, &row.id)?;
    Ok(ApiToken { revoked: instant(row.revoked_ms), used: instant(row.used_ms), ..kept })
}

#[async_trait]
impl Tokens for SqlStore {
    async fn put_token(&self, token: &ApiToken, hash: &str) -> Result<(), Error> {
        let row = ActiveModel {
            id: Set(token.id.clone()),
            hash: Set(hash.to_owned()),
            document: Set(write(token)),
            revoked_ms: Set(0),
            used_ms: Set(0),
        };
        Entity::insert(row).exec_without_returning(&self.db).await?;
        Ok(())
    }

    async fn token_of(&self, hash: &str) -> Result<Option<ApiToken>, Error> {
        let row = Entity::find().filter(Column::Hash.eq(hash)).one(&self.db).await?;
        row.as_ref().map(of).transpose()
    }

    async fn token(&self, id: &str) -> Result<Option<ApiToken>, Error> {
        let row = Entity::find_by_id(id).one(&self.db).await?;
        row.as_ref().map(of).transpose()
    }

    async fn tokens(&self) -> Result<Vec<ApiToken>, Error> {
        let rows = Entity::find().order_by_asc(Column::Id).all(&self.db).await?;
        rows.iter().map(of).collect()
    }

    async fn revoke_token(&self, id: &str, at: Timestamp) -> Result<bool, Error> {
        let own = sign_in::Entity::delete_many().filter(sign_in::Column::Token.eq(id));
        let revoke = Entity::update_many()
            .col_expr(Column::RevokedMs, Expr::value(at.as_millisecond().max(1)))
            .filter(Column::Id.eq(id))
            .filter(Column::RevokedMs.eq(0));
        let revoked = revoke.exec(&self.db).await?.rows_affected > 0;
        own.exec(&self.db).await?;
        Ok(revoked)
    }

    async fn used_token(&self, id: &str, at: Timestamp) -> Result<(), Error> {
        let used = Entity::update_many()
            .col_expr(Column::UsedMs, Expr::value(at.as_millisecond()))
            .filter(Column::Id.eq(id));
        used.exec(&self.db).await?;
        Ok(())
    }

    async fn put_sign_in(&self, one: &SignIn) -> Result<(), Error> {
        let row = sign_in::ActiveModel {
            hash: Set(one.hash.clone()),
            token: Set(one.token.clone()),
            csrf: Set(one.csrf.clone()),
            begun_ms: Set(one.begun.as_millisecond()),
            seen_ms: Set(one.seen.as_millisecond()),
        };
        sign_in::Entity::insert(row).exec_without_returning(&self.db).await?;
        Ok(())
    }

    async fn seen_sign_in(&self, hash: &str, at: Timestamp) -> Result<(), Error> {
        let seen = sign_in::Entity::update_many()
            .col_expr(sign_in::Column::SeenMs, Expr::value(at.as_millisecond()))
            .filter(sign_in::Column::Hash.eq(hash));
        seen.exec(&self.db).await?;
        Ok(())
    }

    async fn sign_in(&self, hash: &str) -> Result<Option<SignIn>, Error> {
        let row = sign_in::Entity::find_by_id(hash).one(&self.db).await?;
        Ok(row.map(|row| SignIn {
            hash: row.hash,
            token: row.token,
            csrf: row.csrf,
            begun: from_ms(row.begun_ms),
            seen: from_ms(row.seen_ms),
        }))
    }

    async fn sign_out(&self, hash: &str) -> Result<(), Error> {
        sign_in::Entity::delete_by_id(hash).exec(&self.db).await?;
        Ok(())
    }

    async fn forget_sign_ins(&self, begun_before: Timestamp) -> Result<u64, Error> {
        let old = sign_in::Column::BegunMs.lt(begun_before.as_millisecond());
        let gone = sign_in::Entity::delete_many().filter(old).exec(&self.db).await?;
        Ok(gone.rows_affected)
    }
}
