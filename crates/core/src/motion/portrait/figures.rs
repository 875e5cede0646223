//! Paths and speeds of the pointer, and histograms of times.

use super::svg::Canvas;
use super::{MARGIN, WIDTH};
use crate::gesture::{Gesture, Input, Point, Rect};
use crate::motion::dwell::{glance_ms, stay};
use crate::motion::pointer::{SAMPLE_MS, approach, click, tap};
use crate::motion::rhythm::gap_ms;
use crate::motion::typing::type_text;
use crate::persona::{Persona, Pointer};
use crate::rng::{Rng, Seed};

/// Height of the pointer's part.
const PATHS: f64 = 300.0;
/// A text that says nothing in particular, for the times of keys.
const TEXT: &str = "The light was good this morning, so I walked down to the harbour before work. \
    Two of the boats had come in early and a few people stood around talking about the weather.";
/// Bins of a histogram.
const BINS: usize = 32;

/// How a persona would point if it had a mouse: a finger leaves no path.
fn pointing(persona: &Persona) -> Persona {
    let pointer = match persona.pointer {
        Pointer::Touch => Pointer::Mouse,
        other => other,
    };
    Persona { pointer, ..persona.clone() }
}

/// Draws moves to targets all round, and the speed of one; gives where the next part begins.
pub(super) fn paths(canvas: &mut Canvas, top: f64, persona: &Persona, seed: Seed) -> f64 {
    let one = pointing(persona);
    canvas.text("head", (MARGIN, top), "start", "Its pointer");
    let note = match persona.pointer {
        Pointer::Touch => "twelve moves as with a mouse (a finger leaves no path)",
        _ => "twelve moves from the middle, a dot each 8 ms",
    };
    canvas.text("soft", (MARGIN + 106.0, top), "start", note);
    let middle = Point { x: MARGIN + 210.0, y: top + 20.0 + PATHS / 2.0 };
    let mut rng = seed.child("portrait paths").rng();
    // The plan's screen begins at 0; the picture's place is added after.
    let from = Point { x: 1000.0, y: 1000.0 };
    let mut all = Vec::new();
    for turn in 0..12 {
        let angle = f64::from(turn) * std::f64::consts::TAU / 12.0;
        let (far, size) = if turn % 2 == 0 { (128.0, 18.0) } else { (110.0, 30.0) };
        let at = Point { x: from.x + 1.5 * far * angle.cos(), y: from.y + far * angle.sin() };
        let target = Rect { x: at.x - size / 2.0, y: at.y - size / 2.0, w: size, h: size };
        let moves = approach(from, target, &one, &mut rng);
        let place = |at: Point| (middle.x + at.x - from.x, middle.y + at.y - from.y);
        let corner = place(Point { x: target.x, y: target.y });
        canvas.rect("box", corner, (size, size));
        let mut way = vec![place(from)];
        way.extend(moves.0.iter().filter_map(|timed| match timed.input {
            Input::Move(at) => Some(place(at)),
            _ => None,
        }));
        canvas.path("main", &way);
        for point in &way {
            canvas.dot("warm", *point, 0.9);
        }
        all.push(moves);
    }
    all.sort_by(|one, other| one.duration_ms().total_cmp(&other.duration_ms()));
    speed(canvas, (MARGIN + 520.0, top + 20.0), &all[all.len() / 2], from);
    top + PATHS + 66.0
}

/// Speed over time of one move, each 8 ms as the mean of nine: whole pixels make it jump.
fn speed(canvas: &mut Canvas, (x, y): (f64, f64), moves: &Gesture, from: Point) {
    let (width, height) = (WIDTH - MARGIN - x, PATHS - 50.0);
    let mut steps = vec![0.0; (moves.duration_ms() / SAMPLE_MS).round() as usize + 1];
    let mut before = from;
    for timed in &moves.0 {
        let Input::Move(at) = timed.input else { continue };
        let sample = ((timed.at_ms / SAMPLE_MS).round() as usize).min(steps.len() - 1);
        steps[sample] += (at.x - before.x).hypot(at.y - before.y);
        before = at;
    }
    let speeds: Vec<(f64, f64)> = (0..steps.len())
        .map(|nth| {
            let near = &steps[nth.saturating_sub(4)..(nth + 5).min(steps.len())];
            let mean = near.iter().sum::<f64>() / 9.0;
            (nth as f64 * SAMPLE_MS, mean / SAMPLE_MS * 1000.0)
        })
        .collect();
    let whole = moves.duration_ms().max(1.0);
    let most = speeds.iter().fold(1.0_f64, |most, (_, speed)| most.max(*speed));
    let points: Vec<(f64, f64)> = speeds
        .iter()
        .map(|(ms, speed)| (x + width * ms / whole, y + 20.0 + height * (1.0 - speed / most)))
        .collect();
    canvas.text("text", (x, y + 4.0), "start", "speed of the middle one");
    canvas.text("soft", (x + width, y + 4.0), "end", &format!("at most {most:.0} px/s"));
    canvas.line("line", (x, y + 20.0 + height), (x + width, y + 20.0 + height));
    canvas.path("main", &points);
    canvas.text("soft", (x, y + height + 38.0), "start", "0 ms");
    canvas.text("soft", (x + width, y + height + 38.0), "end", &format!("{whole:.0} ms"));
}

/// A sort of time: what it is called, and draws of it in milliseconds.
type Times = (&'static str, Vec<f64>);

fn times(persona: &Persona, rng: &mut Rng) -> [Times; 6] {
    let typed: Vec<Gesture> = (0..4).map(|_| type_text(TEXT, persona, rng)).collect();
    let mut gaps = Vec::new();
    for gesture in &typed {
        let downs: Vec<f64> = gesture
            .0
            .iter()
            .filter(|timed| matches!(&timed.input, Input::KeyDown { key } if key != "Shift"))
            .map(|timed| timed.at_ms)
            .collect();
        gaps.extend(downs.windows(2).map(|two| two[1] - two[0]));
    }
    let (mut moves, mut holds) = (Vec::new(), Vec::new());
    let one = pointing(persona);
    for turn in 0..400 {
        let angle = f64::from(turn);
        let to = Rect {
            x: 2000.0 + 400.0 * angle.cos(),
            y: 2000.0 + 300.0 * angle.sin(),
            w: 60.0,
            h: 32.0,
        };
        let from = Point { x: 2000.0, y: 2000.0 };
        moves.push(approach(from, to, &one, rng).duration_ms());
        let pressed = match persona.pointer {
            Pointer::Touch => tap(to, persona, rng),
            _ => click(to.center(), to, persona, rng),
        };
        if let [.., down, up] = &pressed.0[..] {
            holds.push(up.at_ms - down.at_ms);
        }
    }
    let mut draws = |count: usize, draw: fn(&Persona, &mut Rng) -> f64| -> Vec<f64> {
        (0..count).map(|_| draw(persona, rng)).collect()
    };
    [
        ("between keys", gaps),
        ("button or finger down", holds),
        ("to a target", moves),
        ("look at an item", draws(600, glance_ms)),
        ("stay on a page of 400 words", draws(600, |one, rng| stay(400, 1.0, one, rng).ms)),
        ("between actions", draws(1500, gap_ms)),
    ]
}

/// Draws six histograms on logarithmic scales; gives where the picture ends.
pub(super) fn distributions(canvas: &mut Canvas, top: f64, persona: &Persona, seed: Seed) -> f64 {
    canvas.text("head", (MARGIN, top), "start", "Its times");
    canvas.text("soft", (MARGIN + 106.0, top), "start", "logarithmic; the line is the median");
    let mut rng = seed.child("portrait times").rng();
    let (gap, height) = (28.0, 150.0);
    let width = (WIDTH - 2.0 * MARGIN - 2.0 * gap) / 3.0;
    for (nth, (name, times)) in times(persona, &mut rng).into_iter().enumerate() {
        let x = MARGIN + (nth % 3) as f64 * (width + gap);
        let y = top + 34.0 + (nth / 3) as f64 * (height + 34.0);
        histogram(canvas, (x, y), (width, height - 44.0), name, &times);
    }
    top + 34.0 + 2.0 * (height + 34.0)
}

fn histogram(
    canvas: &mut Canvas,
    (x, y): (f64, f64),
    (width, height): (f64, f64),
    name: &str,
    times: &[f64],
) {
    let mut sorted: Vec<f64> = times.iter().map(|time| time.max(1.0)).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
    canvas.text("text", (x, y), "start", name);
    canvas.text("soft", (x + width, y), "end", &told(at(0.5)));
    let (low, high) = (at(0.002).ln(), at(0.995).ln().max(at(0.002).ln() + 0.1));
    let mut bins = [0_u32; BINS];
    for time in &sorted {
        let share = (time.ln() - low) / (high - low);
        if (0.0..=1.0).contains(&share) {
            bins[((share * BINS as f64) as usize).min(BINS - 1)] += 1;
        }
    }
    let most = f64::from(*bins.iter().max().unwrap_or(&1)).max(1.0);
    let (foot, bin) = (y + 14.0 + height, width / BINS as f64);
    for (nth, count) in bins.iter().enumerate() {
        let tall = height * f64::from(*count) / most;
        canvas.rect("area", (x + nth as f64 * bin, foot - tall), (bin - 1.0, tall));
    }
    canvas.line("line", (x, foot), (x + width, foot));
    let middle = x + width * (at(0.5).ln() - low) / (high - low);
    canvas.line("mark", (middle, y + 12.0), (middle, foot));
    canvas.text("soft", (x, foot + 15.0), "start", &told(low.exp()));
    canvas.text("soft", (x + width, foot + 15.0), "end", &told(high.exp()));
}

/// A time as it is read.
fn told(ms: f64) -> String {
    match ms {
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms if ms < 100_000.0 => format!("{:.1} s", ms / 1000.0),
        ms => format!("{:.0} min", ms / 60_000.0),
    }
}
