//! D: how long pages and items are looked at (Liu, White & Dumais 2010; Brysbaert 2019).

use super::super::testing::{fit, ks, mean, median, people, seeds, share, within};
use crate::motion::dwell::{Stay, glance_ms, stay};
use crate::persona::{Persona, Pointer};
use crate::rng::Seed;

/// Page types: words, and how far it interests beyond the usual.
const PAGES: [(usize, f64); 3] = [(250, 0.7), (800, 1.0), (2500, 1.5)];

fn stays(seed: Seed, (words, interest): (usize, f64)) -> Vec<Stay> {
    people(seed, 200)
        .flat_map(|(persona, mut rng)| [(); 10].map(|()| stay(words, interest, &persona, &mut rng)))
        .collect()
}

/// Leavings over time at risk, within each of four bins that as many leave in.
fn hazards(stays: &[Stay]) -> Vec<f64> {
    let mut left: Vec<f64> =
        stays.iter().filter(|stay| !stay.to_the_end).map(|stay| stay.ms).collect();
    left.sort_by(f64::total_cmp);
    let edges: Vec<f64> =
        (0..=4).map(|n| if n == 0 { 0.0 } else { left[left.len() * n / 4 - 1] }).collect();
    edges
        .windows(2)
        .map(|bin| {
            let leaving = left.iter().filter(|ms| **ms > bin[0] && **ms <= bin[1]).count() as f64;
            let risk: f64 = stays.iter().map(|stay| (stay.ms.min(bin[1]) - bin[0]).max(0.0)).sum();
            leaving / risk
        })
        .collect()
}

#[test]
fn d1_whoever_has_stayed_is_likelier_to_stay_on() {
    for seed in seeds() {
        for page in PAGES {
            let stays = stays(seed, page);
            let times: Vec<(f64, bool)> =
                stays.iter().map(|stay| (stay.ms / 1000.0, !stay.to_the_end)).collect();
            let found = fit::Weibull::fit(&times);
            let name = format!("D1 {} words: upper bound of k", page.0);
            within(&name, seed, found.shape + 1.96 * found.error, 0.3, 0.999);
            // Only what ended by itself, before anybody could have read to the end.
            let soonest = times.iter().filter(|(_, left)| !left).map(|(time, _)| *time);
            let cut = soonest.fold(f64::MAX, f64::min);
            let early: Vec<f64> =
                times.iter().map(|(time, _)| *time).filter(|time| *time < cut).collect();
            let rate = times.iter().map(|(time, _)| time).sum::<f64>()
                / times.iter().filter(|(_, left)| *left).count() as f64;
            let weibull = ks(&early, |time| found.cdf(time) / found.cdf(cut));
            let plain = |time: f64| 1.0 - (-time / rate).exp();
            let exponential = ks(&early, |time| plain(time) / plain(cut));
            println!("D1 KS Weibull {weibull:.3}, exponential {exponential:.3}");
            assert!(weibull < exponential, "{page:?} {seed:?}");
            let hazards = hazards(&stays);
            println!("D1 hazards {hazards:.7?}");
            assert!(hazards.windows(2).all(|two| two[0] > two[1]), "{hazards:?} {seed:?}");
        }
    }
}

#[test]
fn d2_what_is_read_to_the_end_is_read_at_the_published_speed() {
    for seed in seeds() {
        let stays = stays(seed, (120, 1.0));
        let speeds: Vec<f64> = stays
            .iter()
            .filter(|stay| stay.to_the_end)
            .map(|stay| 120.0 / stay.ms * 60_000.0)
            .collect();
        assert!(speeds.len() > 200);
        let usual = share(&speeds, |speed| (175.0..=300.0).contains(&speed));
        within("D2 at 175 to 300 wpm", seed, usual, 0.8, 1.0);
        within("D2 mean wpm", seed, mean(&speeds), 0.9 * 238.0, 1.1 * 238.0);
    }
}

#[test]
fn d3_an_item_of_a_feed_gets_its_published_look() {
    for (pointer, seconds) in [(Pointer::Mouse, 2.5), (Pointer::Touch, 1.7)] {
        for seed in seeds() {
            let looks: Vec<f64> = people(seed, 250)
                .flat_map(|(one, mut rng)| {
                    let one = Persona { pointer, ..one };
                    [(); 8].map(|()| glance_ms(&one, &mut rng) / 1000.0)
                })
                .collect();
            let name = format!("D3 {pointer:?}, s");
            within(&name, seed, mean(&looks), 0.85 * seconds, 1.15 * seconds);
            assert!(median(&looks) < mean(&looks), "{seed:?}");
        }
    }
}
