//! An origin: scheme, host and port, compared as a whole.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An http or https origin.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Whether it is https.
    pub is_https: bool,
    /// Its host, in lower case; IPv6 addresses without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// What is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an origin: write scheme, host and port, such as https://staging.example.com")]
pub struct NotAnOrigin(pub String);

/// Host and port of `host`, `host:port` or `[address]:port`.
pub(super) fn split_authority(authority: &str, default_port: u16) -> Option<(String, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = port.map_or(Some(default_port), |port| port.parse().ok())?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '@' | '?' | '#');
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    (!host.is_empty() && !host.contains(odd)).then_some((host, port))
}

impl Origin {
    /// Whether it is this machine by its name: a loopback address or `localhost`.
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        address.is_ok_and(|address| address.is_loopback())
            || self.host == "localhost"
            || self.host.ends_with(".localhost")
    }

    /// `host:port`, as a `Host` header or a `CONNECT` has it.
    pub(super) fn authority(&self) -> String {
        let brackets = self.host.contains(':');
        let (open, close) = if brackets { ("[", "]") } else { ("", "") };
        format!("{open}{}{close}:{}", self.host, self.port)
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let wrong = || NotAnOrigin(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let is_https = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(wrong()),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let port = if is_https { 443 } else { 80 };
        let (host, port) = split_authority(authority, port).ok_or_else(wrong)?;
        Ok(Self { is_https, host, port })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.is_https { "https" } else { "http" }, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_with_the_usual_ports_filled_in() {
        let origin: Origin = "https://Example.COM./".parse().unwrap();
        assert_eq!((origin.host.as_str(), origin.port), ("example.com", 443));
        assert_eq!("http://[::1]:8080".parse::<Origin>().unwrap().authority(), "[::1]:8080");
        for bad in ["example.com", "ftp://x", "http://", "http://a@b", "http://a/b", "http://a:x"] {
            assert!(bad.parse::<Origin>().is_err(), "{bad} was taken for an origin");
        }
    }

    #[test]
    fn only_this_machine_by_name_is_loopback() {
        for (text, is) in [
            ("http://127.0.0.11:80", true),
            ("http://localhost", true),
            ("http://[::1]", true),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().is_loopback(), is, "{text}");
        }
    }
}
