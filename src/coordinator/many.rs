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
        let action = self.named(Action::parse(line, now)?)?;
        let reason = if let Some(id) = &action.account {
            if !known.contains_key(id) {
                known.insert(id.clone(), self.store.account(id).await?);
            }
            self.admit(&action, known.get(id).and_then(Option::as_ref)).await?
        } else {
            self.admit_to_pool(&action).await?
        };
        let id = self.name_action(&action, None, now);
        Ok(Ready { id, action, reason })
    }
}
