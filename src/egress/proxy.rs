//! The account's own proxy.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::origin::split_authority;

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Socks5,
}

/// A proxy with its credentials, which only this side of the jail knows.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub(super) scheme: Scheme,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
}

/// Why something is no proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// The address is not one.
    #[error("`{0}` is not a proxy: write http://host:port or socks5://host:port")]
    Address(String),
    /// Credentials stand in the address.
    #[error("the proxy's address holds credentials: give them as `username` and `password_file`")]
    Credentials,
    /// It was given a password but no user name.
    #[error("the proxy has a password and no user name")]
    NoUsername,
}

impl Proxy {
    /// A proxy at `http://host:port` or `socks5://host:port`.
    pub fn new(
        url: &str,
        username: Option<String>,
        password: Option<String>,
    ) -> Result<Self, ProxyError> {
        let wrong = || ProxyError::Address(url.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        if rest.contains('@') {
            return Err(ProxyError::Credentials);
        }
        let (scheme, port) = match scheme {
            "http" => (Scheme::Http, 8080),
            "socks5" => (Scheme::Socks5, 1080),
            _ => return Err(wrong()),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = split_authority(authority, port).ok_or_else(wrong)?;
        if password.is_some() && username.is_none() {
            return Err(ProxyError::NoUsername);
        }
        Ok(Self { scheme, host, port, username, password })
    }

    /// The value of `Proxy-Authorization`, if it asks for a user name.
    pub(super) fn authorization(&self) -> Option<String> {
        let username = self.username.as_ref()?;
        let password = self.password.as_deref().unwrap_or_default();
        Some(format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Socks5 => "socks5",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_the_address_are_refused_and_never_printed() {
        assert_eq!(Proxy::new("http://a:b@h:1", None, None), Err(ProxyError::Credentials));
        let proxy = Proxy::new("socks5://h", Some("ada".into()), Some("pw".into())).unwrap();
        assert_eq!(format!("{proxy} {proxy:?}"), "socks5://h:1080 Proxy(socks5://h:1080)");
        assert!(Proxy::new("https://h:1", None, None).is_err());
        assert_eq!(Proxy::new("http://h:1", None, Some("p".into())), Err(ProxyError::NoUsername));
    }
}
