//! The signs of a site: how its pages say that an account may not go on.

use walkon_core::outcome::Finding;
use walkon_core::step::Locator;

use super::attempt::Trouble;
use super::looking::found_each;
use super::perform::Performance;
use crate::driver::Arrival;

impl Performance<'_> {
    /// Whether the page says that the account may not go on.
    pub(super) async fn look_for_signs(&mut self, arrival: &Arrival) -> Result<(), Trouble> {
        self.look_for_notices().await?;
        let signs = &self.bundle.site.signs;
        let path = arrival.url.strip_prefix(&self.bundle.site.origin).unwrap_or_default();
        let signed_out = signs.signed_out_path.as_ref().is_some_and(|sign| path.starts_with(sign));
        if signed_out && !self.is_signing_in {
            let why = "the site asks to sign in".to_owned();
            return Err(Trouble::Account { finding: Finding::SignedOut, why });
        }
        match arrival.status {
            Some(401) if self.bundle.login.is_some() => {
                let why = "the site refuses the name and password that it is told".to_owned();
                Err(Trouble::NoWay { code: "site_login_refused", why })
            }
            Some(status) if status >= 400 => {
                let site = self.bundle.site.id.to_string();
                Err(Trouble::Site { site, status, after: None })
            }
            _ => Ok(()),
        }
    }

    /// Whether the page asks for proof, says that the account is blocked, or that it does too much.
    pub(super) async fn look_for_notices(&mut self) -> Result<(), Trouble> {
        let signs = &self.bundle.site.signs;
        let heading = |text: &String| Locator::role("heading", text);
        let text = |text: &String| Locator { text: Some(text.clone()), ..Locator::default() };
        let notices = [
            (signs.challenge_heading.as_ref().map(heading), Finding::Challenged),
            (signs.blocked_heading.as_ref().map(heading), Finding::Blocked),
            (signs.limited_heading.as_ref().map(heading), Finding::Limited),
            (signs.limited_text.as_ref().map(text), Finding::Limited),
        ];
        let named = |(notice, finding): (Option<Locator>, Finding)| Some((notice?, finding));
        let notices: Vec<_> = notices.into_iter().filter_map(named).collect();
        let locators: Vec<_> = notices.iter().map(|(notice, _)| notice).collect();
        // All are looked for at once: the answer is almost always no.
        let found = self.attempt.bound(found_each(self.session, &locators)).await?;
        let there = found.iter().position(|found| !found.is_empty());
        if let Some((notice, finding)) = there.and_then(|at| notices.into_iter().nth(at)) {
            let said = notice.name.or(notice.text).unwrap_or_default();
            let why = format!("the site says: {said}");
            return Err(match finding {
                Finding::Limited => Trouble::Limited { why },
                finding => Trouble::Account { finding, why },
            });
        }
        Ok(())
    }

    /// Whether the page says no to what is being made (an effect's `absent`).
    pub(super) async fn look_for_refusal(&mut self) -> Result<(), Trouble> {
        let Some(unless) = self.unless.clone() else { return Ok(()) };
        if self.matching(&unless, None).await?.is_empty() {
            return Ok(());
        }
        Err(self.page_trouble("refused", format!("the page shows {unless}")))
    }
}
