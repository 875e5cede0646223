//! What a browser says it is: its own engine, on this device, driven by Walkon.
//!
//! Nothing is hidden: the brand `Walkon` is always there, beside the engine's real version. A phone
//! or a tablet is emulated as a browser's device mode does. The user agent is made in
//! `chromium/agent.rs`.

use chromiumoxide_cdp::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetEmulatedMediaParams, SetLocaleOverrideParams,
    SetTimezoneOverrideParams, SetTouchEmulationEnabledParams, SetUserAgentOverrideParams,
    UserAgentBrandVersion, UserAgentMetadata,
};
use walkon_core::device::{ColorScheme, Device, Form};

use crate::driver::chromium::agent::VERSION;

/// The commands that make a page see the device.
pub(super) struct Identity {
    /// The user agent and its client hints.
    pub(super) agent: SetUserAgentOverrideParams,
    /// The time zone.
    pub(super) time_zone: SetTimezoneOverrideParams,
    /// The first language, for dates and numbers.
    pub(super) locale: SetLocaleOverrideParams,
    /// Light or dark.
    pub(super) media: SetEmulatedMediaParams,
    /// The viewport.
    pub(super) metrics: SetDeviceMetricsOverrideParams,
    /// Touch, or none.
    pub(super) touch: SetTouchEmulationEnabledParams,
}

pub(super) fn metadata(device: &Device, version: &str) -> UserAgentMetadata {
    let major = version.split('.').next().unwrap_or("0");
    let brands = |engine: &str, ours: &str| {
        Some(vec![
            UserAgentBrandVersion::new("Chromium", engine),
            UserAgentBrandVersion::new("Walkon", ours),
        ])
    };
    let desktop = device.form == Form::Desktop;
    let text = |here: &str, emulated: &str| if desktop { here } else { emulated }.to_owned();
    UserAgentMetadata {
        brands: brands(major, VERSION.split('.').next().unwrap_or(VERSION)),
        full_version_list: brands(version, VERSION),
        platform: text("Linux", "Android"),
        platform_version: text("", device.android.as_deref().unwrap_or("15")),
        architecture: text(if cfg!(target_arch = "aarch64") { "arm" } else { "x86" }, ""),
        model: text("", device.model.as_deref().unwrap_or_default()),
        mobile: device.form == Form::Phone,
        bitness: Some(text("64", "")),
        wow64: Some(false),
        form_factors: None,
    }
}

impl Identity {
    /// The identity of a device in a time zone, with a user agent that was made for it.
    pub(super) fn new(device: &Device, time_zone: &str, agent: &str, version: &str) -> Self {
        let desktop = device.form == Form::Desktop;
        let (width, height) = (i64::from(device.width), i64::from(device.height));
        let scheme = match device.color_scheme {
            ColorScheme::Light => "light",
            ColorScheme::Dark => "dark",
        };
        Self {
            agent: SetUserAgentOverrideParams {
                user_agent: agent.to_owned(),
                accept_language: Some(device.languages.join(",")),
                platform: Some(if desktop { "Linux x86_64" } else { "Linux armv81" }.to_owned()),
                user_agent_metadata: Some(metadata(device, version)),
            },
            time_zone: SetTimezoneOverrideParams::new(time_zone),
            locale: SetLocaleOverrideParams { locale: device.languages.first().cloned() },
            media: SetEmulatedMediaParams {
                media: None,
                features: Some(vec![MediaFeature::new("prefers-color-scheme", scheme)]),
            },
            metrics: SetDeviceMetricsOverrideParams {
                screen_width: Some(width),
                screen_height: Some(height),
                ..SetDeviceMetricsOverrideParams::new(width, height, device.scale, !desktop)
            },
            touch: SetTouchEmulationEnabledParams {
                enabled: device.touch,
                max_touch_points: device.touch.then_some(5),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::chromium::agent::device;

    #[test]
    fn every_devices_hints_name_the_engine_and_walkon() {
        for form in [Form::Desktop, Form::Phone, Form::Tablet] {
            let brands = metadata(&device(form), "156.0.1.2").brands.unwrap();
            let names: Vec<&str> = brands.iter().map(|brand| brand.brand.as_str()).collect();
            assert_eq!(names, ["Chromium", "Walkon"]);
        }
    }
}
