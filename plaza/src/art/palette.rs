//! Colours that go together, by hand.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::SCENES;

/// Sky above, sky below, light, and three tones from far to near.
#[derive(Debug)]
pub(crate) struct Palette {
    pub(crate) high: &'static str,
    pub(crate) low: &'static str,
    pub(crate) light: &'static str,
    pub(crate) far: &'static str,
    pub(crate) mid: &'static str,
    pub(crate) near: &'static str,
}

const fn palette(c: [&'static str; 6]) -> Palette {
    Palette { high: c[0], low: c[1], light: c[2], far: c[3], mid: c[4], near: c[5] }
}

/// Day palettes first, then the dark ones from [`FIRST_NIGHT`] on.
pub(crate) const PALETTES: [Palette; 14] = [
    palette(["#f3c9a5", "#fbe8d3", "#fff6e6", "#d99a7c", "#a85f4f", "#5b3340"]),
    palette(["#8fb8c9", "#f2dfc8", "#fff3dc", "#88a3a6", "#4f7480", "#22414f"]),
    palette(["#e9b7ae", "#f9e3d2", "#fffaf0", "#c98f93", "#8b5c72", "#46324f"]),
    palette(["#a9c7b6", "#eef0dc", "#fdf7dd", "#7fa68f", "#4b7a68", "#204539"]),
    palette(["#f0a868", "#fbdca6", "#fff0cf", "#d97b4f", "#9c4a3c", "#4b2430"]),
    palette(["#b8c4de", "#f1e6ea", "#fff8ee", "#94a0c4", "#5d6a99", "#2c3560"]),
    palette(["#dcd3b8", "#f5efdf", "#fffdf4", "#b9a67f", "#877252", "#4a3d2c"]),
    palette(["#7fc2bd", "#f7e9cf", "#fff5d6", "#5b9e9b", "#2f6f74", "#123f48"]),
    palette(["#e8c36a", "#f8eccb", "#fff9e3", "#c9973f", "#7d6a3a", "#37402f"]),
    palette(["#141b3c", "#5a4a7d", "#ffe9c9", "#4a4476", "#2c2b57", "#12132e"]),
    palette(["#0d2437", "#3d7180", "#f4f1d8", "#2f5f6e", "#1b4152", "#0a2030"]),
    palette(["#2a1a36", "#b0566a", "#ffd9b0", "#7b3f60", "#4a2a4b", "#1f1428"]),
    palette(["#10263a", "#e08a63", "#ffe2b8", "#6b5a70", "#39405c", "#141d30"]),
    palette(["#16302b", "#7ba287", "#f3edc9", "#4b7a65", "#2a5245", "#0f2722"]),
];

/// Where the dark palettes begin.
const FIRST_NIGHT: usize = 9;

/// A palette that suits the scene: peaks and cities are mostly seen at night.
pub(crate) fn choose(scene: usize, rng: &mut ChaCha8Rng) -> usize {
    debug_assert!(scene < SCENES);
    match scene {
        3 | 4 => rng.random_range(FIRST_NIGHT..PALETTES.len()),
        0 | 1 | 8 => rng.random_range(0..PALETTES.len()),
        _ => rng.random_range(0..FIRST_NIGHT),
    }
}
