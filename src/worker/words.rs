//! The words in braces of a behavior, filled in for one action of one account.

use std::time::Duration;

use tokio::time::Instant;
use walkon_core::bundle::Secret;
use walkon_core::step::Locator;

use super::attempt::Trouble;
use super::perform::Performance;
use crate::desk::OneTime;

/// The word for a one-time code.
const CODE: &str = "{secret.code}";
/// How many seconds typing a code and sending it may take.
const TYPED_WITHIN: u64 = 6;

impl Performance<'_> {
    /// A text with its words filled in.
    pub(super) fn expand(&self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let action = &self.attempt.claimed.action;
        let account = &self.bundle.account;
        let name = account.labels.get("name").unwrap_or(&account.username);
        let mut out = text.replace("{username}", &account.username).replace("{name}", name);
        if let Some(target) = &action.target {
            out = out.replace("{target.id}", &target.id).replace("{target}", &target.to_string());
        }
        if let Some(password) = &self.bundle.password {
            out = out.replace("{secret.password}", password.expose());
        }
        let with = action.with.iter().map(|(name, value)| (format!("{{with.{name}}}"), value));
        let found = self.extracted.iter().map(|(name, value)| (format!("{{found.{name}}}"), value));
        fill(&out, &with.chain(found).collect::<Vec<_>>())
    }

    /// The same with the account's one-time code, where the text has that: asked for at the last
    /// moment, for as long as the step may take.
    pub(super) async fn filled(&self, text: &str, within_ms: u64) -> Result<String, Trouble> {
        if !text.contains(CODE) {
            return Ok(self.expand(text));
        }
        let code = self.one_time(Instant::now() + Duration::from_millis(within_ms)).await?;
        // Put in between what was filled in: nothing of that becomes a code.
        let parts: Vec<_> = text.split(CODE).map(|part| self.expand(part)).collect();
        Ok(parts.join(code.expose()))
    }

    /// A code that will still count when it has been typed.
    async fn one_time(&self, until: Instant) -> Result<Secret, Trouble> {
        let lease = &self.attempt.claimed.lease;
        loop {
            let asked = self.desk.code(lease, self.since);
            let wait = match self.attempt.bound(async { Ok(asked.await?) }).await? {
                OneTime::Is { digits, good_for } => match good_for {
                    Some(left) if left < TYPED_WITHIN => left,
                    _ => return Ok(digits),
                },
                OneTime::NotYet if Instant::now() < until => 1,
                OneTime::NotYet => {
                    let why = "no one-time code has come in time".to_owned();
                    return Err(self.page_trouble("no_code", why));
                }
                OneTime::Unknown => {
                    let why = "the account has no `totp_file`, and its site no mailbox of codes";
                    return Err(Trouble::Never { code: "no_code", why: why.to_owned() });
                }
            };
            self.sleep(Duration::from_secs(wait)).await?;
        }
    }

    /// A locator with the words of its texts filled in.
    pub(super) fn expand_locator(&self, locator: &Locator) -> Locator {
        let expand = |text: &Option<String>| text.as_ref().map(|text| self.expand(text));
        Locator {
            role: locator.role.clone(),
            name: expand(&locator.name),
            label: expand(&locator.label),
            text: expand(&locator.text),
            test_id: expand(&locator.test_id),
            css: expand(&locator.css),
            or: locator.or.iter().map(|other| self.expand_locator(other)).collect(),
        }
    }

    /// The address of `target`, or of a path of the site.
    pub(super) fn address(&self, page: &str) -> Result<String, Trouble> {
        let site = &self.bundle.site;
        let path = match (page, &self.attempt.claimed.action.target) {
            ("target", Some(target)) => {
                let address = site.objects.get(&target.object).ok_or_else(|| Trouble::Never {
                    code: "no_address",
                    why: format!("{} does not say where a `{}` is", site.id, target.object),
                })?;
                address.path.replace("{id}", &target.id)
            }
            _ => self.expand(page),
        };
        Ok(format!("{}{path}", site.origin.trim_end_matches('/')))
    }
}

/// Puts values in the place of words, from left to right: what somebody wrote into an argument, or
/// a page said, is never expanded again.
fn fill(text: &str, words: &[(String, &String)]) -> String {
    let first = words.iter().filter_map(|(word, value)| Some((text.find(word)?, word, value)));
    let Some((at, word, value)) = first.min_by_key(|(at, ..)| *at) else { return text.to_owned() };
    format!("{}{value}{}", &text[..at], fill(&text[at + word.len()..], words))
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn what_is_filled_in_is_never_expanded_again() {
        let (mine, theirs) = ("say {found.name}".to_owned(), "{with.text}".to_owned());
        let words = [("{with.text}".to_owned(), &mine), ("{found.name}".to_owned(), &theirs)];
        let filled = fill("{found.name}: {with.text}, {with.text}", &words);
        assert_eq!(filled, "{with.text}: say {found.name}, say {found.name}");
    }
}
