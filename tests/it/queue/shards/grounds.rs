//! Where the stories are told.

use std::sync::atomic::{AtomicU32, Ordering};

use walkon::queue::{Durability, Embedded, Launch};

use super::{START, four};
use crate::support::redis::{Bench, own_folder, shared_url, valkey};

/// Each story's keys are its own.
fn prefix() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("s{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Tells each story on a ground that is made for it: a bench, and what must live as long as it.
macro_rules! told_on {
    ($ground:expr) => {
        told_on! { $ground,
            each_shard_does_its_own_work_and_every_event_is_told_once
            an_accounts_limits_hold_and_the_earliest_of_all_shards_is_told
            the_same_key_is_one_action_of_an_account_and_another_accounts_is_its_own
            a_pause_holds_everywhere_is_told_once_and_stops_what_runs
            what_lost_workers_had_goes_back_in_every_shard
            the_same_nonce_gets_the_same_answer_also_when_earlier_shards_have_work_by_then
            lists_run_over_all_shards_in_their_order
            a_ring_from_any_shard_wakes_whoever_waits
            what_all_shards_tell_is_made_public_once
            the_number_of_shards_is_fixed_and_what_they_cannot_do_is_refused
            a_sites_breaker_opens_in_all_shards_and_each_tries_by_itself
            a_forecast_sees_all_shards_and_the_fleets_caps_as_one
            a_removed_account_leaves_the_others_as_they_are
        }
    };
    ($ground:expr, $($story:ident)+) => {
        $(#[tokio::test]
        async fn $story() {
            let Some((bench, _ground)) = $ground.await else { return };
            super::super::$story(&bench).await;
        })+
    };
}

mod on_one_server {
    use super::*;

    async fn ground() -> Option<(Bench, ())> {
        Some((Bench::on(shared_url(), START, four(&prefix())).await, ()))
    }

    told_on!(ground());
}

mod on_valkey {
    use super::*;

    async fn ground() -> Option<(Bench, Embedded)> {
        let launch = Launch { program: valkey()?, durability: Durability::Always };
        let prefix = prefix();
        let folder = own_folder(&format!("shards-{prefix}"));
        let server = Embedded::launch(&folder, &launch).await.expect("a Valkey");
        Some((Bench::on(&server.url(), START, four(&prefix)).await, server))
    }

    told_on!(ground());
}

mod on_a_cluster {
    use super::*;

    told_on!(super::super::cluster::ground(four(&prefix())));
}
