//! A device profile: what an account acts from (`profiles/devices/<name>.toml`).
//!
//! A desktop keeps the host's platform. Phones and tablets are emulated, as a browser's device
//! mode does, and say so. The browser's real major version and the `walkon/…` token stay.
//! [`Device::check`] finds what contradicts itself: a device that no one could own tells nothing
//! about how a site treats the ones that people do.

mod models;
mod places;

use std::collections::BTreeSet;
use std::fmt;

pub use models::{MODELS, Model};
use serde::{Deserialize, Serialize};

/// The oldest Android that is emulated. Chosen: a browser of today runs on few before it.
const ANDROID_MIN: u32 = 10;
/// A version that no Android will have for a while: a typing error.
const ANDROID_MAX: u32 = 29;

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
    #[serde(default)]
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

/// What is wrong with a device.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("device `{name}`: {wrong}")]
pub struct BadDevice {
    /// Which device.
    pub name: String,
    /// What is wrong.
    pub wrong: Wrong,
}

/// A way for a device to be wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Wrong {
    /// The text is no device; the parser's words, with line and column.
    Text(String),
    /// The file and the `name` in it differ.
    Name(String),
    /// An emulated device that cannot be touched.
    NoTouch,
    /// A desktop that says it is an Android device.
    DesktopAndroid,
    /// An emulated device without a model or an Android version.
    NoModel,
    /// A phone that is wider than phones are, a desktop that is smaller than desktops are.
    Size(u32, u32),
    /// A scale no screen has.
    Scale(f64),
    /// A model whose screen is another; these are its pixels.
    Screen(&'static str, u32, u32),
    /// A model of the other form.
    OtherForm(&'static str),
    /// An Android that is none, or that the model or the browser never ran on.
    Android(String, u32),
    /// It has no language.
    NoLanguage,
    /// A language stands there twice.
    Twice(String),
    /// This is no language tag.
    Language(String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(why) => f.write_str(why),
            Self::Name(file) => write!(f, "its file is called `{file}`"),
            Self::NoTouch => {
                f.write_str("a phone or a tablet is touched, and it says `touch = false`")
            }
            Self::DesktopAndroid => f.write_str("a desktop keeps the host's platform, not Android"),
            Self::NoModel => f.write_str("an emulated device names its `model` and its `android`"),
            Self::Size(width, height) => write!(f, "{width} x {height} fits no device of its form"),
            Self::Scale(scale) => write!(f, "no screen has a scale of {scale}"),
            Self::Screen(model, width, height) => {
                write!(f, "a {model} has a screen of {width} x {height} pixels")
            }
            Self::OtherForm(model) => write!(f, "a {model} is of another form"),
            Self::Android(said, least) => {
                write!(f, "`{said}` is no Android that it could run; {least} is the oldest")
            }
            Self::NoLanguage => f.write_str("it has no language"),
            Self::Twice(tag) => write!(f, "`{tag}` stands there twice"),
            Self::Language(tag) => write!(f, "`{tag}` is no language tag"),
        }
    }
}

impl BadDevice {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self.wrong {
            Wrong::Text(_) => "write it as the devices under `profiles/devices` are written",
            Wrong::Name(_) => "leave `name` out, or write the file's",
            Wrong::NoTouch => "write `touch = true`",
            Wrong::DesktopAndroid => "leave `model` and `android` out, or change `form`",
            Wrong::NoModel => {
                "write `model = \"Pixel 8\"` and `android = \"15\"`, or `form = \"desktop\"`"
            }
            Wrong::Size(..) => "give the viewport in CSS pixels: 1280 x 720, 412 x 915, 800 x 1280",
            Wrong::Scale(_) => "write a scale between 0.5 and 4",
            Wrong::Screen(..) => "give `width`, `height` and `scale` so that they multiply to that",
            Wrong::OtherForm(_) => "write `form = \"phone\"` or `form = \"tablet\"`, as it is",
            Wrong::Android(..) => "write its major version, for example `android = \"15\"`",
            Wrong::Twice(_) => "leave one of them out",
            Wrong::NoLanguage | Wrong::Language(_) => {
                "write `languages = [\"de-DE\", \"de\", \"en\"]`"
            }
        }
    }
}

impl Device {
    /// Reads a device from the text of its file, `file` being the file's name without `.toml`.
    pub fn parse(file: &str, text: &str) -> Result<Self, BadDevice> {
        let bad = |wrong| BadDevice { name: file.to_owned(), wrong };
        let mut device: Self =
            toml::from_str(text).map_err(|error| bad(Wrong::Text(error.to_string())))?;
        if device.name.is_empty() {
            file.clone_into(&mut device.name);
        }
        if device.name != file {
            return Err(BadDevice { name: device.name, wrong: Wrong::Name(file.to_owned()) });
        }
        device.check()?;
        Ok(device)
    }

    /// Whether it could exist.
    pub fn check(&self) -> Result<(), BadDevice> {
        let bad = |wrong| Err(BadDevice { name: self.name.clone(), wrong });
        let desktop = self.form == Form::Desktop;
        if !desktop && !self.touch {
            return bad(Wrong::NoTouch);
        }
        if desktop && (self.model.is_some() || self.android.is_some()) {
            return bad(Wrong::DesktopAndroid);
        }
        let named =
            |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
        let emulated = named(&self.model) && named(&self.android);
        if !desktop && !emulated {
            return bad(Wrong::NoModel);
        }
        let (short, long) = (self.width.min(self.height), self.width.max(self.height));
        let (shortest, longest) = match self.form {
            Form::Desktop => (400..=4_400, 800..=7_700),
            Form::Phone => (240..=600, 480..=1_300),
            Form::Tablet => (500..=1_400, 800..=1_900),
        };
        if !shortest.contains(&short) || !longest.contains(&long) {
            return bad(Wrong::Size(self.width, self.height));
        }
        if !(0.5..=4.0).contains(&self.scale) {
            return bad(Wrong::Scale(self.scale));
        }
        if let Some(wrong) = self.wrong_model() {
            return bad(wrong);
        }
        if self.languages.is_empty() {
            return bad(Wrong::NoLanguage);
        }
        let mut seen = BTreeSet::new();
        if let Some(tag) = self.languages.iter().find(|tag| !seen.insert(*tag)) {
            return bad(Wrong::Twice(tag.clone()));
        }
        match self.languages.iter().find(|tag| !is_language(tag)) {
            Some(tag) => bad(Wrong::Language(tag.clone())),
            None => Ok(()),
        }
    }
}

impl Device {
    /// What the model and its Android contradict.
    fn wrong_model(&self) -> Option<Wrong> {
        let known = self.known_model();
        let least = known.map_or(ANDROID_MIN, |model| model.android.max(ANDROID_MIN));
        if let Some(said) = &self.android {
            let major = said.split('.').next().and_then(|major| major.parse().ok());
            if !major.is_some_and(|major| (least..=ANDROID_MAX).contains(&major)) {
                return Some(Wrong::Android(said.clone(), least));
            }
        }
        let model = known?;
        if model.form != self.form {
            return Some(Wrong::OtherForm(model.name));
        }
        let (width, height) = model.pixels;
        (!self.has_screen_of(model)).then_some(Wrong::Screen(model.name, width, height))
    }
}

/// `de`, `de-DE`, `zh-Hant-TW`: a language, then maybe a script and a region.
fn is_language(tag: &str) -> bool {
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let upper = |part: &str| part.bytes().all(|byte| byte.is_ascii_uppercase());
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let first =
        (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_lowercase());
    let digits = |part: &str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    first
        && parts.all(|part| {
            (part.len() == 4 && letters(part)) || (part.len() == 2 && upper(part)) || digits(part)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: &str = "form = \"phone\"\nmodel = \"Pixel 8\"\nandroid = \"15\"\nwidth = 412\n\
        height = 915\nscale = 2.625\ntouch = true\nlanguages = [\"de-DE\", \"de\"]\n";

    pub(super) fn phone() -> Device {
        Device::parse("pixel-8", PHONE).unwrap()
    }

    #[test]
    fn a_coherent_device_takes_its_name_from_its_file() {
        let device = Device::parse("pixel-8", PHONE).unwrap();
        assert_eq!((device.name.as_str(), device.form), ("pixel-8", Form::Phone));
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_a_remedy() {
        for (from, to, wrong) in [
            ("touch = true", "touch = false", "touched"),
            ("form = \"phone\"", "form = \"desktop\"", "host's platform"),
            ("model = \"Pixel 8\"", "", "names its `model`"),
            ("width = 412", "width = 1920", "1920 x 915"),
            ("scale = 2.625", "scale = 9.0", "scale of 9"),
            ("scale = 2.625", "scale = 2.0", "1080 x 2400 pixels"),
            ("Pixel 8", "Pixel Tablet", "of another form"),
            ("\"15\"", "\"13\"", "14 is the oldest"),
            ("\"15\"", "\"new\"", "`new` is no Android"),
            ("[\"de-DE\", \"de\"]", "[\"de\", \"de\"]", "twice"),
            ("[\"de-DE\", \"de\"]", "[]", "no language"),
            ("\"de-DE\"", "\"german\"", "`german`"),
            ("\"de-DE\"", "\"de_DE\"", "`de_DE`"),
            ("scale", "scael", "scael"),
            ("form", "name = \"other\"\nform", "called `pixel-8`"),
        ] {
            let error = Device::parse("pixel-8", &PHONE.replace(from, to)).unwrap_err();
            assert!(error.to_string().contains(wrong), "{to}: {error}");
            assert!(!error.remedy().is_empty());
        }
    }

    #[test]
    fn every_shipped_device_is_one_that_could_be_owned() {
        let folder =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/devices");
        let mut forms = Vec::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let device = Device::parse(stem, &text).unwrap_or_else(|error| panic!("{error}"));
            // What we ship we know; a file of one's own may name any model.
            assert_eq!(device.known_model().is_some(), device.form != Form::Desktop, "{stem}");
            assert!(text.starts_with("# "), "{stem} does not say whose it is");
            forms.push(device.form);
        }
        assert!(forms.len() >= 20);
        for form in [Form::Desktop, Form::Phone, Form::Tablet] {
            assert!(forms.iter().filter(|found| **found == form).count() >= 4, "{form:?}");
        }
    }
}
