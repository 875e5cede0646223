//! One-time codes by the clock (TOTP, RFC 6238): an account's own second factor.
//!
//! The seed is what a site shows once, as a row of letters or as an `otpauth://` address. It is a
//! secret of the account like its password; only codes leave the coordinator.

use jiff::Timestamp;
use ring::hmac;
use zeroize::Zeroizing;

use crate::bundle::Secret;

/// Digits and seconds of a code where nothing else is said.
const DIGITS: u32 = 6;
const PERIOD: i64 = 30;
/// Seeds shorter than this are guessed too easily; RFC 4226 wants 128 bits, old sites have 80.
const BYTES_MIN: usize = 10;

/// What codes are made from.
pub struct Seed {
    key: hmac::Key,
    digits: u32,
    period: i64,
}

/// A code, and for how long it is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Its digits.
    pub code: Secret,
    /// Seconds until another one counts.
    pub good_for: u64,
}

/// Why a text is no seed; it never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotASeed {
    /// Not Base32.
    #[error("is not written in the letters A to Z and the digits 2 to 7")]
    Base32,
    /// Too short.
    #[error("is shorter than {BYTES_MIN} bytes")]
    Short,
    /// An `otpauth` address that is not of a code by the clock.
    #[error("is an otpauth address, and not of a code by the clock (totp) with known settings")]
    Address,
}

impl Seed {
    /// Reads a seed as sites show it: Base32, with blanks or hyphens or without, or the address
    /// that their picture (QR) holds.
    pub fn read(text: &str) -> Result<Self, NotASeed> {
        let text = text.trim();
        if text.to_ascii_lowercase().starts_with("otpauth:") {
            return Self::address(text);
        }
        Self::new(text, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, DIGITS, PERIOD)
    }

    fn new(
        secret: &str,
        algorithm: hmac::Algorithm,
        digits: u32,
        period: i64,
    ) -> Result<Self, NotASeed> {
        let bytes = Zeroizing::new(base32(secret).ok_or(NotASeed::Base32)?);
        if bytes.len() < BYTES_MIN {
            return Err(NotASeed::Short);
        }
        Ok(Self { key: hmac::Key::new(algorithm, &bytes), digits, period })
    }

    /// `otpauth://totp/Site:ada?secret=…&digits=6&period=30&algorithm=SHA1`
    fn address(text: &str) -> Result<Self, NotASeed> {
        let wrong = NotASeed::Address;
        let url = url::Url::parse(text).map_err(|_| wrong)?;
        let get = |name: &str| {
            let found = url.query_pairs().find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned())
        };
        let algorithm = match get("algorithm").as_deref().unwrap_or("SHA1") {
            "SHA1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            "SHA256" => hmac::HMAC_SHA256,
            "SHA512" => hmac::HMAC_SHA512,
            _ => return Err(wrong),
        };
        let number = |name: &str, usual: i64| {
            get(name).map_or(Ok(usual), |text| text.parse::<i64>().map_err(|_| wrong))
        };
        let (digits, period) = (number("digits", DIGITS.into())?, number("period", PERIOD)?);
        let known = url.host_str() == Some("totp")
            && (6..=8).contains(&digits)
            && (1..=300).contains(&period);
        let secret = Zeroizing::new(get("secret").filter(|_| known).ok_or(wrong)?);
        Self::new(&secret, algorithm, digits as u32, period)
    }

    /// The code of an instant.
    pub fn code(&self, now: Timestamp) -> Code {
        let second = now.as_second();
        let (counter, into) = (second.div_euclid(self.period), second.rem_euclid(self.period));
        let tag = hmac::sign(&self.key, &counter.to_be_bytes());
        let tag = tag.as_ref();
        // RFC 4226, 5.3: the last four bits say where the 31 bits stand.
        let at = usize::from(tag[tag.len() - 1] & 0xf);
        let word = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
        let (code, width) = (word % 10_u32.pow(self.digits), self.digits as usize);
        Code {
            code: Secret::new(format!("{code:0width$}")),
            good_for: (self.period - into).unsigned_abs(),
        }
    }
}

/// The bytes of a text in Base32 (RFC 4648), padded or not.
fn base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    let signs = text.trim_end_matches('=').bytes().filter(|sign| !b" -".contains(sign));
    for sign in signs {
        let value = match sign.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Base32 of RFC 6238's seeds: the digits 1 to 9 and 0 again and again, 20, 32 and 64 bytes.
    fn written(bytes: usize) -> String {
        let digits: Vec<u8> = b"1234567890".iter().copied().cycle().take(bytes).collect();
        let mut out = String::new();
        for chunk in digits.chunks(5) {
            let mut word = [0; 8];
            word[3..3 + chunk.len()].copy_from_slice(chunk);
            let word = u64::from_be_bytes(word);
            let letters = (chunk.len() * 8).div_ceil(5);
            for n in 0..letters {
                let value = (word >> (35 - 5 * n)) & 31;
                out.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[value as usize]));
            }
        }
        out
    }

    fn code(seed: &Seed, second: i64) -> String {
        seed.code(Timestamp::from_second(second).unwrap()).code.expose().to_owned()
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        assert_eq!(written(20), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (algorithm, bytes, codes) in [
            ("SHA1", 20, ["94287082", "07081804", "14050471", "89005924", "69279037", "65353130"]),
            (
                "SHA256",
                32,
                ["46119246", "68084774", "67062674", "91819424", "90698825", "77737706"],
            ),
            (
                "SHA512",
                64,
                ["90693936", "25091201", "99943326", "93441116", "38618901", "47863826"],
            ),
        ] {
            let secret = written(bytes);
            let seed = Seed::read(&format!(
                "otpauth://totp/Shop:ada?secret={secret}&digits=8&algorithm={algorithm}"
            ));
            let seed = seed.unwrap();
            let times =
                [59, 1_111_111_109, 1_111_111_111, 1_234_567_890, 2_000_000_000, 20_000_000_000];
            for (second, expected) in times.into_iter().zip(codes) {
                assert_eq!(code(&seed, second), expected, "{algorithm} at {second}");
            }
        }
    }

    #[test]
    fn a_seed_is_read_as_sites_write_it() {
        let plain = Seed::read("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        for same in
            ["gezd gnbv gy3t qojq gezd gnbv gy3t qojq\n", "GEZD-GNBV-GY3T-QOJQ-GEZDGNBVGY3TQOJQ"]
        {
            assert_eq!(code(&Seed::read(same).unwrap(), 59), code(&plain, 59));
        }
        assert_eq!(code(&plain, 59), "287082");
    }

    #[test]
    fn a_code_is_good_until_its_half_minute_ends() {
        let seed = Seed::read("GEZDGNBVGY3TQOJQ").unwrap();
        let at = |second| seed.code(Timestamp::from_second(second).unwrap());
        assert_eq!((at(60).good_for, at(89).good_for), (30, 1));
        assert_eq!(at(60).code, at(89).code);
        assert_ne!(at(89).code, at(90).code);
    }

    #[test]
    fn what_is_no_seed_is_refused_and_not_repeated() {
        for (text, why) in [
            ("GEZDGNBV1", NotASeed::Base32),
            ("123456", NotASeed::Base32),
            ("GEZDGNBV", NotASeed::Short),
            ("", NotASeed::Short),
            ("otpauth://hotp/x?secret=GEZDGNBVGY3TQOJQ&counter=1", NotASeed::Address),
            ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&digits=12", NotASeed::Address),
            ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&algorithm=MD5", NotASeed::Address),
            ("otpauth://totp/x", NotASeed::Address),
        ] {
            let error = Seed::read(text).err().unwrap_or_else(|| panic!("`{text}` is a seed"));
            assert_eq!(error, why, "{text}");
        }
    }
}
