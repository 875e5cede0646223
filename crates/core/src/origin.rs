//! An origin as browsers write it: scheme, host and port, the usual port left out.
//!
//! What a grant says is compared with what was fetched, text by text. So there is one spelling:
//! an address in octal, a trailing dot, a name in capitals is not another way to say the same
//! origin, it is no origin.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// An http or https origin, in its one spelling: `https://shop.example`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebOrigin(String);

/// What is no origin, or not in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an origin{}", .instead.as_ref().map_or_else(
    || ": write scheme, host and port, such as https://staging.example.com".to_owned(),
    |instead| format!(" as browsers write it: write `{instead}`"),
))]
pub struct NotAWebOrigin {
    /// What was written.
    pub text: String,
    /// How a browser would write it, where that is an origin at all.
    pub instead: Option<String>,
}

impl WebOrigin {
    /// The origin of a whole address; `None`: it is neither http nor https.
    pub fn of(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        Self::plain(&url).then(|| Self(url.origin().ascii_serialization()))
    }

    /// Whether an address is one that an origin may be read from.
    fn plain(url: &Url) -> bool {
        let host = match url.host() {
            Some(Host::Domain(name)) => {
                !name.ends_with('.') && !name.contains('*') && !name.is_empty()
            }
            // A version 4 address in version 6 clothes is another origin of the same machine.
            Some(Host::Ipv6(address)) => address.to_ipv4_mapped().is_none(),
            Some(Host::Ipv4(_)) => true,
            None => false,
        };
        let bare = url.username().is_empty() && url.password().is_none();
        host && bare && matches!(url.scheme(), "http" | "https")
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is https.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Host and perhaps port, as a signature names them: the usual port left out.
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// Its host; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        let authority = self.authority();
        match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        let after = self.authority().rsplit(']').next().unwrap_or_default();
        let named = after.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        named.unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// Whether it is this machine by its name: a loopback address or `localhost`.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        let address = host.parse::<IpAddr>();
        address.is_ok_and(|address| address.is_loopback())
            || host == "localhost"
            || host.ends_with(".localhost")
    }
}

impl FromStr for WebOrigin {
    type Err = NotAWebOrigin;

    fn from_str(text: &str) -> Result<Self, NotAWebOrigin> {
        let instead = Self::of(text).map(|origin| origin.0);
        if instead.as_deref() == Some(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotAWebOrigin { text: text.to_owned(), instead })
    }
}

impl TryFrom<String> for WebOrigin {
    type Error = NotAWebOrigin;
    fn try_from(text: String) -> Result<Self, NotAWebOrigin> {
        text.parse()
    }
}

impl From<WebOrigin> for String {
    fn from(origin: WebOrigin) -> Self {
        origin.0
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_spelling() {
        for good in ["https://shop.example", "http://127.0.0.1:8080", "https://[2001:db8::1]:8443"]
        {
            assert_eq!(good.parse::<WebOrigin>().unwrap().as_str(), good);
        }
        for (other, instead) in [
            ("https://Shop.Example", Some("https://shop.example")),
            ("https://shop.example:443", Some("https://shop.example")),
            ("https://shop.example/", Some("https://shop.example")),
            ("http://2130706433", Some("http://127.0.0.1")),
            ("http://0x7f.1", Some("http://127.0.0.1")),
            ("http://0177.0.0.1", Some("http://127.0.0.1")),
            ("http://127.1", Some("http://127.0.0.1")),
            ("http://１２７.0.0.1", Some("http://127.0.0.1")),
            ("https://sho\u{ad}p.example", Some("https://shop.example")),
        ] {
            let error = other.parse::<WebOrigin>().unwrap_err();
            assert_eq!(error.instead.as_deref(), instead, "{other}");
        }
    }

    #[test]
    fn what_is_no_origin_is_not_made_one() {
        for bad in [
            "shop.example",
            "ftp://shop.example",
            "file:///etc/passwd",
            "chrome://version",
            "https://*.shop.example",
            "https://shop.example.",
            "https://ada@shop.example",
            "https://[::ffff:127.0.0.1]",
            "https://[shop.example]",
            "data:text/html,hello",
        ] {
            let error = bad.parse::<WebOrigin>().unwrap_err();
            assert_eq!(error.instead, None, "{bad}");
        }
    }

    #[test]
    fn its_parts_are_read_from_it() {
        let origin: WebOrigin = "https://[2001:db8::1]:8443".parse().unwrap();
        assert_eq!((origin.host(), origin.port()), ("2001:db8::1", 8443));
        let origin: WebOrigin = "https://shop.example".parse().unwrap();
        assert_eq!((origin.host(), origin.port()), ("shop.example", 443));
        assert!(!"https://localhost.example".parse::<WebOrigin>().unwrap().is_loopback());
        assert!("http://127.0.0.11:80".parse::<WebOrigin>().is_err());
        assert!("http://127.0.0.11:81".parse::<WebOrigin>().unwrap().is_loopback());
    }
}
