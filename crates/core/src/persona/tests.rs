//! Personas: their files, what is wrong with them, and who comes of them.

use std::path::Path;

use super::*;
use crate::rng::Seed;

fn shipped() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/personas");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let stem = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (stem(path), std::fs::read_to_string(path).unwrap())).collect()
}

fn fault(text: &str) -> (String, String) {
    let error = Persona::parse(text, "p.toml").unwrap_err();
    // The remedy stands on the second line, too.
    let first = error.to_string().lines().next().unwrap_or_default().to_owned();
    (first, error.remedy)
}

#[test]
fn every_shipped_persona_reads_and_so_do_the_people_of_it() {
    let files = shipped();
    assert!(files.len() >= 4);
    for (stem, text) in files {
        let persona = Persona::parse(&text, &stem).unwrap();
        assert_eq!(persona.name, stem);
        assert!(!persona.about.is_empty());
        for seed in 0..100 {
            let one = persona.individual(Seed(seed));
            assert_eq!(one.check(), Ok(()), "{stem} {seed}");
        }
    }
}

#[test]
fn a_file_that_says_nothing_is_the_middle_of_people() {
    let persona = Persona::parse("version = 1\nname = \"everyone\"", "p.toml").unwrap();
    let middle = Persona { about: String::new(), ..Persona::default() };
    assert_eq!(persona, middle);
    assert_eq!(Persona::default().check(), Ok(()));
}

#[test]
fn a_person_that_is_written_down_reads_as_the_same_one() {
    for seed in 0..50 {
        let one = Persona {
            about: "\"quoted\" \\ and\nlined".to_owned(),
            ..Persona::from_seed(Seed(seed))
        };
        let text = one.to_toml();
        let read = Persona::parse(&text, "one.toml").unwrap();
        assert_eq!(read.to_toml(), text, "what is rounded once stays");
        assert_eq!((&read.name, &read.about, read.hand), (&one.name, &one.about, one.hand));
        assert!((read.typing.iki_ms / one.typing.iki_ms - 1.0).abs() < 0.001);
    }
}

#[test]
fn age_slows_hands_together_and_who_types_slowly_slips_more() {
    let crowd: Vec<(f64, Persona)> = (0..4000)
        .map(|seed| (age_score(Seed(seed)), Persona::default().individual(Seed(seed))))
        .collect();
    let mean = |old: bool, value: fn(&Persona) -> f64| {
        // Of adults, a sixth are 65 and older; 25 to 34 are the second eighth.
        let young = -1.2..-0.6;
        let of = crowd.iter().filter(|(age, _)| if old { *age > 1.0 } else { young.contains(age) });
        let values: Vec<f64> = of.map(|(_, one)| value(one)).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let slower = |value| mean(true, value) / mean(false, value);
    let figures = [
        slower(|one| one.pointing.a_ms),
        slower(|one| one.click.hold_ms),
        slower(|one| one.typing.iki_ms),
        slower(|one| one.reading.wpm),
        slower(|one| one.pointing.curve),
    ];
    println!("old over young {figures:.2?}");
    // 1.3 to 1.5 for pointing, 137 over 87 ms for a click.
    assert!((1.3..1.5).contains(&figures[0]) && (1.4..1.8).contains(&figures[1]));
    assert!(figures[2] > 1.3 && figures[3] < 0.95 && (0.97..1.03).contains(&figures[4]));
    let logs = |value: fn(&Persona) -> f64| -> Vec<f64> {
        crowd.iter().map(|(_, one)| value(one).max(1e-4).ln()).collect()
    };
    let (ikis, slips) = (logs(|one| one.typing.iki_ms), logs(|one| one.typing.slip_rate));
    let tie = correlation(&ikis, &slips);
    assert!((0.25..0.45).contains(&tie), "{tie}");
}

fn correlation(xs: &[f64], ys: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mx, my) = (mean(xs), mean(ys));
    let products = |xs: &[f64], mx: f64, ys: &[f64], my: f64| -> f64 {
        xs.iter().zip(ys).map(|(x, y)| (x - mx) * (y - my)).sum()
    };
    products(xs, mx, ys, my) / (products(xs, mx, xs, mx) * products(ys, my, ys, my)).sqrt()
}

#[test]
fn people_of_no_file_point_with_all_there_is() {
    let found: Vec<Pointer> = (0..200).map(|seed| Persona::from_seed(Seed(seed)).pointer).collect();
    for pointer in [Pointer::Mouse, Pointer::Trackpad, Pointer::Touch] {
        let share = found.iter().filter(|one| **one == pointer).count();
        assert!((30..120).contains(&share), "{pointer:?} {share}");
    }
}

#[test]
fn a_slip_in_a_file_has_its_place_and_what_was_meant() {
    let (error, remedy) = fault("version = 1\nname = \"a\"\n[typing]\n  iki = 200\n");
    assert!(error.starts_with("p.toml:4:3: unknown field `iki`"), "{error}");
    assert!(remedy.starts_with("leave `iki` out; known are iki_ms, "), "{remedy}");
    let (_, remedy) = fault("version = 1\nname = \"a\"\n[typing]\niki_sm = 200\n");
    assert_eq!(remedy, "write `iki_ms`");
    let (error, remedy) = fault("version = 1\nname = \"a\"\npointer = \"mose\"\n");
    assert!(error.starts_with("p.toml:3:11: unknown variant"), "{error}");
    assert_eq!(remedy, "write `mouse`");
}

#[test]
fn an_absurd_number_is_refused_where_it_stands() {
    let file = |rest: &str| fault(&format!("version = 1\nname = \"a\"\n{rest}"));
    let (error, remedy) = file("[reading]\nwpm = 2000\n");
    assert_eq!(error, "p.toml:4:7: `reading.wpm` is 2000, and nobody is outside 60 to 700");
    assert_eq!(remedy, "write 238 (people's middle) or leave it out");
    let (error, _) = file("typing = { iki_ms = nan }\n");
    assert_eq!(error, "p.toml:3:21: `typing.iki_ms` is NaN, and nobody is outside 40 to 2000");
    let (error, remedy) = file("typing.hold_ms = 300\ntyping.iki_ms = 100\n");
    assert_eq!(error, "p.toml:3:18: `typing.hold_ms` is 300, which contradicts `typing.iki_ms`");
    assert_eq!(remedy, "write at most 200, or raise `typing.iki_ms`");
    let (error, remedy) = fault("version = 2\nname = \"a\"\n");
    assert_eq!(error, "p.toml:1:11: `version` is 2, and this Walkon reads 1");
    assert_eq!(remedy, "write 1");
    let (error, _) = fault("version = 1\nname = \" \"\n");
    assert_eq!(error, "p.toml:2:8: `name` is empty");
}

#[test]
fn an_account_is_always_the_same_person_and_no_other_account() {
    let persona = Persona::default();
    let [ada, ben] = [1, 2].map(|seed| persona.individual(Seed(seed)));
    assert_eq!(ada, persona.individual(Seed(1)));
    assert_ne!(ada, ben);
    let written = format!("{:.4} {:.4} {}", ada.typing.iki_ms, ada.pointing.a_ms, ada.hand);
    assert_eq!(written, "372.1237 182.4435 1249867859");
    assert!(ada.spread.abs() < f64::EPSILON);
}

#[test]
fn without_spread_accounts_differ_in_their_hands_only() {
    let persona = Persona { spread: 0.0, ..Persona::default() };
    let one = persona.individual(Seed(1));
    assert_ne!(one.hand, persona.hand);
    assert_eq!(Persona { hand: persona.hand, ..one }, persona);
}

#[test]
fn the_device_decides_whether_there_is_a_screen_to_touch() {
    let text = "name = \"d\"\nform = \"phone\"\nwidth = 412\nheight = 839\nlanguages = [\"en\"]\n";
    let desk: Device = toml::from_str(text).unwrap();
    let phone = Device { touch: true, ..desk.clone() };
    let with = |pointer, device| Persona { pointer, ..Persona::default() }.on(device).pointer;
    assert_eq!(with(Pointer::Trackpad, &phone), Pointer::Touch);
    assert_eq!(with(Pointer::Touch, &desk), Pointer::Mouse);
    assert_eq!(with(Pointer::Trackpad, &desk), Pointer::Trackpad);
}
