//! The browser's command line, whole: nothing is left to another's defaults.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use walkon_core::device::{ColorScheme, Device};

use super::folder::Folder;
use super::options::Options;
use crate::driver::SessionSpec;

/// The most the HTTP cache may hold, in bytes.
const CACHE_MAX: u64 = 64 << 20;

/// The least shared memory a browser is content with, in bytes.
const SHARED_MEMORY_MIN: u64 = 256 << 20;

/// Parts that no account needs: they cost memory, or speak to somebody without being asked. A page
/// that was left is not kept for a way back: its elements would still be answered for.
const FEATURES_OFF: &str = "--disable-features=AutofillServerCommunication,BackForwardCache,\
    CertificateTransparencyComponentUpdater,DialMediaRouteProvider,\
    InterestFeedContentSuggestions,MediaRouter,OptimizationHints,SpareRendererForSitePerProcess,\
    Translate,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,WebUIOmniboxPopup";

const FIXED: [&str; 34] = [
    "--remote-debugging-pipe",
    "--headless",
    // Says to every page that it is automated: `navigator.webdriver`.
    "--enable-automation",
    // The only way out. The jail holds without these four; they keep the browser from trying.
    "--proxy-bypass-list=<-loopback>",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-crash-reporter",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--disable-hang-monitor",
    "--disable-prompt-on-repost",
    "--disable-search-engine-choice-screen",
    "--disable-sync",
    "--allow-pre-commit-input",
    "--metrics-recording-only",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--no-service-autorun",
    "--password-store=basic",
    // Three trade isolation between a browser's own parts for memory: 16 MiB a browser, and 9 more
    // by the other two. Linux sandboxes no network service, and without a graphics card the
    // graphics process only puts frames together.
    "--enable-features=NetworkServiceInProcess2",
    "--in-process-gpu",
    // It would fork the graphics process, and nothing else that is used here.
    "--no-unsandboxed-zygote",
    FEATURES_OFF,
];

/// The browser's whole environment: nothing of the worker's reaches it.
pub(in crate::driver) fn environment(
    spec: &SessionSpec,
    folder: &Folder,
    options: &Options,
) -> Vec<(OsString, OsString)> {
    let home = folder.home.as_os_str();
    let language = spec.device.languages.first().map_or("en-US", String::as_str);
    let pairs: [(&str, &OsStr); 9] = [
        ("PATH", OsStr::new("/usr/bin:/bin")),
        ("LANG", OsStr::new("C.UTF-8")),
        ("LANGUAGE", OsStr::new(language)),
        // Reaches the workers' clocks too, which no command of the protocol does.
        ("TZ", OsStr::new(&spec.time_zone)),
        ("HOME", home),
        ("XDG_CONFIG_HOME", home),
        ("XDG_CACHE_HOME", home),
        ("XDG_RUNTIME_DIR", folder.scratch.as_os_str()),
        ("TMPDIR", folder.scratch.as_os_str()),
    ];
    let own = pairs.map(|(name, value)| (name.into(), value.into()));
    let window = options.window.iter().map(|(name, value)| (name.into(), value.into()));
    own.into_iter().chain(window).collect()
}

/// Whether `/dev/shm` is as small as containers have it by default (64 MiB): pages crash then, so
/// shared memory goes into the session's scratch instead.
fn has_small_shared_memory() -> bool {
    let about = nix::sys::statvfs::statvfs("/dev/shm");
    about.map_or(true, |about| about.blocks() * about.fragment_size() < SHARED_MEMORY_MIN)
}

/// The switches for a device; the relay answers at `port`.
pub(in crate::driver) fn switches(
    device: &Device,
    user_agent: &str,
    folder: &Folder,
    options: &Options,
    port: &str,
    is_shared: bool,
) -> Vec<OsString> {
    let language = device.languages.first().map_or("en-US", String::as_str);
    let touch = if device.touch { "enabled" } else { "disabled" };
    let mut flags: Vec<OsString> = FIXED.iter().map(OsString::from).collect();
    let texts = [
        format!("--proxy-server=http://127.0.0.1:{port}"),
        format!("--user-agent={user_agent}"),
        format!("--lang={language}"),
        format!("--accept-lang={}", device.languages.join(",")),
        format!("--window-size={},{}", device.width, device.height),
        format!("--touch-events={touch}"),
        format!("--disk-cache-size={CACHE_MAX}"),
    ];
    flags.extend(texts.map(OsString::from));
    if device.color_scheme == ColorScheme::Dark {
        flags.push("--blink-settings=preferredColorScheme=0".into());
    }
    if has_small_shared_memory() {
        flags.push("--disable-dev-shm-usage".into());
    }
    if options.allow_no_sandbox {
        flags.push("--no-sandbox".into());
    }
    let folder_of = |flag: &str, path: &Path| {
        let mut text = OsString::from(flag);
        text.push(path);
        text
    };
    flags.push(folder_of("--user-data-dir=", &folder.profile));
    if !is_shared {
        // A shared browser would put the caches of all its contexts there, and all but one of them
        // wait for it for ever. Without it each has its own, in memory.
        flags.push(folder_of("--disk-cache-dir=", &folder.cache));
    }
    flags.retain(|flag| {
        let text = flag.to_string_lossy();
        !options.without_flags.iter().any(|prefix| text.starts_with(prefix.as_str()))
    });
    flags.extend(options.with_flags.iter().map(OsString::from));
    flags
}
