//! From an origin to an address that may be connected to.
//!
//! A name that leads to a private address is refused whole: the name says the public network, the
//! address says this one. Whoever asks connects to the very address that was checked.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use walkon_core::site::Private;

use super::origin::Origin;

/// How long a name may take to resolve.
const RESOLVE_MAX: Duration = Duration::from_secs(5);

/// Why an origin has no address to connect to.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unresolved {
    /// It is, or leads to, a private address.
    #[error("{0} leads to the private address {1}")]
    Private(String, IpAddr),
    /// Its name is not known.
    #[error("the name {0} could not be resolved")]
    Unknown(String, #[source] Option<io::Error>),
}

/// The checked addresses of an origin.
pub(super) async fn resolve(
    origin: &Origin,
    private: Option<&Private>,
) -> Result<Vec<SocketAddr>, Unresolved> {
    if origin.is_loopback() {
        let address = origin.host.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        return Ok(vec![SocketAddr::new(address, origin.port)]);
    }
    if let Some(address) = private.and_then(|private| private.at) {
        return check(&origin.host, private, vec![SocketAddr::new(address, origin.port)]);
    }
    let name = || origin.host.clone();
    let looked = tokio::net::lookup_host((origin.host.as_str(), origin.port));
    let found = match tokio::time::timeout(RESOLVE_MAX, looked).await {
        Ok(Ok(found)) => found.collect(),
        Ok(Err(error)) => return Err(Unresolved::Unknown(name(), Some(error))),
        Err(_) => return Err(Unresolved::Unknown(name(), None)),
    };
    check(&origin.host, private, found)
}

/// Lets a name's addresses pass only if every one of them is public, or was vouched for.
fn check(
    name: &str,
    private: Option<&Private>,
    found: Vec<SocketAddr>,
) -> Result<Vec<SocketAddr>, Unresolved> {
    let good = |address: IpAddr| {
        is_public(address) || private.is_some_and(|private| private.holds(address))
    };
    match found.iter().find(|address| !good(address.ip())) {
        Some(address) => Err(Unresolved::Private(name.to_owned(), address.ip())),
        None if found.is_empty() => Err(Unresolved::Unknown(name.to_owned(), None)),
        None => Ok(found),
    }
}

/// Whether an address belongs to the public network.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (b == 18 || b == 19))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99);
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let [first, second, ..] = address.segments();
    // Translation prefixes carry an IPv4 address that is not looked at here: none of them passes.
    let global = (first & 0xe000) == 0x2000;
    let special = (first == 0x2001 && (second < 0x200 || second == 0xdb8)) || first == 0x2002;
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_special_addresses_are_not_public() {
        for (text, public) in [
            ("93.184.216.34", true),
            ("100.63.255.255", true),
            ("100.64.0.1", false),
            ("10.1.2.3", false),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("172.31.0.1", false),
            ("192.168.1.1", false),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
            ("2606:2800:220:1::1", true),
            ("::1", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("::ffff:10.0.0.1", false),
            ("192.88.99.1", false),
            ("198.51.100.1", false),
            ("100::1", false),
            ("64:ff9b:1::1", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("64:ff9b::a00:1", false),
            ("2002:a00:1::", false),
        ] {
            assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
        }
    }

    #[test]
    fn one_private_address_behind_a_public_name_refuses_them_all() {
        let both = ["93.184.216.34:80", "10.0.0.1:80"].map(|text| text.parse().unwrap());
        assert!(matches!(check("x.test", None, both.to_vec()), Err(Unresolved::Private(..))));
        assert_eq!(check("x.test", None, both[..1].to_vec()).unwrap(), both[..1]);
    }

    #[test]
    fn a_private_address_passes_only_where_somebody_vouched_for_it() {
        let private = |nets: &[&str]| Private {
            nets: nets.iter().map(|net| net.parse().unwrap()).collect(),
            by: "ada".to_owned(),
            ..Private::default()
        };
        let found = || vec!["10.1.2.3:80".parse().unwrap()];
        assert!(check("x.test", Some(&private(&["10.0.0.0/8"])), found()).is_ok());
        for other in [private(&["10.2.0.0/16"]), private(&[])] {
            let refused = check("x.test", Some(&other), found());
            assert!(matches!(refused, Err(Unresolved::Private(..))), "{other:?}");
        }
    }
}
