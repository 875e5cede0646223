//! What somebody who tries a behavior may ask of one action: to wait before each step, and a pace.
//!
//! Both are labels. Neither touches a limit: what an action may be done for was charged before.

use std::time::Duration;

use tokio::time::Instant;
use walkon_core::action::{Action, LABEL_PACE, LABEL_STEP};
use walkon_core::bundle::Bundle;
use walkon_core::grant::Access;

use super::attempt::Trouble;
use super::perform::Performance;
use crate::desk::{Go, Next};

/// How long an action waits at one step for a person.
const PERSON_MAX: Duration = Duration::from_mins(10);
/// The least and most that a pace may be.
const PACES: (f64, f64) = (0.1, 1_000.0);

/// How many times as fast as a person an action is carried out: at the fleet's pace, or as its
/// label says. Faster than the fleet only on a site of this host, which is nobody else's.
pub(super) fn pace(action: &Action, bundle: &Bundle) -> f64 {
    let wished: Option<f64> = action.labels.get(LABEL_PACE).and_then(|text| text.parse().ok());
    let Some(wished) = wished.filter(|pace| pace.is_finite()) else { return bundle.pace };
    let is_own = matches!(bundle.access, Access::Exempt(_));
    let most = if is_own { PACES.1 } else { bundle.pace };
    wished.clamp(PACES.0.min(most), most)
}

impl Performance<'_> {
    /// Waits until a person lets the next step begin, where somebody walks this action step by
    /// step. That time is not the attempt's.
    pub(super) async fn let_go(&mut self) -> Result<(), Trouble> {
        let claimed = &self.attempt.claimed;
        if !claimed.action.labels.contains_key(LABEL_STEP) {
            return Ok(());
        }
        let (lease, id) = (claimed.lease.clone(), claimed.id.clone());
        let next = Next { step: self.step as u32, title: self.title.clone() };
        let desk = self.desk;
        let began = Instant::now();
        while began.elapsed() < PERSON_MAX {
            let asked = Instant::now();
            let go = self.attempt.bound(async { Ok(desk.step(&lease, &id, &next).await?) }).await?;
            self.attempt.deadline += asked.elapsed();
            match go {
                Go::On => return Ok(()),
                Go::Wait => {}
                Go::Leave => {
                    let why = "whoever walked it step by step has left it".to_owned();
                    return Err(Trouble::Never { code: "left", why });
                }
            }
        }
        let why = format!("nobody let step {} begin within {PERSON_MAX:?}", next.step);
        Err(Trouble::Never { code: "nobody_steps", why })
    }
}
