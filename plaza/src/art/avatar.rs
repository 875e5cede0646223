//! Portraits of members: a head and shoulders in flat colours.

use rand_chacha::ChaCha8Rng;

use super::canvas::Canvas;
use super::palette::PALETTES;
use super::rng_of;

const SKINS: &[&str] = &["#f3d3bd", "#e8b996", "#d29a72", "#b4774f", "#8a5637", "#5f3a26"];
const HAIRS: &[&str] = &["#2b211d", "#4a2f22", "#7a4a2b", "#b9803f", "#8d8a86", "#a2452f"];
const CLOTHES: &[&str] = &["#2f5d62", "#b5533c", "#34405e", "#7a6a4f", "#8a4a5f", "#e0d8c8"];

/// Draws the portrait of the member with this username.
pub(crate) fn avatar(username: &str) -> String {
    let mut rng: ChaCha8Rng = rng_of(&format!("avatar:{username}"));
    let palette = rand::RngExt::random_range(&mut rng, 0..9);
    let mut c = Canvas::new(200, 200, rng, &PALETTES[palette]);
    let ground = c.one_of(&[c.colors.high, c.colors.low, c.colors.far, c.colors.mid]);
    c.rect([0.0, 0.0, 200.0, 200.0], ground);
    c.raw("<g transform=\"translate(-32 -26) scale(1.32)\">");
    let (skin, hair, cloth) = (c.one_of(SKINS), c.one_of(HAIRS), c.one_of(CLOTHES));
    let style = c.count(0, 5);
    back_hair(&mut c, style, hair);
    c.path("M28 204C30 164 62 150 100 150S170 164 172 204Z", cloth, 1.0);
    c.path("M84 118H116V150Q116 164 100 164T84 150Z", skin, 1.0);
    c.path("M84 132Q100 146 116 132V142Q100 154 84 142Z", "#000", 0.12);
    c.ellipse([100.0, 92.0, 36.0, 43.0], skin, 1.0);
    front_hair(&mut c, style, hair);
    face(&mut c);
    if c.count(0, 4) == 0 {
        c.raw(
            "<g fill=\"none\" stroke=\"#222\" stroke-width=\"2.5\"><circle cx=\"86\" cy=\"95\" \
             r=\"11\"/><circle cx=\"114\" cy=\"95\" r=\"11\"/><path d=\"M97 94q3-2 6 0\"/></g>",
        );
    }
    c.raw("</g>");
    c.finish()
}

fn back_hair(c: &mut Canvas, style: usize, hair: &str) {
    match style {
        0 => c.path("M56 96C52 30 148 30 144 96L152 168H48Z", hair, 1.0),
        1 => c.path("M58 92C52 36 148 36 142 92V128Q100 150 58 128Z", hair, 1.0),
        2 => {
            c.circle(100.0, 40.0, 20.0, hair, 1.0);
            c.ellipse([100.0, 84.0, 41.0, 43.0], hair, 1.0);
        }
        3 => {
            for (x, y) in
                [(66, 72), (62, 96), (82, 52), (106, 46), (128, 58), (138, 80), (137, 102)]
            {
                c.circle(f64::from(x), f64::from(y), 20.0, hair, 1.0);
            }
        }
        _ => c.ellipse([100.0, 82.0, 40.0, 42.0], hair, 1.0),
    }
}

fn front_hair(c: &mut Canvas, style: usize, hair: &str) {
    let d = match style {
        0 => {
            "M62 96C62 62 82 50 104 50 128 50 140 66 138 98 132 78 122 70 106 68 92 82 74 82 62 96Z"
        }
        1 => "M62 92C60 58 80 48 100 48S140 58 138 92C128 84 114 78 100 78S72 84 62 92Z",
        2 => "M63 90C64 60 84 50 100 50S136 60 137 90C130 70 116 64 100 64S70 70 63 90Z",
        3 => "M64 86C66 60 84 54 100 54S134 60 136 86C126 72 112 70 100 70S74 72 64 86Z",
        4 => {
            "M61 94C56 52 92 44 112 48 134 50 142 70 138 94 134 82 130 76 124 72 104 74 80 70 \
             72 66 66 74 63 84 61 94Z"
        }
        _ => "M62 84C62 56 82 48 100 48S138 56 138 84C134 70 122 62 100 62S66 70 62 84Z",
    };
    c.path(d, hair, 1.0);
    if style == 5 {
        c.path(
            "M66 104Q70 138 100 138T134 104Q128 118 116 116 100 110 84 116 72 118 66 104Z",
            hair,
            1.0,
        );
    }
}

fn face(c: &mut Canvas) {
    c.raw(
        "<g fill=\"#1f1a17\"><circle cx=\"86\" cy=\"95\" r=\"3.4\"/><circle cx=\"114\" cy=\"95\" \
         r=\"3.4\"/></g><g fill=\"none\" stroke=\"#1f1a17\" stroke-opacity=\".75\" \
         stroke-width=\"2.6\" stroke-linecap=\"round\"><path d=\"M92 117q8 6 16 0\"/>\
         <path d=\"M100 97q3 6-1 9\" stroke-opacity=\".35\"/></g>",
    );
}
