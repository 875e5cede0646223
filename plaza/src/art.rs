//! Pictures: small SVG drawings, the same for the same id, drawn when they are asked for.
//!
//! A picture is made of flat shapes and a few gradients. There are no filters and no noise in it,
//! so that a page with many of them stays cheap to paint.

mod avatar;
mod canvas;
mod palette;
#[expect(clippy::many_single_char_names, reason = "x, y, w, h and r are what they are")]
mod places;
#[expect(clippy::many_single_char_names, reason = "x, y, w, h and r are what they are")]
mod things;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use self::canvas::Canvas;
use self::palette::PALETTES;

pub(crate) use self::avatar::avatar;

/// How many sorts of picture there are.
pub(crate) const SCENES: usize = 9;

/// What a picture shows, for its alternative text.
const SUBJECTS: [&str; SCENES] = [
    "layered hills under a low sun",
    "a low sun over a calm sea",
    "dunes and their shadows",
    "mountain peaks under the stars",
    "a city skyline with lit windows",
    "a print of coloured shapes",
    "a drawing of leaves on a stem",
    "a still life with a bowl and fruit",
    "a forest in fog",
];

/// The alternative text for a picture of `scene`.
pub(crate) fn subject(scene: usize) -> &'static str {
    SUBJECTS[scene % SCENES]
}

/// Draws a picture of `scene`; `name` decides its colours and forms.
pub(crate) fn picture(name: &str, scene: usize, width: u32, height: u32) -> String {
    let mut rng = rng_of(name);
    let scene = scene % SCENES;
    let palette = palette::choose(scene, &mut rng);
    let mut canvas = Canvas::new(width, height, rng, &PALETTES[palette]);
    match scene {
        0 => places::hills(&mut canvas),
        1 => places::sea(&mut canvas),
        2 => places::dunes(&mut canvas),
        3 => places::peaks(&mut canvas),
        4 => places::city(&mut canvas),
        5 => things::shapes(&mut canvas),
        6 => things::leaves(&mut canvas),
        7 => things::still_life(&mut canvas),
        _ => places::forest(&mut canvas),
    }
    canvas.finish()
}

fn rng_of(name: &str) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(Sha256::digest(name.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::{SCENES, avatar, picture};

    #[test]
    fn a_name_always_gives_the_same_picture() {
        for scene in 0..SCENES {
            assert_eq!(picture("post:7", scene, 800, 1000), picture("post:7", scene, 800, 1000));
            assert_ne!(picture("post:7", scene, 800, 1000), picture("post:8", scene, 800, 1000));
        }
    }

    #[test]
    fn pictures_are_small_and_hold_no_broken_number() {
        for n in 0..60 {
            let svg = picture(&format!("post:{n}"), n, 800, 1000) + &avatar(&format!("m{n}"));
            assert!(svg.len() < 60_000, "{} bytes", svg.len());
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
