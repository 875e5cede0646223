//! Many actions at once: each is taken in or refused by itself, and their order is kept.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use walkon_core::account::Standing;
use walkon_core::action::Action;
use walkon_core::id::{AccountId, ActionId};

use super::{Accepted, Coordinator, Error};

/// How many are on their way to Redis at once; they are sent in their order.
const AT_ONCE: usize = 64;

/// An accepted action before it is in its lane.
struct Ready {
    id: ActionId,
    action: Action,
    reason: String,
}

impl Coordinator {
    /// Takes many actions in; one answer for each, in their order.
    pub async fn submit_many(&self, lines: &[&[u8]]) -> Vec<Result<Accepted, Error>> {
        // Files name the same accounts again and again: each is looked up once.
        let mut known = BTreeMap::new();
        let mut ready = Vec::with_capacity(lines.len());
        for line in lines {
            ready.push(self.prepare(line, &mut known).await);
        }
        let enter = async |one: Result<Ready, Error>| {
            let Ready { id, action, reason } = one?;
            self.enter_lane(&id, &action, None, reason).await
        };
        futures_util::stream::iter(ready).map(enter).buffered(AT_ONCE).collect().await
    }

    async fn prepare(
        &self,
        line: &[u8],
        known: &mut BTreeMap<AccountId, Option<Standing>>,
    ) -> Result<Ready, Error> {
        let now = self.now();
        let action = Action::parse(line, now)?;
        if !known.contains_key(&action.account) {
            let standing = self.store.account(&action.account).await?;
            known.insert(action.account.clone(), standing);
        }
        let standing = known.get(&action.account).and_then(Option::as_ref);
        let reason = self.admit(&action, standing).await?;
        let id = self.name_action(&action, None, now);
        Ok(Ready { id, action, reason })
    }
}
