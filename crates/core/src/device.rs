//! A device profile: what an account acts from (`profiles/devices/<name>.toml`).
//!
//! A desktop keeps the host's platform. Phones and tablets are emulated, as `DevTools`' device mode
//! does, and say so. The browser's real major version and the `walkon/…` token are always kept.

use serde::{Deserialize, Serialize};

/// What sort of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A desktop of the host's own platform.
    Desktop,
    /// An emulated phone.
    Phone,
    /// An emulated tablet.
    Tablet,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColorScheme {
    /// Light.
    #[default]
    Light,
    /// Dark.
    Dark,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Its name; the file's.
    pub name: String,
    /// What sort.
    pub form: Form,
    /// For emulated devices, the model the client hints name: `Pixel 8`.
    #[serde(default)]
    pub model: Option<String>,
    /// For emulated devices, the Android version: `15`.
    #[serde(default)]
    pub android: Option<String>,
    /// Viewport width in CSS pixels.
    pub width: u32,
    /// Viewport height in CSS pixels.
    pub height: u32,
    /// Device pixels a CSS pixel.
    #[serde(default = "one")]
    pub scale: f64,
    /// Whether it is touched rather than pointed at.
    #[serde(default)]
    pub touch: bool,
    /// Its languages, the preferred first, as in `Accept-Language`: `["de-DE", "de", "en"]`.
    pub languages: Vec<String>,
    /// Light or dark.
    #[serde(default)]
    pub color_scheme: ColorScheme,
}

fn one() -> f64 {
    1.0
}
