//! Models that are known: what their screens have, and with which Android they came.
//!
//! Resolutions are the makers' own. A CSS pixel times the scale must give them again, to within the
//! rounding of one CSS pixel; the size in which things are shown is its owner's to choose.

use super::{Device, Form};

/// A phone or a tablet that is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// As the client hints name it.
    pub name: &'static str,
    /// A phone or a tablet.
    pub form: Form,
    /// Its screen upright, in its own pixels.
    pub pixels: (u32, u32),
    /// The Android that it came with; it runs none before.
    pub android: u32,
}

const fn phone(name: &'static str, height: u32, android: u32) -> Model {
    Model { name, form: Form::Phone, pixels: (1080, height), android }
}

const fn tablet(name: &'static str, pixels: (u32, u32), android: u32) -> Model {
    Model { name, form: Form::Tablet, pixels, android }
}

/// Those that are known; any other is checked by its form alone.
pub const MODELS: [Model; 18] = [
    phone("Pixel 4a", 2340, 10),
    phone("Pixel 5", 2340, 11),
    phone("Pixel 6", 2400, 12),
    phone("Pixel 6a", 2400, 12),
    phone("Pixel 7", 2400, 13),
    phone("Pixel 7a", 2400, 13),
    phone("Pixel 8", 2400, 14),
    phone("Pixel 8a", 2400, 14),
    phone("Pixel 9", 2424, 14),
    phone("SM-G991B", 2400, 11),
    phone("SM-S911B", 2340, 13),
    phone("SM-S921B", 2340, 14),
    phone("SM-A546B", 2340, 13),
    phone("SM-A556B", 2340, 14),
    tablet("Pixel Tablet", (1600, 2560), 13),
    tablet("SM-X710", (1600, 2560), 13),
    tablet("SM-X200", (1200, 1920), 11),
    tablet("SM-X210", (1200, 1920), 13),
];

impl Device {
    /// The model that it says it is, if that is known.
    pub fn known_model(&self) -> Option<&'static Model> {
        let name = self.model.as_deref()?;
        MODELS.iter().find(|model| model.name == name)
    }

    /// Whether its screen is the model's.
    pub(super) fn has_screen_of(&self, model: &Model) -> bool {
        let near = |css: u32, pixels: u32| {
            (f64::from(css) * self.scale - f64::from(pixels)).abs() <= self.scale
        };
        let (short, long) = (self.width.min(self.height), self.width.max(self.height));
        near(short, model.pixels.0) && near(long, model.pixels.1)
    }
}
