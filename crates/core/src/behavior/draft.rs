//! The first draft of a behavior, for a person to finish: every part that its kind needs.

use crate::kind::{EffectClass, Kind};

/// A file that passes the check, with a remark wherever the site must be looked at.
///
/// The locators in it are guesses from the kind's name; nothing else is.
pub fn draft(kind: &Kind) -> String {
    let name = kind.name;
    let words = name.replace('_', " ");
    let label = capitalized(&words);
    let head = format!("format = 1\nkind = \"{name}\"\nabout = \"{label} as a member would.\"\n");
    let tail = match kind.effect {
        EffectClass::None if kind.target.is_some() => {
            "\n[[step]]\nopen = \"target\"\n\n[[step]]\nread = { role = \"main\" }\n".to_owned()
        }
        EffectClass::None => {
            "\n[[step]]\nopen = \"/\"\n\n[[step]]\nread = { role = \"main\" }\n".to_owned()
        }
        EffectClass::Idempotent => idempotent(&label),
        EffectClass::Once if name == "sign_up" => SIGN_UP.to_owned(),
        EffectClass::Once => once(kind, &label),
    };
    head + &tail
}

/// `Save` for `save`, `Send dm` for `send dm`.
fn capitalized(words: &str) -> String {
    let mut signs = words.chars();
    let first = signs.next().map(|sign| sign.to_uppercase().to_string()).unwrap_or_default();
    first + signs.as_str()
}

/// What undoes a state is named as people do: `Like` and `Unlike`.
fn idempotent(label: &str) -> String {
    let after = match label.strip_prefix("Un") {
        Some(rest) => capitalized(rest),
        None => format!("Un{}", label.to_lowercase()),
    };
    format!(
        r#"
# What the page shows once it is done, and before. Look at both on your site.
[effect]
present = {{ role = "button", name = "{after}" }}
absent = {{ role = "button", name = "{label}" }}

[[step]]
read = {{ role = "main" }}

# The one step that makes the effect.
[[step]]
click = {{ role = "button", name = "{label}" }}
commit = true
"#
    )
}

const SIGN_UP: &str = r#"
# Whether there is an account is asked by signing in as it, with the site's `sign_in`; this is what
# the sign-in page says to whoever has none.
[effect]
sign_in = true
absent = { role = "alert" }

[[step]]
open = "/signup"

[[step]]
type = "{name}"
into = { role = "textbox", name = "Name" }

[[step]]
type = "{username}"
into = { role = "textbox", name = "Username" }

[[step]]
type = "{secret.password}"
into = { role = "textbox", name = "Password" }

# The one step that makes the account.
[[step]]
click = { role = "button", name = "Sign up" }
commit = true
"#;

fn once(kind: &Kind, label: &str) -> String {
    let argument = kind.with.first().copied();
    let ours = match argument {
        Some(argument) => format!("\"{{username}}\", \"{{with.{argument}}}\""),
        None => "\"{username}\"".to_owned(),
    };
    // Where it has no target there is no page that would be its own.
    let page = if kind.target.is_none() { "page = \"/\"\n" } else { "" };
    let typing = argument.map_or(String::new(), |argument| {
        format!(
            "\n[[step]]\ntype = \"{{with.{argument}}}\"\ninto = {{ role = \"textbox\", name = \
             \"{label}\" }}\n"
        )
    });
    format!(
        r#"
# The list in which it appears, and the texts that ours holds. An item with a <time datetime> in it
# tells its age, by which an old one of the same words is told from ours.
[effect]
{page}items = {{ css = "main li" }}
containing = [{ours}]
{typing}
# The one step that makes the effect.
[[step]]
click = {{ role = "button", name = "{label}" }}
commit = true
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behavior::Behavior;
    use crate::kind::KINDS;

    #[test]
    fn the_draft_of_every_kind_that_a_browser_does_passes_the_check() {
        for kind in KINDS.iter().filter(|kind| kind.browser) {
            let text = draft(kind);
            let read = Behavior::parse(&text, "draft.toml");
            assert_eq!(read.as_ref().map(|read| read.kind.as_str()), Ok(kind.name), "{text}");
        }
    }

    #[test]
    fn what_undoes_a_state_is_named_as_people_do() {
        let find = |name| draft(crate::kind::find(name).expect("a known kind"));
        assert!(find("like").contains("present = { role = \"button\", name = \"Unlike\" }"));
        assert!(find("unlike").contains("present = { role = \"button\", name = \"Like\" }"));
    }
}
