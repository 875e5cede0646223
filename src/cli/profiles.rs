//! `walkon profile …`: devices and personas, and whether each could be.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;
use walkon_core::device::{Device, Form};
use walkon_core::motion::portrait::summary;
use walkon_core::persona::Persona;

use super::drivers::browser_options;
use super::lists::print;
use super::out::{say, table};
use super::report::{Code, Failure};
use crate::catalog::Catalog;
use crate::config::Config;
use crate::driver::cdp::CdpDriver;

/// `walkon profile …`
#[derive(Debug, Subcommand)]
pub(super) enum Profiles {
    /// All devices and personas.
    List,
    /// Says of each device and persona what contradicts itself.
    Check {
        /// Devices by name [default: all, and all personas].
        devices: Vec<String>,
        /// Says also which languages are strange in that time zone.
        #[arg(long)]
        time_zone: Option<String>,
    },
    /// What a page is told of a device, with the real version of the browser on this host.
    Show {
        /// The device.
        device: String,
    },
}

/// `walkon profile …`
pub(super) async fn profile(config: &Config, what: Profiles, json: bool) -> Result<(), Failure> {
    match what {
        Profiles::List => list(config, json),
        Profiles::Check { devices, time_zone } => {
            check(config, &devices, time_zone.as_deref(), json)
        }
        Profiles::Show { device } => show(config, &device, json).await,
    }
}

/// The names of the `.toml` files in a folder, in order.
pub(super) fn stems(folder: &Path) -> Result<Vec<String>, Failure> {
    let what = format!("could not read {}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(|error| Failure::system(&what, &error))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let toml = paths.filter(|path| path.extension().is_some_and(|sort| sort == "toml"));
    let mut stems: Vec<String> =
        toml.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    stems.sort();
    Ok(stems)
}

fn folder(config: &Config, sort: &str) -> PathBuf {
    config.fleet.profiles.join(sort)
}

fn read(folder: &Path, name: &str) -> Result<String, Failure> {
    std::fs::read_to_string(folder.join(format!("{name}.toml"))).map_err(|error| {
        let names = stems(folder).unwrap_or_default();
        let known = Catalog::known(name, names.iter().map(String::as_str));
        Failure::new(Code::Refused, format!("there is no `{name}` ({error})"), known)
    })
}

/// A device, or what is wrong with it and what to do.
fn device(config: &Config, name: &str) -> Result<Result<Device, (String, String)>, Failure> {
    let text = read(&folder(config, "devices"), name)?;
    Ok(Device::parse(name, &text).map_err(|bad| (bad.to_string(), bad.remedy().to_owned())))
}

fn persona(config: &Config, name: &str) -> Result<Result<Persona, (String, String)>, Failure> {
    let text = read(&folder(config, "personas"), name)?;
    let file = format!("personas/{name}.toml");
    Ok(Persona::parse(&text, &file).map_err(|fault| {
        (format!("{}:{}:{}: {}", fault.file, fault.line, fault.column, fault.what), fault.remedy)
    }))
}

fn form(device: &Device) -> &'static str {
    match device.form {
        Form::Desktop => "desktop",
        Form::Phone => "phone, emulated",
        Form::Tablet => "tablet, emulated",
    }
}

fn list(config: &Config, json: bool) -> Result<(), Failure> {
    let (mut devices, mut personas) = (Vec::new(), Vec::new());
    for name in stems(&folder(config, "devices"))? {
        devices.extend(device(config, &name)?.ok());
    }
    for name in stems(&folder(config, "personas"))? {
        personas.extend(persona(config, &name)?.ok());
    }
    if json {
        print(&json!({ "devices": devices, "personas": personas }));
        return Ok(());
    }
    let heads = ["device", "form", "model", "android", "screen", "scale", "languages"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(devices.iter().map(|device| {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        vec![
            device.name.clone(),
            form(device).to_owned(),
            text(&device.model),
            text(&device.android),
            format!("{} x {}", device.width, device.height),
            device.scale.to_string(),
            device.languages.join(" "),
        ]
    }));
    table(&rows);
    say("");
    let mut rows = vec![["persona", "what it is like"].map(str::to_owned).to_vec()];
    rows.extend(personas.iter().map(|persona| vec![persona.name.clone(), summary(persona)]));
    table(&rows);
    Ok(())
}

fn check(config: &Config, names: &[String], zone: Option<&str>, json: bool) -> Result<(), Failure> {
    let (mut good, mut faults, mut notes) = (0, Vec::new(), Vec::new());
    let all = stems(&folder(config, "devices"))?;
    for name in if names.is_empty() { &all } else { names } {
        match device(config, name)? {
            Ok(device) => {
                good += 1;
                let strange = zone.and_then(|zone| device.strange_in(zone));
                notes.extend(strange.map(|zones| {
                    let (tag, zone) = (&device.languages[0], zone.unwrap_or_default());
                    format!(
                        "device `{name}`: `{tag}` is at home in {}, not {zone}",
                        zones.join(", ")
                    )
                }));
            }
            Err(fault) => faults.push(fault),
        }
    }
    if names.is_empty() {
        for name in stems(&folder(config, "personas"))? {
            match persona(config, &name)? {
                Ok(_) => good += 1,
                Err(fault) => faults.push(fault),
            }
        }
    }
    if json {
        let list = faults.iter().map(|(what, remedy)| json!({ "what": what, "remedy": remedy }));
        print(&json!({ "good": good, "faults": list.collect::<Vec<_>>(), "notes": notes }));
    } else {
        for (what, remedy) in &faults {
            say(&format!("{what}\n  {remedy}"));
        }
        for note in &notes {
            say(note);
        }
        if faults.is_empty() {
            say(&format!("{good} profiles are good"));
        }
    }
    match faults.len() {
        0 => Ok(()),
        count => {
            let what = format!("{count} of {} profiles are wrong", good + count);
            Err(Failure::new(Code::Refused, what, "mend them where they stand"))
        }
    }
}

async fn show(config: &Config, name: &str, json: bool) -> Result<(), Failure> {
    let device = device(config, name)?
        .map_err(|(what, remedy)| Failure::new(Code::Refused, what, remedy))?;
    let driver = CdpDriver::new(browser_options(config)?)?;
    let contact = Some(config.fleet.contact.as_str()).filter(|contact| !contact.is_empty());
    let told = driver.told(&device, contact).await?;
    if json {
        let hints: serde_json::Map<_, _> =
            told.hints.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        print(&json!({
            "device": device, "user_agent": told.user_agent, "hints": hints,
            "contradictions": told.contradictions,
        }));
    } else {
        let touch = if device.touch { "touched" } else { "pointed at" };
        let screen = format!("{} x {} at {}, {touch}", device.width, device.height, device.scale);
        let mut rows = vec![
            vec!["form".to_owned(), form(&device).to_owned()],
            vec!["screen".to_owned(), screen],
            vec!["user-agent".to_owned(), told.user_agent.clone()],
        ];
        rows.extend(told.hints.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]));
        table(&rows);
    }
    if told.contradictions.is_empty() {
        return Ok(());
    }
    let what = told.contradictions.join("; ");
    Err(Failure::new(Code::Refused, what, "this is a fault of Walkon's: report it"))
}
