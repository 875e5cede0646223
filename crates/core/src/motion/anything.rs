//! Whatever a page says about itself, a plan is one: in order of time, finite, bounded, and what it
//! promises about its end holds wherever there is a box to end in.

use proptest::prelude::*;

use super::glide::Glide;
use super::testing::{assert_in_order, fingerprint};
use super::{dwell, pointer, rhythm, scroll, typing};
use crate::gesture::{Gesture, Input, Point, Rect};
use crate::persona::Persona;
use crate::rng::{Rng, Seed};

/// Any number at all, and often one that a page would say.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![4 => -3000.0..3000.0_f64, 1 => any::<f64>(), 1 => Just(f64::NAN), 1 => Just(0.0)]
}

fn rect() -> impl Strategy<Value = Rect> {
    (number(), number(), number(), number()).prop_map(|(x, y, w, h)| Rect { x, y, w, h })
}

fn point() -> impl Strategy<Value = Point> {
    (number(), number()).prop_map(|(x, y)| Point { x, y })
}

fn person(seed: u64) -> (Persona, Rng) {
    (Persona::from_seed(Seed(seed)), Seed(seed).child("anything").rng())
}

fn sane(gesture: &Gesture) {
    assert_in_order(gesture);
    assert!(gesture.0.len() < 200_000, "{} events", gesture.0.len());
    for timed in &gesture.0 {
        let (Input::Move(at)
        | Input::Down(at)
        | Input::Up(at)
        | Input::Wheel { at, .. }
        | Input::TouchStart(at)
        | Input::TouchMove(at)) = &timed.input
        else {
            continue;
        };
        assert!(at.x.is_finite() && at.y.is_finite(), "{timed:?}");
    }
}

/// A box of some size on a screen.
fn is_box(rect: Rect) -> bool {
    let on_screen = |value: f64| value.abs() <= 10_000.0;
    on_screen(rect.x)
        && on_screen(rect.y)
        && (0.1..1e4).contains(&rect.w)
        && (0.1..1e4).contains(&rect.h)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn pointers_end_in_the_box(from in point(), to in rect(), seed in any::<u64>()) {
        let (one, mut rng) = person(seed);
        let clicked = pointer::click(from, to, &one, &mut rng);
        for gesture in [clicked, pointer::tap(to, &one, &mut rng)] {
            sane(&gesture);
            let end = gesture.end().unwrap();
            prop_assert!(!is_box(to) || to.contains(end), "{:?} in {:?}", end, to);
        }
    }

    #[test]
    fn screens_scroll_any_way(view in rect(), dy in number(), seed in any::<u64>()) {
        let (one, mut rng) = person(seed);
        let at = view.center();
        for gesture in [
            scroll::wheel(at, dy, &one, &mut rng),
            scroll::wheel_reading(at, dy, 0.1, &one, &mut rng),
            scroll::flick(view, dy, &one, &mut rng),
        ] {
            sane(&gesture);
        }
        for glide in Glide::ALL {
            let flung = scroll::fling(view, dy, glide, &one, &mut rng);
            sane(&flung.gesture);
            prop_assert!(flung.way_px.is_finite() && flung.glide_ms.is_finite());
        }
    }

    #[test]
    fn waits_are_times(words in any::<usize>(), interest in number(), seed in any::<u64>()) {
        let (one, mut rng) = person(seed);
        let waits = [
            dwell::read_ms(words, &one, &mut rng),
            dwell::stay(words, interest, &one, &mut rng).ms,
            dwell::glance_ms(&one, &mut rng),
            dwell::hesitate_ms(&one, &mut rng),
            dwell::mental_ms(&mut rng),
            rhythm::gap_ms(&one, &mut rng),
        ];
        prop_assert!(waits.iter().all(|ms| ms.is_finite() && *ms >= 0.0), "{:?}", waits);
        let moments = rhythm::session(&one, &mut rng);
        prop_assert!(moments.windows(2).all(|two| two[0] <= two[1]));
    }

    #[test]
    fn typing_is_in_order_for_anybody(text in ".{0,60}", seed in any::<u64>()) {
        let (one, mut rng) = person(seed);
        sane(&typing::type_text(&text, &one, &mut rng));
        sane(&typing::transcribe(&text, &one, &mut rng));
        // Two people, or the same one twice, differ; the same seed does not.
        let again = |seed| {
            let (one, mut rng) = person(seed);
            fingerprint(&typing::press_key("Enter", &one, &mut rng))
        };
        prop_assert_eq!(again(seed), again(seed));
    }
}
