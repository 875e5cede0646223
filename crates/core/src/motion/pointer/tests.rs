//! The pointer against the acceptance figures (P1–P5, V1–V4, C1–C3) of the motion reference.

use super::super::testing::{
    assert_in_order, fingerprint, line, low_pass, mean, peaks, quantile, sd,
};
use super::*;
use crate::gesture::Timed;
use crate::rng::Seed;

const FROM: Point = Point { x: 600.0, y: 700.0 };

fn square(distance: f64, width: f64, angle: f64) -> Rect {
    let (x, y) = (FROM.x + distance * angle.cos(), FROM.y + distance * angle.sin());
    Rect { x: x - width / 2.0, y: y - width / 2.0, w: width, h: width }
}

fn people(count: u64) -> impl Iterator<Item = (Persona, Rng)> {
    (0..count).map(|n| (Persona::default().individual(Seed(n)), Seed(n).child("moves").rng()))
}

/// Where the pointer is each 8 ms, from the start on.
fn resampled(gesture: &Gesture) -> Vec<Point> {
    let samples = (gesture.duration_ms() / SAMPLE_MS).round() as u32;
    let mut here = FROM;
    let mut events = gesture.0.iter().peekable();
    (0..=samples)
        .map(|sample| {
            while let Some(Timed { input: Input::Move(point), .. }) =
                events.next_if(|timed| timed.at_ms <= f64::from(sample) * SAMPLE_MS + 1e-6)
            {
                here = *point;
            }
            here
        })
        .collect()
}

#[test]
fn the_same_seed_moves_the_same_way() {
    let plan = || click(FROM, square(400.0, 48.0, 1.0), &Persona::default(), &mut Seed(7).rng());
    assert_eq!(plan(), plan());
    assert_eq!(fingerprint(&plan()), "bdbff82da72fc1a5");
    let tapped = tap(square(400.0, 48.0, 1.0), &Persona::default(), &mut Seed(7).rng());
    assert_eq!(fingerprint(&tapped), "ee9ecd51a0d9d81a");
}

#[test]
fn every_move_ends_inside_the_box_in_order_of_time() {
    let boxes = [
        square(300.0, 30.0, 0.4),
        square(5.0, 4.0, 2.0),
        square(900.0, 1.0, 3.0),
        Rect { x: 10.25, y: 20.5, w: 0.5, h: 0.5 },
        Rect { x: 0.0, y: 0.0, w: 600.0, h: 20.0 },
        Rect { x: 590.0, y: 690.0, w: 20.0, h: 20.0 },
    ];
    for (persona, mut rng) in people(200) {
        for to in boxes {
            let gesture = click(FROM, to, &persona, &mut rng);
            assert_in_order(&gesture);
            let end = gesture.end().unwrap();
            assert!(to.contains(end), "{end:?} in {to:?}");
            assert!(matches!(gesture.0[gesture.0.len() - 3].input, Input::Move(at) if at == end));
            assert!(matches!(tap(to, &persona, &mut rng).end(), Some(at) if to.contains(at)));
        }
    }
}

#[test]
fn time_follows_fitts_law_on_the_iso_grid() {
    let (mut ids, mut times, mut all_ids, mut all_times) = (vec![], vec![], vec![], vec![]);
    let mut throughputs = vec![];
    let mut crowd: Vec<(Persona, Rng)> = people(100).collect();
    for distance in [128.0, 256.0, 512.0, 1024.0_f64] {
        for width in [16.0, 32.0, 64.0, 128.0] {
            let mut cell = vec![];
            for n in 0..400 {
                let (persona, rng) = &mut crowd[n % 100];
                let to = square(distance, width, n as f64 * 0.7);
                cell.push(approach(FROM, to, persona, rng).duration_ms());
            }
            let id = (distance / width + 1.0).log2();
            throughputs.push(id / (mean(&cell) / 1000.0));
            ids.push(id);
            times.push(mean(&cell));
            all_ids.extend(cell.iter().map(|_| id));
            all_times.extend(cell);
        }
    }
    let (a, b, fit) = line(&ids, &times);
    let (.., single) = line(&all_ids, &all_times);
    println!("P1 a {a:.0} b {b:.0} R2 {fit:.3} single {single:.2}; P2 {:.2}", mean(&throughputs));
    assert!(fit >= 0.9 && (120.0..225.0).contains(&b) && (0.0..300.0).contains(&a));
    assert!(single < 0.9 && (3.7..4.9).contains(&mean(&throughputs)));
}

#[test]
fn end_points_scatter_as_the_effective_width_says() {
    let to = square(500.0, 60.0, 0.0);
    let persona = Persona::default();
    let mut rng = Seed(3).rng();
    let aims: Vec<Point> = (0..4000).map(|_| aim(FROM, to, &persona, &mut rng)).collect();
    let along: Vec<f64> = aims.iter().map(|at| at.x).collect();
    let missed = aims.iter().filter(|at| !to.contains(**at)).count() as f64 / 4000.0;
    println!("P3 misses {missed:.3}; P4 sd/W {:.3}", sd(&along) / 60.0);
    assert!((0.01..0.08).contains(&missed));
    assert!((sd(&along) * WIDTHS_PER_SD / 60.0 - 1.0).abs() < 0.25);
}

#[test]
fn speed_and_path_are_a_hands() {
    let (mut counts, mut counts_12, mut times, mut ratios, mut paths, mut laterals) =
        (vec![], vec![], vec![], vec![], vec![], vec![]);
    for (n, (persona, mut rng)) in people(1000).enumerate() {
        let distance = log_normal(&mut rng, 420.0, 0.6).clamp(136.0, 1400.0);
        let to = square(distance, rng.random_range(24.0..96.0), n as f64);
        let shifted = Rect { x: to.x.max(0.0), y: to.y.max(0.0), ..to };
        let points = resampled(&approach(FROM, shifted, &persona, &mut rng));
        let smooth = low_pass(&points, 7.0);
        let speeds = |points: &[Point]| -> Vec<f64> {
            points
                .windows(2)
                .map(|pair| (pair[1].x - pair[0].x).hypot(pair[1].y - pair[0].y))
                .collect()
        };
        let speed = speeds(&smooth);
        let top = quantile(&speed, 1.0);
        let moving = |value: &&f64| **value > 0.05 * top;
        let begin = speed.iter().position(|value| moving(&value)).unwrap();
        let end = speed.iter().rposition(|value| moving(&value)).unwrap();
        let peak = speed.iter().position(|value| *value >= top).unwrap();
        counts.push(peaks(&speed, 0.05) as f64);
        counts_12.push(peaks(&speeds(&low_pass(&points, 12.0)), 0.05) as f64);
        times.push((peak - begin) as f64 / (end - begin) as f64);
        let last = points[points.len() - 1];
        let (dx, dy) = (last.x - FROM.x, last.y - FROM.y);
        let straight = dx.hypot(dy);
        ratios.push(top / (speed.iter().sum::<f64>() / speed.len() as f64));
        paths.push(speeds(&smooth).iter().sum::<f64>() / straight);
        let across = |at: &Point| ((at.x - FROM.x) * dy - (at.y - FROM.y) * dx).abs() / straight;
        laterals.push(smooth.iter().map(across).fold(0.0, f64::max) / straight);
    }
    let median = |values: &[f64]| quantile(values, 0.5);
    let many = counts.iter().filter(|count| **count > 4.0).count() as f64 / 1000.0;
    let early = times.iter().filter(|time| **time < 0.5).count() as f64 / 1000.0;
    println!("V1 {:.2} (>4 {many:.3}) at 12 Hz {:.2}", mean(&counts), mean(&counts_12));
    println!("V2 {:.2} early {early:.2} V3 {:.2}", median(&times), median(&ratios));
    println!("V4 path {:.3} lateral {:.3}", median(&paths), median(&laterals));
    assert!((1.6..2.4).contains(&mean(&counts)) && many <= 0.05);
    assert!((2.0..2.9).contains(&mean(&counts_12)));
    assert!((0.22..0.34).contains(&median(&times)) && early >= 0.8);
    assert!((3.4..5.3).contains(&median(&ratios)));
    assert!((1.03..1.12).contains(&median(&paths)));
    assert!((0.06..0.13).contains(&median(&laterals)));
}

#[test]
fn a_button_is_held_as_long_as_people_hold_it() {
    let (mut holds, mut medians, mut sigmas) = (vec![], vec![], vec![]);
    for (persona, mut rng) in people(200) {
        let own: Vec<f64> = (0..100).map(|_| hold_ms(&persona, &mut rng)).collect();
        medians.push(quantile(&own, 0.5));
        sigmas.push(sd(&own.iter().map(|hold| hold.ln()).collect::<Vec<_>>()));
        holds.extend(own);
    }
    let share = |test: fn(&f64) -> bool| {
        holds.iter().copied().filter(test).count() as f64 / holds.len() as f64
    };
    let (short, long) = (share(|hold| *hold < 50.0), share(|hold| *hold > 250.0));
    let (low, high) = (quantile(&holds, 0.25), quantile(&holds, 0.75));
    let between = sd(&medians) / mean(&medians);
    println!("C1 median {:.0} IQR {low:.0}-{high:.0}", quantile(&holds, 0.5));
    println!("C1 short {short:.3} long {long:.3} within {:.2} between {between:.2}", mean(&sigmas));
    assert!((85.0..115.0).contains(&quantile(&holds, 0.5)));
    assert!(low > 65.0 && high < 135.0 && short <= 0.05 && (0.01..0.05).contains(&long));
    assert!((0.22..0.38).contains(&mean(&sigmas)) && (0.1..0.25).contains(&between));
}

#[test]
fn taps_scatter_as_clicks_do() {
    let to = square(0.0, 60.0, 0.0);
    let mut rng = Seed(1).rng();
    let taps = (0..500).map(|_| tap(to, &Persona::default(), &mut rng).end().unwrap());
    let (xs, ys): (Vec<f64>, Vec<f64>) = taps.map(|at| (at.x, at.y)).unzip();
    for (side, share) in [(xs, 0.8), (ys, 1.0)] {
        assert!((sd(&side) * WIDTHS_PER_SD / 60.0 / share - 1.0).abs() < 0.25);
    }
}

#[test]
fn a_trackpad_takes_longer() {
    let trackpad = Persona { pointer: Pointer::Trackpad, ..Persona::default() };
    let to = square(500.0, 30.0, 1.0);
    let medians = [&Persona::default(), &trackpad].map(|persona| {
        let mut rng = Seed(1).rng();
        let holds: Vec<f64> = (0..2000).map(|_| hold_ms(persona, &mut rng)).collect();
        let times: Vec<f64> =
            (0..500).map(|_| approach(FROM, to, persona, &mut rng).duration_ms()).collect();
        (quantile(&holds, 0.5), quantile(&times, 0.5))
    });
    assert!((8.0..25.0).contains(&(medians[1].0 - medians[0].0)), "C3 {medians:?}");
    assert!(medians[1].1 > 1.2 * medians[0].1);
}
