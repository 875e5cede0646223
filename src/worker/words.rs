//! The words in braces of a behavior, filled in for one action of one account.

use walkon_core::step::Locator;

use super::attempt::Trouble;
use super::perform::Performance;

impl Performance<'_> {
    /// A text with its words filled in.
    pub(super) fn expand(&self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let action = &self.attempt.claimed.action;
        let mut out = text.replace("{username}", &self.bundle.account.username);
        if let Some(target) = &action.target {
            out = out.replace("{target.id}", &target.id).replace("{target}", &target.to_string());
        }
        if let Some(password) = &self.bundle.password {
            out = out.replace("{secret.password}", password.expose());
        }
        // Last, and each once: what somebody wrote into an argument is never expanded again.
        for (name, value) in &action.with {
            let word = format!("{{with.{name}}}");
            if let Some((before, after)) = out.clone().split_once(&word) {
                out = format!("{before}{value}{after}");
            }
        }
        out
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
