//! Showing a page to the person who asked: in their browser where there is a display.

use std::process::{Command, Stdio};

use super::out::say;

/// Whether this process may show something; read once at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Display(pub(super) bool);

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
}
