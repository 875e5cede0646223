//! Landscapes.

use std::fmt::Write as _;

use super::canvas::Canvas;

/// Rolling hills, one behind the other.
pub(crate) fn hills(c: &mut Canvas) {
    c.sky();
    c.sun(0.2, 0.42);
    let colors = c.colors;
    let tones = [
        (colors.far, 0.45),
        (colors.far, 0.8),
        (colors.mid, 0.75),
        (colors.mid, 1.0),
        (colors.near, 0.85),
        (colors.near, 1.0),
    ];
    let mut base = c.height * c.between(0.42, 0.52);
    for (tone, opacity) in tones {
        let (rise, waves) = (c.height * c.between(0.02, 0.045), c.between(0.6, 1.7));
        let d = c.ridge(base, rise, waves);
        c.path(&d, tone, opacity);
        base += c.height * c.between(0.07, 0.11);
    }
}

/// A low sun and its path on the water.
pub(crate) fn sea(c: &mut Canvas) {
    c.sky();
    let horizon = c.height * c.between(0.5, 0.6);
    let (x, _, r) = c.sun(0.36, 0.48);
    let colors = c.colors;
    let headland = c.ridge(horizon, c.height * 0.012, 0.8);
    c.path(&headland, colors.far, 0.7);
    let water = c.gradient(&[(colors.mid, 1.0), (colors.near, 1.0)]);
    c.rect([0.0, horizon, c.width, c.height - horizon], &water);
    let mut y = horizon + c.height * 0.012;
    let mut step = c.height * 0.012;
    while y < c.height {
        let depth = (y - horizon) / (c.height - horizon);
        let half = r * (0.5 + 1.9 * depth) * c.between(0.55, 1.1);
        let drift = r * depth * c.between(-0.5, 0.5);
        let opacity = 0.75 - 0.6 * depth;
        c.ellipse([x + drift, y, half, step * 0.2 + 1.0], colors.light, opacity);
        y += step;
        step *= 1.11;
    }
    if c.count(0, 1) == 1 {
        boat(c, horizon);
    }
}

fn boat(c: &mut Canvas, horizon: f64) {
    let (x, s) = (c.width * c.between(0.15, 0.85), c.width * c.between(0.03, 0.05));
    let y = horizon + s * c.between(0.5, 2.0);
    let hull = format!(
        "M{:.1} {y:.1}h{:.1}l{:.1} {:.1}h{:.1}Z",
        x - s,
        2.0 * s,
        -s * 0.4,
        s * 0.4,
        -s * 1.2
    );
    let sail = format!(
        "M{x:.1} {:.1}V{:.1}L{:.1} {:.1}Z",
        y - s * 0.15,
        y - s * 2.2,
        x + s * 0.95,
        y - s * 0.15
    );
    c.path(&hull, c.colors.near, 1.0);
    c.path(&sail, c.colors.light, 0.92);
}

/// Long dunes, each with a lit and a shaded side.
pub(crate) fn dunes(c: &mut Canvas) {
    c.sky();
    c.sun(0.12, 0.28);
    let colors = c.colors;
    let tones = [(colors.low, colors.far), (colors.far, colors.mid), (colors.far, colors.mid)];
    let mut y = c.height * c.between(0.42, 0.5);
    for (lit, shade) in tones {
        let (w, h) = (c.width, c.height);
        let (peak, crest) = (w * c.between(0.25, 0.75), y - h * c.between(0.02, 0.08));
        let (left, right) = (y + h * c.between(0.0, 0.12), y + h * c.between(0.0, 0.12));
        let lit_side = format!(
            "M0 {h}V{left:.1}C{:.1} {left:.1} {:.1} {crest:.1} {peak:.1} {crest:.1}\
             C{:.1} {crest:.1} {:.1} {right:.1} {w} {right:.1}V{h}Z",
            peak * 0.45,
            peak * 0.75,
            peak + (w - peak) * 0.25,
            peak + (w - peak) * 0.6,
        );
        c.path(&lit_side, lit, 1.0);
        let shaded = format!(
            "M{peak:.1} {crest:.1}C{:.1} {crest:.1} {:.1} {right:.1} {w} {right:.1}V{h}H{:.1}\
             C{:.1} {:.1} {:.1} {:.1} {peak:.1} {crest:.1}Z",
            peak + (w - peak) * 0.25,
            peak + (w - peak) * 0.6,
            peak * 0.7,
            peak * 1.15,
            y + h * 0.22,
            peak * 0.82,
            y + h * 0.1,
        );
        c.path(&shaded, shade, 0.9);
        y += h * c.between(0.14, 0.2);
    }
}

/// Sharp peaks with snow, under stars.
pub(crate) fn peaks(c: &mut Canvas) {
    c.sky();
    let (w, h) = (c.width, c.height);
    let colors = c.colors;
    for _ in 0..c.count(40, 80) {
        let (x, y, r) = (w * c.between(0.0, 1.0), h * c.between(0.0, 0.5), c.between(0.8, 2.6));
        let opacity = c.between(0.3, 0.95);
        c.circle(x, y, r, colors.light, opacity);
    }
    c.sun(0.1, 0.24);
    for (tone, base, count) in [(colors.far, 0.62, 4), (colors.mid, 0.74, 3), (colors.near, 0.9, 3)]
    {
        for n in 0..count {
            let x = w * ((f64::from(n) + c.between(0.1, 0.9)) / f64::from(count));
            let top = h * (base - c.between(0.16, 0.34));
            let half = w * c.between(0.3, 0.48);
            let foot = h * base + h * 0.4;
            peak(c, [x, top, half, foot], tone);
        }
    }
}

fn peak(c: &mut Canvas, [x, top, half, foot]: [f64; 4], tone: &str) {
    let rise = foot - top;
    let mountain = format!("M{:.1} {foot:.1}L{x:.1} {top:.1}L{:.1} {foot:.1}Z", x - half, x + half);
    c.path(&mountain, tone, 1.0);
    let shade = format!(
        "M{x:.1} {top:.1}L{:.1} {foot:.1}H{:.1}L{:.1} {:.1}Z",
        x + half,
        x + half * 0.15,
        x - half * 0.06,
        top + rise * 0.4,
    );
    c.path(&shade, "#000", 0.16);
    let (snow, d) = (0.2, half * 0.2);
    let line = top + rise * snow;
    let cap = format!(
        "M{x:.1} {top:.1}L{:.1} {line:.1}l{:.1} {:.1}l{:.1} {:.1}l{:.1} {:.1}L{:.1} {line:.1}Z",
        x + d,
        -d * 0.6,
        -rise * 0.05,
        -d * 0.45,
        rise * 0.07,
        -d * 0.5,
        -rise * 0.06,
        x - d,
    );
    c.path(&cap, c.colors.light, 0.9);
}

/// Rows of houses, with some windows lit.
pub(crate) fn city(c: &mut Canvas) {
    c.sky();
    c.sun(0.12, 0.3);
    let colors = c.colors;
    for (row, tone) in [colors.far, colors.mid, colors.near].into_iter().enumerate() {
        let mut x = -c.between(0.0, 40.0);
        while x < c.width {
            let w = c.width * c.between(0.07, 0.15);
            let top = c.height * (c.between(0.36, 0.58) + 0.12 * row as f64);
            c.rect([x, top, w + 1.0, c.height - top], tone);
            if c.count(0, 4) == 0 {
                c.rect([x + w * 0.45, top - w * 0.5, w * 0.06, w * 0.5], tone);
            }
            if row > 0 {
                windows(c, [x, top, w], 0.35 + 0.25 * row as f64);
            }
            x += w + c.width * c.between(0.0, 0.02);
        }
    }
}

fn windows(c: &mut Canvas, [x, top, w]: [f64; 3], opacity: f64) {
    let columns = c.count(2, 4);
    let gap = w / (columns as f64 * 2.0 + 1.0);
    let mut d = String::new();
    let mut y = top + gap;
    while y < c.height {
        for column in 0..columns {
            if c.count(0, 4) < 2 {
                let left = x + gap * (column as f64 * 2.0 + 1.0);
                let _ = write!(d, "M{left:.0} {y:.0}h{gap:.0}v{:.0}h-{gap:.0}Z", gap * 1.3);
            }
        }
        y += gap * 2.6;
    }
    c.path(&d, c.colors.light, opacity);
}

/// Firs that fade into fog.
pub(crate) fn forest(c: &mut Canvas) {
    c.sky();
    let colors = c.colors;
    if c.count(0, 2) > 0 {
        c.sun(0.14, 0.3);
    }
    let rows = [
        (colors.far, 0.35, 0.42, 0.05),
        (colors.far, 0.75, 0.52, 0.06),
        (colors.mid, 0.85, 0.64, 0.08),
        (colors.near, 1.0, 0.8, 0.11),
    ];
    for (tone, opacity, line, size) in rows {
        let mut d = String::new();
        let mut x = -c.width * 0.05;
        while x < c.width * 1.05 {
            let half = c.width * size * c.between(0.5, 0.9);
            let tall = half * c.between(3.6, 5.6);
            let foot = c.height * (line + c.between(0.02, 0.08));
            fir(&mut d, [x, foot, half, tall]);
            x += half * c.between(0.9, 1.7);
        }
        c.path(&d, tone, opacity);
        let ground = c.height * (line + 0.015);
        c.rect([0.0, ground, c.width, c.height - ground], tone);
        let fog = c.gradient(&[(colors.low, 0.0), (colors.low, 0.45), (colors.low, 0.0)]);
        if line < 0.7 {
            c.rect([0.0, ground - c.height * 0.14, c.width, c.height * 0.3], &fog);
        }
    }
}

fn fir(d: &mut String, [x, foot, half, tall]: [f64; 4]) {
    for tier in 0..4_i32 {
        let t = f64::from(tier);
        let (top, base) = (foot - tall + t * tall * 0.17, foot - tall + tall * (0.4 + t * 0.2));
        let reach = half * (0.4 + 0.2 * t);
        let _ = write!(
            d,
            "M{x:.0} {top:.0}L{:.0} {base:.0}Q{x:.0} {:.0} {:.0} {base:.0}Z",
            x - reach,
            base - tall * 0.05,
            x + reach,
        );
    }
}
