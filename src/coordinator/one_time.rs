//! One-time codes of accounts: signing in with an account's own second factor.
//!
//! A code is made here, by the clock, from what is sealed; or the operator's own mailbox is asked
//! for the newest that a site has sent. A worker is told the code and never what it grows from.

use jiff::Timestamp;
use walkon_core::fault::in_one_line;
use walkon_core::id::AccountId;
use walkon_core::one_time::{Code, Seed};

use super::Coordinator;
use crate::desk::{Error, OneTime};
use crate::egress::NoCode;
use crate::store::credentials::Field;

impl Coordinator {
    /// What there is for an account now.
    pub(super) async fn one_time(
        &self,
        id: &AccountId,
        since: Timestamp,
    ) -> Result<OneTime, Error> {
        let failed = |error: crate::store::Error| Error::Failed { why: in_one_line(&error) };
        let Some(standing) = self.store.account(id).await.map_err(failed)? else {
            return Ok(OneTime::Unknown);
        };
        if let Some(seed) = self.store.credential(id, Field::Totp).await.map_err(failed)? {
            let seed = Seed::read(seed.expose()).map_err(|wrong| Error::Failed {
                why: format!("what the codes of {id} grow from {wrong}"),
            })?;
            let Code { code, good_for } = seed.code(self.now());
            return Ok(OneTime::Is { digits: code, good_for: Some(good_for) });
        }
        let own = self.options.sites.get(&standing.account.site);
        let Some(mailbox) = own.and_then(|own| own.mailbox.as_ref()) else {
            return Ok(OneTime::Unknown);
        };
        match mailbox.newest(&standing.account, since).await {
            Ok(digits) => Ok(OneTime::Is { digits, good_for: None }),
            Err(NoCode::NotYet) => Ok(OneTime::NotYet),
            Err(NoCode::Failed(why)) => Err(Error::Failed { why: format!("the mailbox {why}") }),
        }
    }
}
