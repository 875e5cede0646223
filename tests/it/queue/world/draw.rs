//! Operations drawn from a seed, and as proptest draws them.

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use rand::RngExt as _;
use walkon_core::rng::Rng;

use super::{Op, scenes};
use crate::support::wire::Fault;

/// Of how many draws one is a fault on the wire, and one is a kill of Redis.
const FAULT: u32 = 80;
const KILL: u32 = 1500;
/// Of how many draws one is a scene.
const SCENE: u32 = 60;

/// How long a step of time is at most, in tenths of a second.
const STEPS: [u32; 8] = [10, 20, 50, 100, 300, 2_000, 20_000, 400_000];

/// In seconds from now: within what a try and a wait take, or hours later; 0: never.
fn expires(rng: &mut Rng, soon: bool) -> u32 {
    if !rng.random_ratio(1, 3) {
        return 0;
    }
    rng.random_range(if soon { 60..1800 } else { 7200..40_000 })
}

impl Op {
    /// The next operations of a run.
    pub(crate) fn some(rng: &mut Rng) -> Vec<Self> {
        if rng.random_ratio(1, SCENE) { scenes::any(rng) } else { vec![Self::draw(rng)] }
    }

    fn draw(rng: &mut Rng) -> Self {
        let byte = rng.random::<u8>();
        let mut one_in = |n: u32| rng.random_ratio(1, n);
        if one_in(KILL) {
            return Self::Meet { fault: Fault::Killed };
        }
        if one_in(FAULT) {
            let fault = if one_in(2) { Fault::Unsent } else { Fault::Unanswered };
            return Self::Meet { fault };
        }
        let (half, third, fifth) = (one_in(2), one_in(3), one_in(5));
        match rng.random_range(0..80_u32) {
            0..=15 => Self::Enqueue {
                account: byte,
                kind: rng.random(),
                priority: if third { byte } else { 5 },
                later: if fifth { rng.random_range(1..7200) } else { 0 },
                expires: expires(rng, third),
                key: if third { rng.random_range(1..200) } else { 0 },
                api: half,
            },
            16..=33 => Self::Claim { worker: byte, classes: rng.random(), repeat: fifth },
            34..=43 => Self::Begin { hand: byte },
            44..=51 => {
                Self::Finish { hand: byte, ending: rng.random(), keep: third, repeat: fifth }
            }
            52..=54 => {
                Self::Next { hand: byte, ending: rng.random(), keep: half, classes: rng.random() }
            }
            55..=56 => Self::Release { hand: byte, fault: half },
            57..=59 => Self::Extend,
            60..=61 => Self::Vanish { hand: byte },
            62..=63 => Self::Old { hand: byte },
            64..=68 => {
                let most = STEPS[rng.random_range(0..STEPS.len())];
                Self::Pass { tenths: rng.random_range(1..=most) }
            }
            69..=70 => Self::Edge,
            71..=73 => Self::Reap,
            74 => Self::Cancel { nth: byte },
            75 => Self::Resolve { nth: byte, verb: if half { 0 } else { rng.random() } },
            76..=77 => {
                let zone = if third { rng.random() } else { 0 };
                Self::Account { account: byte, held: rng.random(), fence: fifth, zone, api: half }
            }
            78 if third && half => Self::Remove { account: byte },
            78 if fifth => Self::Back { tenths: rng.random_range(1..3000) },
            78 => Self::Pass { tenths: rng.random_range(1..=300) },
            _ if third => Self::Restart,
            _ => Self::Pause { on: fifth && half },
        }
    }

    /// The same for proptest, which makes failing sequences shorter and their numbers smaller.
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let b = any::<u8>;
        let enqueue = (b(), b(), b(), 0..7200_u32, 0..40_000_u32, 0..60_u8, any::<bool>());
        let enqueue = enqueue.prop_map(|(account, kind, priority, later, expires, key, api)| {
            let later = if later % 5 == 0 { later } else { 0 };
            let expires = if expires % 5 == 0 { expires } else { 0 };
            let key = if key % 3 == 0 { key / 3 } else { 0 };
            Self::Enqueue { account, kind, priority, later, expires, key, api }
        });
        let finish = (b(), b(), any::<bool>(), any::<bool>())
            .prop_map(|(hand, ending, keep, repeat)| Self::Finish { hand, ending, keep, repeat });
        let account = (b(), b(), any::<bool>(), b(), any::<bool>()).prop_map(
            |(account, held, fence, zone, api)| Self::Account { account, held, fence, zone, api },
        );
        let claim = (b(), b(), any::<bool>());
        let claim =
            claim.prop_map(|(worker, classes, repeat)| Self::Claim { worker, classes, repeat });
        prop_oneof![
            16 => enqueue,
            18 => claim,
            10 => b().prop_map(|hand| Self::Begin { hand }),
            9 => finish,
            3 => (b(), b(), any::<bool>(), b()).prop_map(|(hand, ending, keep, classes)| {
                Self::Next { hand, ending, keep, classes }
            }),
            2 => (b(), any::<bool>()).prop_map(|(hand, fault)| Self::Release { hand, fault }),
            3 => Just(Self::Extend),
            2 => b().prop_map(|hand| Self::Vanish { hand }),
            2 => b().prop_map(|hand| Self::Old { hand }),
            4 => Just(Self::Reap),
            1 => b().prop_map(|nth| Self::Cancel { nth }),
            1 => (b(), b()).prop_map(|(nth, verb)| Self::Resolve { nth, verb }),
            2 => account,
            1 => b().prop_map(|account| Self::Remove { account }),
            3 => (1..2_000_u32).prop_map(|tenths| Self::Pass { tenths }),
            2 => (1..400_000_u32).prop_map(|tenths| Self::Pass { tenths }),
            1 => Just(Self::Edge),
            1 => (1..3_000_u32).prop_map(|tenths| Self::Back { tenths }),
            1 => Just(Self::Restart),
            1 => any::<bool>().prop_map(|on| Self::Pause { on }),
        ]
    }
}
