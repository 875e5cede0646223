//! Reading a TOML file that a person wrote: what is wrong with its form, where, and what to do.

use serde::de::DeserializeOwned;

use crate::action::listed;
use crate::fault::Fault;
use crate::kind::nearest;

/// Reads a text as `T`; `file` and `guide` (the page that describes the form) go into the fault.
///
/// # Errors
///
/// The first place where it is not TOML of that form; a name that is not known is told with the
/// nearest one that is.
pub fn read<T: DeserializeOwned>(text: &str, file: &str, guide: &str) -> Result<T, Fault> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let (what, remedy) = explain(error.message().trim(), guide);
        Fault::at(file, text, at, what, remedy)
    })
}

/// Says of a reader's message what is wrong and what to do about it.
fn explain(message: &str, guide: &str) -> (String, String) {
    let quoted: Vec<_> = message.split('`').skip(1).step_by(2).collect();
    let Some((wrong, known)) = quoted.split_first() else {
        return (message.to_owned(), format!("see {guide}"));
    };
    if message.starts_with("missing field") {
        return (message.to_owned(), format!("write it; see {guide}#{wrong}"));
    }
    if !message.starts_with("unknown field") {
        return (message.to_owned(), format!("see {guide}"));
    }
    let near = nearest(wrong, known.iter().copied());
    let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    let remedy = format!("{hint}Known: {}", listed(known.iter().copied()));
    (format!("there is no `{wrong}` here"), remedy)
}
