//! Credentials on their way in: read from the files that an account names, looked over, and sealed
//! into the store. After that the files are not needed any more.

use std::path::Path;

use walkon_core::account::Account;
use walkon_core::bundle::Secret;
use walkon_core::id::AccountId;
use walkon_core::one_time;

use super::{Coordinator, Error};
use crate::store::credentials::{Field, Opened};

/// What is to be sealed, or taken away.
pub(super) type Changes = Vec<(Field, Option<Secret>)>;
/// What is wrong and what to do.
type Fault = (String, String);

/// Up to so many accounts have their credentials opened one by one, more all at once.
pub(super) const ONE_BY_ONE: usize = 32;
/// The most bytes a credential may have: more is another file.
const LONGEST: usize = 16 << 10;

/// Which files an account names for its secrets.
pub(super) fn files(account: &Account) -> [(Field, Option<&Path>); 4] {
    let proxy = account.proxy.as_ref().and_then(|proxy| proxy.password_file.as_deref());
    [
        (Field::Password, account.password_file.as_deref()),
        (Field::Token, account.token_file.as_deref()),
        (Field::ProxyPassword, proxy),
        (Field::Totp, account.totp_file.as_deref()),
    ]
}

/// What an account's files change in what is sealed. A file that is gone changes nothing where its
/// secret is sealed already: whoever has imported it may remove it.
pub(super) fn read_secrets(account: &Account, known: &Opened) -> Result<Changes, Fault> {
    let mut changes = Vec::new();
    for (field, path) in files(account) {
        let known = known.get(&(account.id.to_string(), field.name().to_owned()));
        let Some(path) = path else {
            if known.is_some() {
                changes.push((field, None));
            }
            continue;
        };
        // One that cannot be opened is given anew here: what it was does not matter.
        let known = known.and_then(|opened| opened.as_ref().ok());
        match read(path, field)? {
            Some(secret) if known == Some(&secret) => {}
            Some(secret) => changes.push((field, Some(secret))),
            None if known.is_some() => {}
            None => {
                let what = format!("could not read {}: it is not there", path.display());
                return Err((what, "check the path and its owner".to_owned()));
            }
        }
    }
    Ok(changes)
}

impl Coordinator {
    /// The credentials of these accounts, opened.
    pub(super) async fn opened(&self, ids: &[&AccountId]) -> Result<Opened, Error> {
        if ids.len() > ONE_BY_ONE {
            return Ok(self.store.all_credentials().await?);
        }
        let mut opened = Opened::new();
        for id in ids {
            for field in Field::ALL {
                let secret = match self.store.credential(id, field).await {
                    Ok(Some(secret)) => Ok(secret),
                    Err(error @ crate::store::Error::Broken(_)) => Err(error),
                    other => match other? {
                        Some(secret) => Ok(secret),
                        None => continue,
                    },
                };
                opened.insert((id.to_string(), field.name().to_owned()), secret);
            }
        }
        Ok(opened)
    }

    /// Seals what was read for one account.
    pub(super) async fn keep_secrets(&self, id: &AccountId, changes: Changes) -> Result<(), Error> {
        let own = changes.into_iter().map(|(field, secret)| (id.clone(), field, secret));
        let own: Vec<_> = own.collect();
        Ok(self.store.put_credentials(&own).await?)
    }
}

/// A secret from its file; `None`: the file is not there.
fn read(path: &Path, field: Field) -> Result<Option<Secret>, Fault> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => zeroize::Zeroizing::new(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let what = format!("could not read {}: {error}", path.display());
            return Err((what, "check the path and its owner".to_owned()));
        }
    };
    clean(&bytes, field)
        .map(Some)
        .map_err(|(what, remedy)| (format!("{} {what}", path.display()), remedy.to_owned()))
}

/// A secret as it was meant: without the byte order mark and the line end that editors add, and a
/// token without the blanks round it. What cannot have been meant is refused, not guessed at.
fn clean(bytes: &[u8], field: Field) -> Result<Secret, (&'static str, &'static str)> {
    let again = "write the secret alone into it, in one line";
    if bytes.len() > LONGEST {
        return Err(("is longer than 16 KiB", again));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ("is no text in UTF-8", again))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text =
        if field == Field::Token { text.trim() } else { text.trim_end_matches(['\r', '\n']) };
    if text.is_empty() {
        return Err(("is empty", again));
    }
    if text.contains(['\r', '\n']) {
        return Err(("has more than one line", again));
    }
    if field == Field::Token && text.contains(char::is_whitespace) {
        let remedy = "was it pasted in two pieces? Write the token without blanks";
        return Err(("has a blank inside the token", remedy));
    }
    if text.contains(char::is_control) {
        return Err(("has an invisible character in it", again));
    }
    if field == Field::Totp {
        let remedy = "write what the site showed for an authenticator app: its letters, or the \
                      otpauth address";
        one_time::Seed::read(text).map_err(|wrong| (no_seed(wrong), remedy))?;
    }
    Ok(Secret::new(text.to_owned()))
}

/// Why it is no seed; what it says instead is a secret, too.
fn no_seed(wrong: one_time::NotASeed) -> &'static str {
    match wrong {
        one_time::NotASeed::Base32 => "is no seed of one-time codes: it has other letters",
        one_time::NotASeed::Short => "is too short for a seed of one-time codes",
        one_time::NotASeed::Address => "is no address of one-time codes by the clock",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_secret_is_trimmed_where_it_is_plain_and_refused_where_it_is_not() {
        for (pasted, field, meant) in [
            ("tok", Field::Token, "tok"),
            ("\u{feff} \ttok\r\n\n", Field::Token, "tok"),
            ("a pass phrase \r\n", Field::Password, "a pass phrase "),
            (" leading", Field::ProxyPassword, " leading"),
            ("gezd gnbv gy3t qojq\n", Field::Totp, "gezd gnbv gy3t qojq"),
        ] {
            assert_eq!(clean(pasted.as_bytes(), field).unwrap().expose(), meant);
        }
        for (pasted, field, why) in [
            (&b" \n"[..], Field::Token, "is empty"),
            (b"", Field::Password, "is empty"),
            (b"one two", Field::Token, "has a blank inside"),
            (b"one\ntwo", Field::Token, "more than one line"),
            (b"one\ntwo\n", Field::Password, "more than one line"),
            (b"to\x00k", Field::Token, "invisible character"),
            (b"\xff\xfe", Field::Password, "no text in UTF-8"),
            (b"123456", Field::Totp, "no seed of one-time codes"),
            (b"gezd", Field::Totp, "too short for a seed"),
            (&vec![b'x'; LONGEST + 1], Field::Token, "longer than"),
        ] {
            let (what, _) = clean(pasted, field).unwrap_err();
            assert!(what.contains(why), "{pasted:?}: {what}");
        }
    }
}
