//! A sheet to draw on: SVG text, its random numbers and its colours.

use std::f64::consts::TAU;
use std::fmt::Write as _;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::palette::Palette;

/// A picture in the making. Lengths are in user units of its own width and height.
pub(crate) struct Canvas {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) colors: &'static Palette,
    rng: ChaCha8Rng,
    svg: String,
    gradients: usize,
}

impl Canvas {
    pub(crate) fn new(width: u32, height: u32, rng: ChaCha8Rng, colors: &'static Palette) -> Self {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"xMidYMid slice\">"
        );
        let (width, height) = (f64::from(width), f64::from(height));
        Self { width, height, colors, rng, svg, gradients: 0 }
    }

    pub(crate) fn finish(mut self) -> String {
        self.svg.push_str("</svg>");
        self.svg
    }

    /// A number between `low` and `high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        self.rng.random_range(low..high)
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn count(&mut self, low: usize, high: usize) -> usize {
        self.rng.random_range(low..=high)
    }

    pub(crate) fn one_of(&mut self, colors: &[&'static str]) -> &'static str {
        colors[self.rng.random_range(0..colors.len())]
    }

    /// Adds raw SVG.
    pub(crate) fn raw(&mut self, svg: &str) {
        self.svg.push_str(svg);
    }

    pub(crate) fn rect(&mut self, [x, y, w, h]: [f64; 4], fill: &str) {
        let _ = write!(
            self.svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" fill=\"{fill}\"/>"
        );
    }

    pub(crate) fn circle(&mut self, x: f64, y: f64, r: f64, fill: &str, opacity: f64) {
        let _ = write!(
            self.svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\" fill=\"{fill}\" \
             fill-opacity=\"{opacity:.2}\"/>"
        );
    }

    pub(crate) fn ellipse(&mut self, [x, y, rx, ry]: [f64; 4], fill: &str, opacity: f64) {
        let _ = write!(
            self.svg,
            "<ellipse cx=\"{x:.1}\" cy=\"{y:.1}\" rx=\"{rx:.1}\" ry=\"{ry:.1}\" fill=\"{fill}\" \
             fill-opacity=\"{opacity:.2}\"/>"
        );
    }

    pub(crate) fn path(&mut self, d: &str, fill: &str, opacity: f64) {
        let _ = write!(self.svg, "<path d=\"{d}\" fill=\"{fill}\" fill-opacity=\"{opacity:.2}\"/>");
    }

    pub(crate) fn stroke(&mut self, d: &str, color: &str, width: f64) {
        let _ = write!(
            self.svg,
            "<path d=\"{d}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width:.1}\" \
             stroke-linecap=\"round\"/>"
        );
    }

    /// A vertical gradient; answers the paint that uses it.
    pub(crate) fn gradient(&mut self, stops: &[(&str, f64)]) -> String {
        self.gradients += 1;
        let id = self.gradients;
        let _ = write!(self.svg, "<linearGradient id=\"g{id}\" x2=\"0\" y2=\"1\">");
        for (place, (color, opacity)) in stops.iter().enumerate() {
            let offset = place as f64 / (stops.len() - 1).max(1) as f64;
            let _ = write!(
                self.svg,
                "<stop offset=\"{offset:.2}\" stop-color=\"{color}\" stop-opacity=\"{opacity}\"/>"
            );
        }
        self.svg.push_str("</linearGradient>");
        format!("url(#g{id})")
    }

    /// Fills the sheet with the sky.
    pub(crate) fn sky(&mut self) {
        let paint = self.gradient(&[(self.colors.high, 1.0), (self.colors.low, 1.0)]);
        self.rect([0.0, 0.0, self.width, self.height], &paint);
    }

    /// A sun or moon with a soft halo; answers where it stands.
    pub(crate) fn sun(&mut self, low: f64, high: f64) -> (f64, f64, f64) {
        let x = self.width * self.between(0.22, 0.78);
        let y = self.height * self.between(low, high);
        let r = self.width * self.between(0.06, 0.13);
        for (size, opacity) in [(2.6, 0.10), (1.8, 0.14), (1.3, 0.20), (1.0, 1.0)] {
            self.circle(x, y, r * size, self.colors.light, opacity);
        }
        (x, y, r)
    }

    /// The outline of land: a sum of three waves around `base`, down to the lower edge.
    pub(crate) fn ridge(&mut self, base: f64, rise: f64, waves: f64) -> String {
        let phases: [f64; 3] = std::array::from_fn(|_| self.between(0.0, TAU));
        let steps = 56;
        let mut d = format!("M0 {:.1}", self.height);
        for step in 0..=steps {
            let t = f64::from(step) / f64::from(steps);
            let wave = (TAU * waves * t + phases[0]).sin()
                + 0.45 * (TAU * waves * 2.1 * t + phases[1]).sin()
                + 0.18 * (TAU * waves * 4.7 * t + phases[2]).sin();
            let _ = write!(d, "L{:.1} {:.1}", t * self.width, base - rise * wave);
        }
        let _ = write!(d, "L{:.1} {:.1}Z", self.width, self.height);
        d
    }
}
