//! The user agent: the real engine's, on this device, driven by Walkon.
//!
//! Nothing is hidden: the engine's real version and the token `walkon/<version>` are always there,
//! and a headless browser goes on calling itself one.

use walkon_core::device::{Device, Form};

/// What both the shell and a headless browser call themselves.
pub(in crate::driver) const PRODUCT: &str = "HeadlessChrome";
/// Ours.
pub(in crate::driver) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The user agent of a device: the browser's own (`own` is its product, `HeadlessChrome` or
/// `Chrome`) or the emulated device's, then ours.
pub(in crate::driver) fn user_agent(
    device: &Device,
    own: &str,
    version: &str,
    contact: Option<&str>,
) -> String {
    let major = version.split('.').next().unwrap_or("0");
    let android = device.android.as_deref().unwrap_or("15");
    let (system, product, mobile) = match device.form {
        Form::Desktop => ("X11; Linux x86_64".to_owned(), own, ""),
        Form::Phone => (format!("Linux; Android {android}; K"), "Chrome", "Mobile "),
        Form::Tablet => (format!("Linux; Android {android}; K"), "Chrome", ""),
    };
    let contact = contact.map(|contact| format!(" (+{contact})")).unwrap_or_default();
    format!(
        "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) {product}/{major}.0.0.0 \
         {mobile}Safari/537.36 walkon/{VERSION}{contact}"
    )
}

/// A telephone in German at night, or what else has this form.
#[cfg(test)]
pub(in crate::driver) fn device(form: Form) -> Device {
    Device {
        name: "d".to_owned(),
        form,
        model: Some("Pixel 8".to_owned()),
        android: Some("15".to_owned()),
        width: 412,
        height: 915,
        scale: 2.625,
        touch: true,
        languages: vec!["de-DE".to_owned(), "de".to_owned()],
        color_scheme: walkon_core::device::ColorScheme::Dark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_names_the_real_engine_and_walkon() {
        for form in [Form::Desktop, Form::Phone, Form::Tablet] {
            let device = device(form);
            let agent = user_agent(&device, "HeadlessChrome", "156.0.1.2", Some("https://x.test"));
            assert!(agent.contains("Chrome/156.0.0.0"), "{agent}");
            assert!(agent.ends_with(&format!(" walkon/{VERSION} (+https://x.test)")), "{agent}");
            assert_eq!(agent.contains("Mobile"), form == Form::Phone, "{agent}");
            assert_eq!(agent.contains("HeadlessChrome"), form == Form::Desktop, "{agent}");
        }
    }
}
