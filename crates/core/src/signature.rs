//! Web Bot Auth: requests that say who sends them (HTTP Message Signatures, RFC 9421, ed25519).
//!
//! [`sign`] makes the three headers of a request, [`verify`] judges them, [`directory`] is the
//! list of a fleet's keys that both go by. It follows draft-ietf-webbotauth-httpsig-protocol-01,
//! the current form of `Signature-Agent` alone: a dictionary, whose member is the address of the
//! list itself. A signature says who asks; whether they may is the grant's to say.

mod base;
pub mod day;
pub mod directory;
mod field;
pub mod jws;
mod key;
mod sign;
mod verify;

pub use base::Message;
pub use key::{KeyPair, NotAKey, PublicKey, TEST_KEY};
pub use sign::{LIFETIME_SECS, Signed, Signing, sign};
pub use verify::{Doubt, Verified, verify};

/// The tag of a signed request.
const TAG: &str = "web-bot-auth";

#[cfg(test)]
mod tests;
