//! The pointer: where it ends, and what differs with a finger or a trackpad. The published figures
//! are in `motion/acceptance`.

use super::super::testing::{assert_in_order, people, quantile, sd};
use super::*;
use crate::rng::Seed;

const FROM: Point = Point { x: 600.0, y: 700.0 };

fn square(distance: f64, width: f64, angle: f64) -> Rect {
    let (x, y) = (FROM.x + distance * angle.cos(), FROM.y + distance * angle.sin());
    Rect { x: x - width / 2.0, y: y - width / 2.0, w: width, h: width }
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
    for (persona, mut rng) in people(Seed(1), 200) {
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
