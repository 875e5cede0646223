//! Keys of ed25519, as JSON Web Keys know them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The thumbprint of RFC 9421's test key, which everybody has.
pub const TEST_KEY: &str = "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U";

/// What is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a key of ed25519: 32 bytes in base64url, without padding")]
pub struct NotAKey;

fn bytes(text: &str) -> Result<[u8; 32], NotAKey> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| NotAKey)?);
    bytes.as_slice().try_into().map_err(|_| NotAKey)
}

/// A key that anybody may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key that a JWK has as its `x`.
    pub fn read(x: &str) -> Result<Self, NotAKey> {
        bytes(x).map(Self)
    }

    /// A JWK's `x`.
    pub fn x(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Its thumbprint (RFC 7638, RFC 8037 A.3): by it the key is named.
    pub fn thumbprint(&self) -> String {
        let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, self.x());
        URL_SAFE_NO_PAD.encode(Sha256::digest(jwk))
    }

    /// Whether it made a signature over these bytes.
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(bytes, signature).is_ok()
    }
}

/// A key that signs. What it is made of is not shown.
pub struct KeyPair {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyPair({})", self.public.thumbprint())
    }
}

impl KeyPair {
    /// The key that grows from a seed of 32 bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, NotAKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NotAKey)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| NotAKey)?;
        Ok(Self { pair, public: PublicKey(public) })
    }

    /// The same, from its text: a JWK's `d`.
    pub fn read(d: &str) -> Result<Self, NotAKey> {
        Self::from_seed(&Zeroizing::new(bytes(d)?))
    }

    /// What anybody may know of it.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// A signature over bytes.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(bytes).as_ref().to_vec()
    }
}
