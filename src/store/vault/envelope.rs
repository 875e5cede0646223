//! One sealed secret: a data key of its own, wrapped by a master key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{Key, KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::Name;
use super::master::Master;

/// How long a nonce is; it is drawn, and long enough for that.
const NONCE: usize = 24;
/// The form, in what is bound to each secret.
const FORM: &str = "walkon/v1";

/// A secret as it lies in a row: three texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The id of the master key.
    pub master: String,
    /// The data key, sealed by the master key: nonce and ciphertext in base 64.
    pub wrapped: String,
    /// The secret, sealed by the data key: nonce and ciphertext in base 64.
    pub body: String,
}

fn about_secret(name: Name<'_>) -> String {
    format!("{FORM}|{}|{}", name.account, name.field)
}

fn about_key(name: Name<'_>, master: &Master) -> String {
    format!("{FORM}|{}|{}|{}", name.account, name.field, master.id)
}

/// Bytes of chance.
pub(super) fn drawn<const N: usize>() -> Zeroizing<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut()).expect("the system has chance to give");
    bytes
}

fn encrypt(key: &[u8; 32], nonce: &[u8; NONCE], about: &str, text: &[u8]) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new(&Key::from(*key));
    let payload = Payload { msg: text, aad: about.as_bytes() };
    cipher.encrypt(&XNonce::from(*nonce), payload).expect("it is shorter than 256 GiB")
}

fn lock(key: &[u8; 32], about: &str, text: &[u8]) -> String {
    let nonce = drawn::<NONCE>();
    let sealed = encrypt(key, &nonce, about, text);
    BASE64.encode([nonce.as_slice(), &sealed].concat())
}

fn unlock(key: &[u8; 32], about: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = BASE64.decode(text).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
    let nonce: [u8; NONCE] = nonce.try_into().ok()?;
    let cipher = XChaCha20Poly1305::new(&Key::from(*key));
    let payload = Payload { msg: sealed, aad: about.as_bytes() };
    cipher.decrypt(&XNonce::from(nonce), payload).ok().map(Zeroizing::new)
}

fn unwrap(master: &Master, name: Name<'_>, sealed: &Sealed) -> Option<Zeroizing<[u8; 32]>> {
    let key = unlock(&master.key, &about_key(name, master), &sealed.wrapped)?;
    key.as_slice().try_into().ok().map(Zeroizing::new)
}

pub(super) fn seal(master: &Master, name: Name<'_>, secret: &[u8]) -> Sealed {
    let key = drawn::<32>();
    Sealed {
        master: master.id.clone(),
        wrapped: lock(&master.key, &about_key(name, master), key.as_slice()),
        body: lock(&key, &about_secret(name), secret),
    }
}

pub(super) fn open(master: &Master, name: Name<'_>, sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
    let key = unwrap(master, name, sealed)?;
    unlock(&key, &about_secret(name), &sealed.body)
}

pub(super) fn rewrap(
    from: &Master,
    to: &Master,
    name: Name<'_>,
    sealed: &Sealed,
) -> Option<Sealed> {
    let key = unwrap(from, name, sealed)?;
    let wrapped = lock(&to.key, &about_key(name, to), key.as_slice());
    Some(Sealed { master: to.id.clone(), wrapped, body: sealed.body.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Name<'_> = Name { account: "ada", field: "token" };

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
        std::array::from_fn(byte)
    }

    fn master(byte: u8) -> Master {
        Master::new(&[byte; 32])
    }

    /// draft-irtf-cfrg-xchacha-03, A.3.1.
    #[test]
    fn the_cipher_is_the_one_of_the_draft() {
        let key = bytes("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
        let nonce = bytes("404142434445464748494a4b4c4d4e4f5051525354555657");
        let about: [u8; 12] = bytes("50515253c0c1c2c3c4c5c6c7");
        let text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip \
                     for the future, sunscreen would be it.";
        let cipher = XChaCha20Poly1305::new(&Key::from(key));
        let payload = Payload { msg: text.as_slice(), aad: &about };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).unwrap();
        assert_eq!(sealed[..8], bytes::<8>("bd6d179d3e83d43b"));
        let tag = &sealed[sealed.len() - 16..];
        assert_eq!(tag, bytes::<16>("c0875924c1c7987947deafd8780acf49"));
    }

    #[test]
    fn a_secret_opens_under_its_own_name_and_key_alone() {
        let sealed = seal(&master(1), ADA, b"s3cret");
        assert_eq!(open(&master(1), ADA, &sealed).unwrap().as_slice(), b"s3cret");
        let ben = Name { account: "ben", ..ADA };
        let password = Name { field: "password", ..ADA };
        assert!(open(&master(1), ben, &sealed).is_none(), "another account's row");
        assert!(open(&master(1), password, &sealed).is_none(), "another field");
        assert!(open(&master(2), ADA, &sealed).is_none(), "another master key");
        // The same text again is other bytes: no key and no nonce is used twice.
        let again = seal(&master(1), ADA, b"s3cret");
        assert_ne!((&again.body, &again.wrapped), (&sealed.body, &sealed.wrapped));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let sealed = seal(&master(1), ADA, b"s3cret");
        let part = |text: &str| BASE64.decode(text).unwrap();
        for at in 0..part(&sealed.body).len() {
            let mut bent = part(&sealed.body);
            bent[at] ^= 1;
            let bent = Sealed { body: BASE64.encode(&bent), ..sealed.clone() };
            assert!(open(&master(1), ADA, &bent).is_none(), "byte {at} of the secret");
            let cut = BASE64.encode(&part(&sealed.body)[..at]);
            let cut = Sealed { body: cut, ..sealed.clone() };
            assert!(open(&master(1), ADA, &cut).is_none(), "cut at {at}");
        }
        for at in 0..part(&sealed.wrapped).len() {
            let mut bent = part(&sealed.wrapped);
            bent[at] ^= 0x80;
            let bent = Sealed { wrapped: BASE64.encode(&bent), ..sealed.clone() };
            assert!(open(&master(1), ADA, &bent).is_none(), "byte {at} of the key");
        }
    }

    #[test]
    fn another_master_key_is_put_in_place_without_touching_the_secret() {
        let (old, new) = (master(1), master(2));
        let sealed = seal(&old, ADA, b"s3cret");
        let moved = rewrap(&old, &new, ADA, &sealed).unwrap();
        assert_eq!((&moved.body, moved.master.as_str()), (&sealed.body, new.id.as_str()));
        assert_eq!(open(&new, ADA, &moved).unwrap().as_slice(), b"s3cret");
        assert!(open(&old, ADA, &moved).is_none());
        assert!(rewrap(&new, &old, ADA, &sealed).is_none(), "it was never under that key");
    }
}
