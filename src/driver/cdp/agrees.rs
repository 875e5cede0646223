//! What a page is told of a device, whether all of it agrees, and whether it sees just that.
//!
//! A check for whoever writes devices: nobody could own one whose user agent and client hints
//! differ, so a test with it says nothing about members. The engine's real major version and
//! Walkon's own name must stand in both; a device without them is refused here like any other.

use chromiumoxide_cdp::cdp::browser_protocol::emulation::UserAgentMetadata;
use serde_json::json;
use walkon_core::device::{Device, Form};

use super::identity;
use super::session::CdpSession;
use crate::driver::chromium::seen::agrees;
use crate::driver::chromium::{agent, functions};
use crate::driver::{Error, SessionSpec};

/// What a page is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The user agent.
    pub user_agent: String,
    /// The client hints, by header.
    pub hints: Vec<(&'static str, String)>,
    /// What does not agree, each a sentence.
    pub contradictions: Vec<String>,
}

/// Compares what the page sees with the account's device, before it has been anywhere.
///
/// # Errors
///
/// [`Error::Differs`] names all that is not as it should be.
pub(super) async fn check(session: &CdpSession, spec: &SessionSpec) -> Result<(), Error> {
    let arguments = [json!(spec.time_zone)];
    let seen = session.world.value(session, None, functions::SEEN, &arguments).await?;
    agrees(&seen, &spec.device, &session.hub.identity.agent.user_agent)
}

/// What a page is told of the device by an engine of that version.
pub(super) fn told(device: &Device, version: &str, contact: Option<&str>) -> Told {
    let user_agent = agent::user_agent(device, agent::PRODUCT, version, contact);
    let metadata = identity::metadata(device, version);
    let contradictions = contradictions(device, version, &user_agent, &metadata);
    let mark = |yes: bool| if yes { "?1" } else { "?0" }.to_owned();
    let brands = metadata.brands.iter().flatten();
    let brands = brands.map(|brand| format!("\"{}\";v=\"{}\"", brand.brand, brand.version));
    let quoted = |text: &str| format!("\"{text}\"");
    let hints = vec![
        ("sec-ch-ua", brands.collect::<Vec<_>>().join(", ")),
        ("sec-ch-ua-platform", quoted(&metadata.platform)),
        ("sec-ch-ua-platform-version", quoted(&metadata.platform_version)),
        ("sec-ch-ua-mobile", mark(metadata.mobile)),
        ("sec-ch-ua-model", quoted(&metadata.model)),
        ("accept-language", device.languages.join(",")),
    ];
    Told { user_agent, hints, contradictions }
}

fn contradictions(
    device: &Device,
    version: &str,
    agent: &str,
    metadata: &UserAgentMetadata,
) -> Vec<String> {
    let major = version.split('.').next().unwrap_or_default();
    let brand = |name: &str| {
        let mut brands = metadata.brands.iter().flatten();
        brands.find(|brand| brand.brand == name).map(|brand| brand.version.as_str())
    };
    let phone = device.form == Form::Phone;
    let emulated = device.form != Form::Desktop;
    let wrong = [
        (
            !agent.contains(&format!("Chrome/{major}.")) || brand("Chromium") != Some(major),
            format!("user agent or hints do not name the engine's real version, {major}"),
        ),
        (
            !agent.contains(" walkon/") || brand("Walkon").is_none(),
            "user agent or hints do not name Walkon".to_owned(),
        ),
        (
            agent.contains(" Mobile ") != phone || metadata.mobile != phone,
            "user agent, hints and form do not agree on whether it is a phone".to_owned(),
        ),
        (
            agent.contains("Android") != emulated || (metadata.platform == "Android") != emulated,
            "user agent, hints and form do not agree on the platform".to_owned(),
        ),
        (
            metadata.model != device.model.as_deref().unwrap_or_default(),
            "the hints name another model".to_owned(),
        ),
        (
            emulated
                && device.android.as_ref().is_some_and(|android| {
                    !agent.contains(&format!("Android {android};"))
                        || metadata.platform_version != *android
                }),
            "user agent and hints name different Androids".to_owned(),
        ),
        (emulated != device.touch, "touch and form do not agree".to_owned()),
    ];
    wrong.into_iter().filter(|(wrong, _)| *wrong).map(|(_, what)| what).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = "156.0.1.2";

    fn shipped() -> Vec<Device> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/devices");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        files
            .map(|path| {
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                Device::parse(&name, &std::fs::read_to_string(path).unwrap()).unwrap()
            })
            .collect()
    }

    #[test]
    fn every_shipped_device_agrees_with_itself_and_names_the_real_engine() {
        let devices = shipped();
        assert!(devices.len() >= 20);
        for device in devices {
            let told = told(&device, VERSION, None);
            assert_eq!(told.contradictions, Vec::<String>::new(), "{}", device.name);
            assert!(told.user_agent.contains("Chrome/156.0.0.0"), "{told:?}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_told() {
        let device = shipped().into_iter().find(|device| device.form == Form::Phone).unwrap();
        let metadata = identity::metadata(&device, VERSION);
        let agent = agent::user_agent(&device, agent::PRODUCT, VERSION, None);
        let of = |agent: &str, metadata: &UserAgentMetadata| {
            contradictions(&device, VERSION, agent, metadata).join("; ")
        };
        assert_eq!(of(&agent, &metadata), "");
        assert!(of(&agent.replace("156.", "120."), &metadata).contains("real version, 156"));
        assert!(of(&agent.replace(" walkon/", " other/"), &metadata).contains("name Walkon"));
        assert!(of(&agent.replace("Mobile ", ""), &metadata).contains("a phone"));
        assert!(of(&agent.replace("Android", "Tizen"), &metadata).contains("platform"));
        let other = UserAgentMetadata { model: "Other".to_owned(), ..metadata };
        assert!(of(&agent, &other).contains("another model"));
    }
}
