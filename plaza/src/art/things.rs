//! Prints, plants and still lifes.

use std::f64::consts::{PI, TAU};

use super::canvas::Canvas;

/// A grid of bold forms, as of cut paper.
pub(crate) fn shapes(c: &mut Canvas) {
    let colors = c.colors;
    c.rect([0.0, 0.0, c.width, c.height], colors.low);
    let columns = c.count(2, 4);
    let size = c.width / columns as f64;
    let rows = (c.height / size).ceil() as usize;
    let inks = [colors.high, colors.far, colors.mid, colors.near, colors.light];
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = (column as f64 * size, row as f64 * size);
            let (ground, ink) = (c.one_of(&inks), c.one_of(&inks));
            c.rect([x, y, size + 0.5, size + 0.5], ground);
            form(c, [x, y, size], ink);
        }
    }
}

fn form(c: &mut Canvas, [x, y, s]: [f64; 3], ink: &'static str) {
    let (right, low, half) = (x + s, y + s, s / 2.0);
    let d = match c.count(0, 6) {
        0 => format!("M{x:.1} {y:.1}A{s:.1} {s:.1} 0 0 1 {x:.1} {low:.1}Z"),
        1 => format!("M{x:.1} {low:.1}A{s:.1} {s:.1} 0 0 1 {right:.1} {y:.1}V{low:.1}Z"),
        2 => format!("M{right:.1} {y:.1}A{s:.1} {s:.1} 0 0 1 {x:.1} {low:.1}V{y:.1}Z"),
        3 => format!("M{x:.1} {y:.1}H{right:.1}L{x:.1} {low:.1}Z"),
        4 => {
            format!("M{x:.1} {:.1}A{half:.1} {half:.1} 0 0 1 {right:.1} {:.1}Z", y + half, y + half)
        }
        5 => {
            c.circle(x + half, y + half, s * 0.34, ink, 1.0);
            return;
        }
        _ => {
            for n in 0..4 {
                c.rect([x, y + s * (0.0625 + 0.25 * f64::from(n)), s, s * 0.125], ink);
            }
            return;
        }
    };
    c.path(&d, ink, 1.0);
}

/// One or more stems with leaves.
pub(crate) fn leaves(c: &mut Canvas) {
    let (w, h) = (c.width, c.height);
    let colors = c.colors;
    let paper = c.gradient(&[(colors.light, 1.0), (colors.low, 1.0)]);
    c.rect([0.0, 0.0, w, h], &paper);
    let (x, y) = (w * c.between(0.3, 0.7), h * c.between(0.32, 0.5));
    let r = w * c.between(0.26, 0.36);
    c.circle(x, y, r, colors.high, 0.8);
    let stems = c.count(2, 4);
    for n in 0..stems {
        let foot = w * (0.5 + 0.16 * (n as f64 - (stems - 1) as f64 / 2.0));
        let lean = (n as f64 - (stems - 1) as f64 / 2.0) * 0.28 + c.between(-0.12, 0.12);
        let tone = c.one_of(&[colors.mid, colors.near, colors.far]);
        let length = h * c.between(0.5, 0.78);
        stem(c, [foot, h, lean, length], tone);
    }
}

fn stem(c: &mut Canvas, [foot, ground, lean, length]: [f64; 4], tone: &str) {
    let at = |t: f64| (foot + lean * length * t * t, ground - length * t);
    let (mid, tip) = (at(0.5), at(1.0));
    let bend = foot + (mid.0 - foot) * 0.3;
    let line = format!("M{foot:.1} {ground:.1}Q{bend:.1} {:.1} {:.1} {:.1}", mid.1, tip.0, tip.1);
    c.stroke(&line, tone, c.width * 0.006);
    let pairs = c.count(5, 8);
    for n in 0..pairs {
        let t = 0.25 + 0.75 * n as f64 / pairs as f64;
        let (x, y) = at(t);
        let size = c.width * (0.2 - 0.1 * t);
        for side in [-1.0, 1.0] {
            let angle = -PI / 2.0 + side * c.between(0.75, 1.05) + lean * 0.6;
            leaf(c, [x, y, angle, size], tone);
        }
    }
    leaf(c, [tip.0, tip.1, -PI / 2.0 + lean, c.width * 0.11], tone);
}

fn leaf(c: &mut Canvas, [x, y, angle, size]: [f64; 4], tone: &str) {
    let point = |along: f64, aside: f64| {
        let (sin, cos) = angle.sin_cos();
        (x + size * (along * cos - aside * sin), y + size * (along * sin + aside * cos))
    };
    let (a, b, tip) = (point(0.45, 0.32), point(0.45, -0.32), point(1.0, 0.0));
    let d = format!(
        "M{x:.1} {y:.1}Q{:.1} {:.1} {:.1} {:.1}Q{:.1} {:.1} {x:.1} {y:.1}Z",
        a.0, a.1, tip.0, tip.1, b.0, b.1
    );
    c.path(&d, tone, 0.88);
    let vein = point(0.8, 0.0);
    let line = format!("M{x:.1} {y:.1}L{:.1} {:.1}", vein.0, vein.1);
    c.stroke(&line, c.colors.light, c.width * 0.0025);
}

/// A table with a bowl, a bottle and fruit.
pub(crate) fn still_life(c: &mut Canvas) {
    let (w, h) = (c.width, c.height);
    let colors = c.colors;
    let wall = c.gradient(&[(colors.high, 1.0), (colors.low, 1.0)]);
    c.rect([0.0, 0.0, w, h], &wall);
    let (left, pane) = (w * c.between(0.05, 0.2), w * 0.3);
    let slant = w * 0.14;
    let light =
        format!("M{left:.1} {:.1}h{pane:.1}l{slant:.1} {:.1}h-{pane:.1}Z", h * 0.12, h * 0.38);
    c.path(&light, colors.light, 0.55);
    let table = h * c.between(0.62, 0.7);
    c.rect([0.0, table, w, h - table], colors.mid);
    c.rect([0.0, table, w, h * 0.012], colors.near);
    let (bottle_at, bowl_at) = if c.count(0, 1) == 0 { (0.26, 0.6) } else { (0.76, 0.38) };
    bottle(c, w * bottle_at, table + h * 0.06);
    bowl(c, w * bowl_at, table + h * 0.1);
    for _ in 0..c.count(1, 3) {
        let (x, r) = (w * c.between(0.15, 0.85), w * c.between(0.045, 0.06));
        fruit(c, x, table + h * 0.19, r);
    }
}

fn bottle(c: &mut Canvas, x: f64, foot: f64) {
    let (s, tall) = (c.width * c.between(0.07, 0.09), c.height * c.between(0.26, 0.34));
    c.ellipse([x + s * 0.4, foot, s * 1.5, s * 0.22], c.colors.near, 0.35);
    let (top, neck) = (foot - tall, s * 0.32);
    let d = format!(
        "M{:.1} {foot:.1}V{:.1}Q{:.1} {:.1} {:.1} {:.1}V{top:.1}H{:.1}V{:.1}Q{:.1} {:.1} {:.1} \
         {:.1}V{foot:.1}Q{x:.1} {:.1} {:.1} {foot:.1}Z",
        x - s,
        foot - tall * 0.5,
        x - s,
        foot - tall * 0.66,
        x - neck,
        foot - tall * 0.72,
        x + neck,
        foot - tall * 0.72,
        x + s,
        foot - tall * 0.66,
        x + s,
        foot - tall * 0.5,
        foot + s * 0.2,
        x - s,
    );
    c.path(&d, c.colors.near, 0.94);
    c.rect([x - s * 0.7, foot - tall * 0.48, s * 0.18, tall * 0.36], c.colors.light);
}

fn bowl(c: &mut Canvas, x: f64, foot: f64) {
    let s = c.width * c.between(0.17, 0.21);
    let colors = c.colors;
    c.ellipse([x + s * 0.1, foot, s * 0.95, s * 0.14], colors.near, 0.4);
    let fruits = c.count(3, 5);
    for n in 0..fruits {
        let place = (n as f64 + 0.5) / fruits as f64 - 0.5;
        let lift = (place * TAU / 2.0).cos() * s * 0.22;
        fruit(c, x + place * s * 1.5, foot - s * 0.68 - lift, s * 0.27);
    }
    let rim = foot - s * 0.62;
    let d = format!(
        "M{:.1} {rim:.1}H{:.1}C{:.1} {:.1} {:.1} {foot:.1} {:.1} {foot:.1}H{:.1}\
         C{:.1} {foot:.1} {:.1} {:.1} {:.1} {rim:.1}Z",
        x - s,
        x + s,
        x + s * 0.96,
        foot - s * 0.2,
        x + s * 0.6,
        x + s * 0.35,
        x - s * 0.35,
        x - s * 0.6,
        x - s * 0.96,
        foot - s * 0.2,
        x - s,
    );
    c.path(&d, colors.light, 1.0);
    let band = format!(
        "M{:.1} {:.1}H{:.1}L{:.1} {:.1}H{:.1}Z",
        x - s * 0.96,
        rim + s * 0.12,
        x + s * 0.96,
        x + s * 0.93,
        rim + s * 0.2,
        x - s * 0.93,
    );
    c.path(&band, colors.far, 0.9);
}

fn fruit(c: &mut Canvas, x: f64, y: f64, r: f64) {
    let tone = c.one_of(&["#e3a33b", "#d9653b", "#c9453a", "#e7bf4a", "#8c9a45"]);
    c.circle(x, y, r, tone, 1.0);
    c.ellipse([x - r * 0.32, y - r * 0.36, r * 0.26, r * 0.18], "#fff", 0.4);
}
