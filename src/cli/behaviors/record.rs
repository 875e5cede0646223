//! `walkon behavior record`: a browser with a window, in which one does what the behavior is to do.
//!
//! It is a tool for one's own pages: the site must be on this host. It signs in nobody and acts for
//! nobody; the fleet has no part in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use walkon_core::behavior::record::{Deed, Doer, record};
use walkon_core::device::Device;
use walkon_core::gate::{Departure, Gate, Verdict};
use walkon_core::origin::WebOrigin;
use walkon_core::recorder::NoRecorder;
use walkon_core::site::Site;

use super::run::keys;
use super::write::{self, Place};
use crate::catalog::Catalog;
use crate::cli::browse::Window;
use crate::cli::drivers::browser_options;
use crate::cli::out::say;
use crate::cli::report::{Code, Failure};
use crate::config::Config;
use crate::data::DataFolder;
use crate::driver::SessionSpec;
use crate::driver::cdp::{self, CdpDriver, Observed};
use crate::egress::{Origin, Relay, RelaySpec};

/// What to do where a browser cannot be shown.
const ELSEWHERE: &str = "record it with Chrome's own Recorder (DevTools: Recorder, Export, JSON \
                         file), then `walkon behavior import`";

/// `walkon behavior record`
#[derive(Debug, Args)]
pub(in crate::cli) struct Record {
    /// The kind that the behavior is to do: see `walkon kind list`.
    kind: String,
    #[command(flatten)]
    place: Place,
    /// The account's name on the site: typed, it is written down as `{username}`.
    #[arg(long, value_name = "USERNAME")]
    username: Option<String>,
    /// The path to begin at.
    #[arg(long, default_value = "/")]
    path: String,
    /// The device that the browser is.
    #[arg(long, default_value = "desktop-laptop")]
    device: String,
}

/// Lets a browser go to one site of this host, and to what its pages load from.
struct OwnSite {
    own: WebOrigin,
    others: Vec<WebOrigin>,
}

impl Gate for OwnSite {
    fn judge(&self, departure: &Departure<'_>) -> Verdict {
        let origin = WebOrigin::of(departure.url);
        let is_other =
            |origin: &WebOrigin| !departure.is_navigation && self.others.contains(origin);
        if origin.is_some_and(|origin| origin == self.own || is_other(&origin)) {
            return Verdict::Pass;
        }
        let why = format!("only {} is recorded", self.own);
        Verdict::Refuse { code: "origin_left", why }
    }
}

/// `walkon behavior record`
pub(super) async fn run(
    config: &Config,
    args: &Record,
    window: &Window,
    json: bool,
) -> Result<(), Failure> {
    let kind = write::browsed(&args.kind)?;
    let catalog = Catalog::load(&config.fleet.behaviors, &config.fleet.profiles)?;
    let site = site(config, &catalog, args.place.site())?;
    let origin = own(&site)?;
    let device = device(&catalog, &args.device)?;
    let driver = CdpDriver::new(with_window(config, window)?)?;
    let folder = DataFolder::open(Path::new(&config.data.folder))?.browsers().join("recorder");
    let spec = spec(&site, origin, device, folder);
    let deeds = watch(driver.observe(spec).await?, &site, &args.path).await?;
    let doer = Doer { site: &site, username: args.username.as_deref() };
    let made = record(&deeds, kind, doer)
        .map_err(|(what, remedy)| Failure::new(Code::Refused, what, remedy))?;
    write::finish(config, kind, &args.place, &made.text, &made.remarks, json)
}

/// The site of that name, where the settings have it.
fn site(config: &Config, catalog: &Catalog, name: &str) -> Result<Site, Failure> {
    let entry = name.parse().ok().and_then(|id| catalog.sites.get(&id));
    let Some(entry) = entry else {
        let names = catalog.sites.keys().map(walkon_core::id::SiteId::as_str);
        let what = format!("there is no site `{name}`");
        return Err(Failure::new(Code::Refused, what, Catalog::known(name, names)));
    };
    let mut site = entry.site.clone();
    let origin = config.sites.get(name).and_then(|site| site.origin.clone());
    site.origin = origin.unwrap_or(site.origin);
    Ok(site)
}

/// Its origin, if it is on this host.
fn own(site: &Site) -> Result<WebOrigin, Failure> {
    let origin: Option<WebOrigin> = site.origin.parse().ok();
    origin.filter(WebOrigin::is_loopback).ok_or_else(|| {
        let what =
            format!("{} is not on this host: only one's own pages are recorded", site.origin);
        Failure::new(Code::Refused, what, ELSEWHERE)
    })
}

fn device(catalog: &Catalog, name: &str) -> Result<Device, Failure> {
    catalog.devices.get(name).cloned().ok_or_else(|| {
        let names = catalog.devices.keys().map(String::as_str);
        let what = format!("there is no device `{name}`");
        Failure::new(Code::Refused, what, Catalog::known(name, names))
    })
}

/// The browser door's options, with a window where one can be shown.
fn with_window(config: &Config, window: &Window) -> Result<cdp::Options, Failure> {
    if window.0.is_empty() {
        let what = "there is no display for a browser's window";
        return Err(Failure::new(Code::Host, what, ELSEWHERE));
    }
    let options = browser_options(config)?.headed(window.0.clone());
    if options.browser()?.to_string_lossy().contains("headless-shell") {
        let what = "the browser found on this host has no window: it is a headless shell";
        let remedy = format!("install `chromium` and name it by `browser.path`, or {ELSEWHERE}");
        return Err(Failure::new(Code::Host, what, remedy));
    }
    Ok(options)
}

fn spec(site: &Site, own: WebOrigin, device: Device, folder: PathBuf) -> SessionSpec {
    let others = site.subresources.iter().filter_map(|text| WebOrigin::of(text)).collect();
    let origins = std::iter::once(&site.origin).chain(&site.subresources);
    let allow: Vec<Origin> = origins.filter_map(|origin| origin.parse().ok()).collect();
    let recorder = Arc::new(NoRecorder);
    let relay = RelaySpec {
        allow,
        granted: Vec::new(),
        loopback_allowed: true,
        private: None,
        proxy: None,
        recorder: recorder.clone(),
    };
    SessionSpec {
        account: "recorder".parse().expect("a plain word is a name"),
        time_zone: "UTC".to_owned(),
        device,
        contact: None,
        folder,
        state: None,
        roots: None,
        dial: Arc::new(Relay::new(relay)),
        gate: Arc::new(OwnSite { own, others }),
        recorder,
        pack: None,
    }
}

/// Writes down what is done, until Enter is pressed here or the window is closed.
async fn watch(observed: Observed, site: &Site, path: &str) -> Result<Vec<Deed>, Failure> {
    let url = format!("{}{path}", site.origin.trim_end_matches('/'));
    observed.session().navigate(&url).await?;
    say("do it in the browser's window; Enter here, or closing the window, ends the recording");
    let mut deeds = vec![Deed::Open(path.to_owned())];
    let mut keys = keys();
    loop {
        tokio::select! {
            deed = observed.next() => match deed {
                Some(deed) => {
                    say(&format!("  {deed}"));
                    deeds.push(deed);
                }
                None => break,
            },
            _ = keys.recv() => break,
        }
    }
    observed.close().await;
    Ok(deeds)
}
