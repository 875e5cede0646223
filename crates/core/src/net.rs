//! A part of the address space: `10.0.0.0/8`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A part of the address space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Net {
    address: IpAddr,
    bits: u8,
}

/// What is no part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no network: write it as `10.0.0.0/8`, the rest of its bits zero")]
pub struct NotANet(String);

/// An address as a number, at the left of 128 bits, and how many bits it has.
fn number(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

impl Net {
    /// Whether an address lies in it.
    pub fn holds(self, address: IpAddr) -> bool {
        let ((own, width), (other, other_width)) = (number(self.address), number(address));
        let rest = 128 - u32::from(self.bits);
        width == other_width && own.checked_shr(rest) == other.checked_shr(rest)
    }
}

impl FromStr for Net {
    type Err = NotANet;

    fn from_str(text: &str) -> Result<Self, NotANet> {
        let wrong = || NotANet(text.to_owned());
        let (address, bits) = text.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let bits: u8 = bits.parse().map_err(|_| wrong())?;
        let (number, width) = number(address);
        let rest = number.checked_shl(u32::from(bits)).unwrap_or(0);
        if bits > width || rest != 0 { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

impl TryFrom<String> for Net {
    type Error = NotANet;
    fn try_from(text: String) -> Result<Self, NotANet> {
        text.parse()
    }
}

impl From<Net> for String {
    fn from(net: Net) -> Self {
        net.to_string()
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_own_addresses() {
        for (net, address, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("192.168.7.4/32", "192.168.7.4", true),
            ("192.168.7.4/32", "192.168.7.5", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
        ] {
            let parsed: Net = net.parse().unwrap();
            assert_eq!(parsed.holds(address.parse().unwrap()), inside, "{net} {address}");
            assert_eq!(parsed.to_string(), net);
        }
        for bad in ["10.0.0.0", "10.0.0.1/8", "10.0.0.0/33", "ten/8", "fd00::1/8", "10.0.0.0/-1"] {
            assert!(bad.parse::<Net>().is_err(), "{bad}");
        }
    }
}
