//! A picture in SVG, as text: the few shapes that a portrait is made of.

use std::fmt::Write as _;

/// Where shapes are added; lengths are in CSS pixels.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    body: String,
}

/// Colours for light and dark, and the sizes of text.
const STYLE: &str = "\
svg{--back:#fff;--ink:#1c2430;--soft:#5b6675;--line:#d9dee5;--main:#2f6fb0;--fill:#bcd5ee;\
--warm:#b4541e;font-family:system-ui,sans-serif}\
@media (prefers-color-scheme:dark){svg{--back:#14181e;--ink:#e6eaf0;--soft:#9aa5b4;--line:#333b47;\
--main:#7db4ea;--fill:#2b4a69;--warm:#eb9a64}}\
.back{fill:var(--back)}.title{font-size:22px;font-weight:600;fill:var(--ink)}\
.head{font-size:15px;font-weight:600;fill:var(--ink)}.text{font-size:12px;fill:var(--ink)}\
.soft{font-size:11px;fill:var(--soft)}.line{stroke:var(--line);fill:none}\
.main{stroke:var(--main);fill:none;stroke-width:1.6;stroke-linejoin:round}\
.area{fill:var(--fill);stroke:none}.bar{fill:var(--main);stroke:none}.warm{fill:var(--warm)}\
.mark{stroke:var(--warm);stroke-width:1.5;fill:none}.box{stroke:var(--soft);fill:none}";

impl Canvas {
    /// A text whose `anchor` is `start`, `middle` or `end`.
    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: &str, text: &str) {
        let text = escaped(text);
        self.add(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">\
             {text}</text>"
        ));
    }

    pub(super) fn line(&mut self, class: &str, (x, y): (f64, f64), (to_x, to_y): (f64, f64)) {
        self.add(format_args!(
            "<line class=\"{class}\" x1=\"{x:.1}\" y1=\"{y:.1}\" \
             x2=\"{to_x:.1}\" y2=\"{to_y:.1}\"/>"
        ));
    }

    pub(super) fn rect(&mut self, class: &str, (x, y): (f64, f64), (w, h): (f64, f64)) {
        self.add(format_args!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\"/>"
        ));
    }

    pub(super) fn dot(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        self.add(format_args!(
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"/>"
        ));
    }

    /// A line through the points.
    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let mut way = String::new();
        for (nth, (x, y)) in points.iter().enumerate() {
            let letter = if nth == 0 { 'M' } else { 'L' };
            let _ = write!(way, "{letter}{x:.1} {y:.1}");
        }
        self.add(format_args!("<path class=\"{class}\" d=\"{way}\"/>"));
    }

    /// The whole file.
    pub(super) fn finish(self, (width, height): (f64, f64), title: &str) -> String {
        let (title, body) = (escaped(title), self.body);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\"><title>{title}</title>\
             <style>{STYLE}</style><rect class=\"back\" width=\"{width}\" height=\"{height}\"/>\n\
             {body}</svg>\n"
        )
    }

    fn add(&mut self, shape: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.body, "{shape}");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
