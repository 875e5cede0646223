//! Credentials on their way in: read from the files that an account names, looked over, and sealed
//! into the store. After that the files are not needed any more.

use std::path::Path;

use walkon_core::account::Account;
use walkon_core::bundle::Secret;
use walkon_core::id::AccountId;

use super::{Coordinator, Error};
use crate::store::credentials::Field;

/// What is to be sealed, or taken away.
pub(super) type Changes = Vec<(Field, Option<Secret>)>;
/// What is wrong and what to do.
type Fault = (String, String);

/// The most bytes a credential may have: more is another file.
const LONGEST: usize = 16 << 10;

fn files(account: &Account) -> [(Field, Option<&Path>); 3] {
    let proxy = account.proxy.as_ref().and_then(|proxy| proxy.password_file.as_deref());
    [
        (Field::Password, account.password_file.as_deref()),
        (Field::Token, account.token_file.as_deref()),
        (Field::ProxyPassword, proxy),
    ]
}

impl Coordinator {
    /// What an account's files change in what is sealed. A file that is gone changes nothing where
    /// its secret is sealed already: whoever has imported it may remove it.
    pub(super) async fn read_secrets(
        &self,
        account: &Account,
    ) -> Result<Result<Changes, Fault>, Error> {
        let mut changes = Vec::new();
        for (field, path) in files(account) {
            let known = match self.store.credential(&account.id, field).await {
                // It is given anew here, so that what it was does not matter.
                Err(crate::store::Error::Broken(_)) => None,
                known => known?,
            };
            let Some(path) = path else {
                if known.is_some() {
                    changes.push((field, None));
                }
                continue;
            };
            match read(path, field) {
                Ok(Some(secret)) if known.as_ref() == Some(&secret) => {}
                Ok(Some(secret)) => changes.push((field, Some(secret))),
                Ok(None) if known.is_some() => {}
                Ok(None) => {
                    let what = format!("could not read {}: it is not there", path.display());
                    return Ok(Err((what, "check the path and its owner".to_owned())));
                }
                Err(fault) => return Ok(Err(fault)),
            }
        }
        Ok(Ok(changes))
    }

    /// Seals what an import has read.
    pub(super) async fn keep_secrets(&self, id: &AccountId, changes: Changes) -> Result<(), Error> {
        for (field, secret) in changes {
            self.store.put_credential(id, field, secret.as_ref()).await?;
        }
        Ok(())
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
    Ok(Secret::new(text.to_owned()))
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
            (&vec![b'x'; LONGEST + 1], Field::Token, "longer than"),
        ] {
            let (what, _) = clean(pasted, field).unwrap_err();
            assert!(what.contains(why), "{pasted:?}: {what}");
        }
    }
}
