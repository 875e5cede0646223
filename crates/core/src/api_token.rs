//! API tokens: what a program or a person shows to be let in, and the scopes that say for what.
//!
//! A token is `wko_`, 30 characters of chance and 6 of checksum, so that one that was cut off or
//! mistyped is told from one that nobody knows, and that tools which look for leaked secrets know
//! it. Only its hash is kept: [`hash`].

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::bundle::Secret;

/// What every token begins with.
pub const PREFIX: &str = "wko_";
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHANCE: usize = 30;
const CHECK: usize = 6;
/// How many characters of it are its name, which may be seen.
const NAMED: usize = 8;

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ApiScope {
    /// To see actions, events, receipts and usage.
    ActionsRead,
    /// To ask for actions, take them back and settle them.
    ActionsWrite,
    /// To see recorded sessions.
    SessionsRead,
    /// To see accounts, plans, pools and proxies.
    AccountsRead,
    /// To add, change, move and remove accounts.
    AccountsWrite,
    /// To have files of secrets read from the coordinator's host, on top of `accounts:write`.
    SecretsWrite,
    /// To pause, resume and release fleet, sites and accounts.
    FleetControl,
    /// To see what was done by hand and decided by the fleet.
    AuditRead,
    /// Everything, and to erase accounts.
    Admin,
}

impl ApiScope {
    /// Every scope.
    pub const ALL: [Self; 9] = [
        Self::ActionsRead,
        Self::ActionsWrite,
        Self::SessionsRead,
        Self::AccountsRead,
        Self::AccountsWrite,
        Self::SecretsWrite,
        Self::FleetControl,
        Self::AuditRead,
        Self::Admin,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ActionsRead => "actions:read",
            Self::ActionsWrite => "actions:write",
            Self::SessionsRead => "sessions:read",
            Self::AccountsRead => "accounts:read",
            Self::AccountsWrite => "accounts:write",
            Self::SecretsWrite => "secrets:write",
            Self::FleetControl => "fleet:control",
            Self::AuditRead => "audit:read",
            Self::Admin => "admin",
        }
    }

    /// The scope of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl fmt::Display for ApiScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<ApiScope> for String {
    fn from(scope: ApiScope) -> Self {
        scope.name().to_owned()
    }
}

impl TryFrom<String> for ApiScope {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::named(&name).ok_or_else(|| format!("there is no scope `{name}`"))
    }
}

/// What is kept of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Its first characters, by which it is named.
    pub id: String,
    /// Whose it is, or what for.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<ApiScope>,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends; `None`: it does not.
    pub expires: Option<Timestamp>,
    /// When it was taken back.
    pub revoked: Option<Timestamp>,
    /// When it was last used, to about a minute.
    pub used: Option<Timestamp>,
}

impl ApiToken {
    /// Whether it allows something.
    pub fn allows(&self, scope: ApiScope) -> bool {
        self.scopes.iter().any(|own| *own == scope || *own == ApiScope::Admin)
    }

    /// Why it lets nobody in any more; `None`: it does.
    pub fn ended(&self, now: Timestamp) -> Option<&'static str> {
        match (self.revoked, self.expires) {
            (Some(_), _) => Some("was revoked"),
            (None, Some(end)) if end <= now => Some("has expired"),
            _ => None,
        }
    }
}

/// CRC-32 as zip and Ethernet have it.
fn crc32(text: &str) -> u32 {
    let byte = |crc: u32, byte: u8| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    };
    !text.bytes().fold(!0, byte)
}

fn check(chance: &str) -> String {
    let mut left = crc32(chance);
    let mut digits = [b'0'; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(left % 62) as usize];
        left /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// A token of so much chance; 32 bytes of it are more than 30 characters hold.
pub fn mint(chance: &[u8; 32]) -> Secret {
    // Numbers up to 2^256, digit by digit: no character is likelier than another to speak of.
    let mut number = *chance;
    let mut text = String::with_capacity(CHANCE);
    for _ in 0..CHANCE {
        let mut rest = 0_u32;
        for byte in &mut number {
            let here = rest << 8 | u32::from(*byte);
            *byte = (here / 62) as u8;
            rest = here % 62;
        }
        text.push(char::from(DIGITS[rest as usize]));
    }
    Secret::new(format!("{PREFIX}{text}{}", check(&text)))
}

/// What is wrong with a text that should be a token; it is not told which characters.
pub fn fault(text: &str) -> Option<&'static str> {
    let Some(rest) = text.strip_prefix(PREFIX) else {
        return Some("is no token of Walkon: those begin with `wko_`");
    };
    if text.contains(char::is_whitespace) {
        return Some("has a blank inside: it was pasted in two pieces");
    }
    if rest.len() != CHANCE + CHECK || !rest.is_ascii() {
        return Some("has not the length of one: it was cut off, or something stands round it");
    }
    let (chance, sum) = rest.split_at(CHANCE);
    (check(chance) != sum).then_some("is mistyped: its checksum is not right")
}

/// The name of a token, which may be seen.
pub fn id(token: &str) -> String {
    token.chars().take(PREFIX.len() + NAMED).collect()
}

/// What is kept instead of a token, or of a session's secret: it has so much chance in it that
/// nothing slower is needed.
pub fn hash(token: &str) -> String {
    let digest = Sha256::digest(token);
    digest.iter().fold(String::with_capacity(64), |hex, byte| format!("{hex}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_the_one_that_others_compute() {
        assert_eq!(crc32("123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_token_reads_as_it_was_made_and_any_slip_shows() {
        let token = mint(&[7; 32]);
        let text = token.expose();
        assert_eq!(text.len(), PREFIX.len() + CHANCE + CHECK);
        assert_eq!(fault(text), None);
        assert_ne!(mint(&[8; 32]).expose(), text);
        for at in PREFIX.len()..text.len() {
            let mut slip = text.as_bytes().to_vec();
            slip[at] = if slip[at] == b'a' { b'b' } else { b'a' };
            assert!(fault(std::str::from_utf8(&slip).unwrap()).unwrap().contains("mistyped"));
        }
        assert!(fault(&text[..20]).unwrap().contains("cut off"));
        assert!(fault(&format!("{} {}", &text[..9], &text[9..])).unwrap().contains("two pieces"));
        assert!(fault("ghp_abc").unwrap().contains("no token of Walkon"));
        assert_eq!(id(text).len(), 12);
    }

    #[test]
    fn admin_allows_everything_and_the_others_themselves_alone() {
        let token = |scope| ApiToken {
            id: String::new(),
            name: String::new(),
            scopes: vec![scope],
            created: Timestamp::UNIX_EPOCH,
            expires: None,
            revoked: None,
            used: None,
        };
        for own in ApiScope::ALL {
            assert_eq!(ApiScope::named(own.name()), Some(own));
            for asked in ApiScope::ALL {
                let may = own == asked || own == ApiScope::Admin;
                assert_eq!(token(own).allows(asked), may, "{own} {asked}");
            }
        }
    }
}
