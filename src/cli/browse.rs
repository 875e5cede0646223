//! Showing a page to the person who asked: in their browser where there is a display.

use std::process::{Command, Stdio};

use super::out::say;

/// Whether this process may show something; read once at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Display(pub(super) bool);

/// Where a window is shown, by the names of the environment; empty: nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window(pub(super) Vec<(String, String)>);

impl Window {
    /// As the environment says.
    pub(super) fn of(env: impl Iterator<Item = (String, String)>) -> Self {
        let names = ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"];
        let is_set =
            |(name, value): &(String, String)| names.contains(&name.as_str()) && !value.is_empty();
        let mut all: Vec<_> = env.filter(is_set).collect();
        if all.iter().all(|(name, _)| name == "XAUTHORITY") {
            all.clear();
        }
        Self(all)
    }
}

impl Display {
    /// As the environment says: a display server's name is set.
    pub(super) fn of(env: impl Iterator<Item = (String, String)>) -> Self {
        let names = ["DISPLAY", "WAYLAND_DISPLAY"];
        let mut env = env;
        Self(env.any(|(name, value)| names.contains(&name.as_str()) && !value.is_empty()))
    }
}

/// Prints the address, and opens it where that can be done. It is no error where it cannot: the
/// address is there to be followed.
pub(super) fn show(url: &str, display: Display) {
    say(url);
    if !display.0 {
        return;
    }
    let mut open = Command::new("xdg-open");
    open.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // It may stay as long as the browser: nobody waits for it.
    if let Err(error) = open.spawn() {
        tracing::debug!(%error, "xdg-open does not start");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_is_one_that_has_a_name() {
        let of = |name: &str, value: &str| {
            Display::of([(name.to_owned(), value.to_owned())].into_iter()).0
        };
        assert!(of("DISPLAY", ":0") && of("WAYLAND_DISPLAY", "wayland-0"));
        assert!(!of("DISPLAY", "") && !of("TERM", "xterm"));
    }

    #[test]
    fn a_window_needs_more_than_a_key_to_a_display() {
        let of = |names: &[&str]| {
            let pairs = names.iter().map(|name| ((*name).to_owned(), "x".to_owned()));
            Window::of(pairs).0.len()
        };
        assert_eq!(of(&["XAUTHORITY", "HOME"]), 0);
        assert_eq!(of(&["DISPLAY", "XAUTHORITY"]), 2);
    }
}
