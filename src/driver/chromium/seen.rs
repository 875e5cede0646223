//! Whether a page sees the account's device, before it has been anywhere.

use serde_json::{Value, json};
use walkon_core::device::Device;

use crate::driver::Error;

/// Compares what a page sees (`functions::SEEN`) with the device.
///
/// # Errors
///
/// [`Error::Differs`] names all that is not as it should be.
pub(in crate::driver) fn agrees(seen: &Value, device: &Device, agent: &str) -> Result<(), Error> {
    let wrong = differences(seen, device, agent);
    if wrong.is_empty() { Ok(()) } else { Err(Error::Differs(wrong.join("; "))) }
}

fn differences(seen: &Value, device: &Device, agent: &str) -> Vec<String> {
    let first = |text: &Value| {
        let text = text.as_str().unwrap_or_default();
        text.split('-').next().unwrap_or_default().to_owned()
    };
    let languages = json!(device.languages);
    let pairs = [
        ("user agent", &seen["agent"], json!(agent)),
        ("languages", &seen["languages"], languages.clone()),
        ("locale", &json!(first(&seen["locale"])), json!(first(&languages[0]))),
        ("time zone", &seen["zone"], seen["wanted"].clone()),
        ("screen", &seen["screen"], json!([device.width, device.height])),
        ("touch", &seen["touch"], json!(device.touch)),
        ("automation", &seen["automated"], json!(true)),
    ];
    let wrong = pairs.into_iter().filter(|(_, seen, wanted)| *seen != wanted);
    let mut wrong: Vec<_> =
        wrong.map(|(what, seen, wanted)| format!("{what} is {seen}, not {wanted}")).collect();
    let scale = seen["scale"].as_f64().unwrap_or_default();
    if (scale - device.scale).abs() > 0.01 {
        wrong.push(format!("scale is {scale}, not {}", device.scale));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use walkon_core::device::{ColorScheme, Form};

    use super::*;

    #[test]
    fn whatever_a_page_sees_otherwise_is_named() {
        let device = Device {
            name: "d".to_owned(),
            form: Form::Phone,
            model: Some("Pixel 8".to_owned()),
            android: Some("15".to_owned()),
            width: 412,
            height: 915,
            scale: 2.625,
            touch: true,
            languages: vec!["de-DE".to_owned(), "de".to_owned()],
            color_scheme: ColorScheme::Dark,
        };
        let right = json!({
            "agent": "Walkon's", "languages": device.languages, "locale": device.languages[0],
            "zone": "Asia/Tokyo", "wanted": "Asia/Tokyo", "screen": [device.width, device.height],
            "scale": device.scale, "touch": true, "automated": true,
        });
        assert_eq!(differences(&right, &device, "Walkon's"), Vec::<String>::new());
        for (what, seen, named) in [
            ("agent", json!("Mozilla/5.0"), "user agent"),
            ("languages", json!(["xx"]), "languages"),
            ("locale", json!("xx"), "locale"),
            ("zone", json!("UTC"), "time zone"),
            ("screen", json!([800, 600]), "screen"),
            ("scale", json!(1), "scale"),
            ("touch", json!(false), "touch"),
            ("automated", json!(false), "automation"),
        ] {
            let mut other = right.clone();
            other[what] = seen;
            let wrong = differences(&other, &device, "Walkon's");
            assert_eq!(wrong.len(), 1, "{wrong:?}");
            assert!(wrong[0].starts_with(named), "{wrong:?}");
        }
    }
}
