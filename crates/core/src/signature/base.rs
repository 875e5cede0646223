//! What is signed: the covered parts of a message, line by line (RFC 9421, 2.5).

use std::fmt::Write as _;

use super::field::{self, Bare, Item, Value};

/// A request as a signature sees it.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// `https`, `http`.
    pub scheme: &'a str,
    /// Host and perhaps port, in lower case, the usual port left out.
    pub authority: &'a str,
    /// Without the query.
    pub path: &'a str,
    /// Without its `?`; `None`: there is none.
    pub query: Option<&'a str>,
    /// Names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
}

impl Message<'_> {
    /// A header's values, joined as they are signed; `None`: it is not there.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let values = self.headers.iter().filter(|(key, _)| *key == name);
        let values: Vec<&str> = values.map(|(_, value)| value.trim()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The value of a covered part; `None`: it is not there, or not one that is known here.
    pub(super) fn part(&self, item: &Item) -> Option<String> {
        let Bare::Text(name) = &item.bare else { return None };
        match (name.as_str(), item.params.as_slice()) {
            ("@method", []) => Some(self.method.to_owned()),
            ("@scheme", []) => Some(self.scheme.to_owned()),
            ("@authority", []) => Some(self.authority.to_owned()),
            ("@path", []) => Some(self.path.to_owned()),
            ("@query", []) => Some(format!("?{}", self.query.unwrap_or_default())),
            ("@target-uri", []) => {
                let query = self.query.map(|query| format!("?{query}")).unwrap_or_default();
                Some(format!("{}://{}{}{query}", self.scheme, self.authority, self.path))
            }
            (name, _) if name.starts_with('@') => None,
            (name, []) => self.header(name),
            (name, [(param, Bare::Text(key))]) if param == "key" => {
                let header = self.header(name)?;
                let members = field::dictionary(&header)?;
                let member = members.iter().find(|member| member.key == *key)?;
                // Parameters of a member would be signed, too; here there may be none.
                let plain = matches!(&member.value, Value::Item(item) if item.params.is_empty());
                plain.then(|| member.raw.to_owned())
            }
            _ => None,
        }
    }
}

/// The lines that are signed: the parts, then the parameters as they were written.
pub(super) fn base<'a>(parts: impl IntoIterator<Item = (&'a str, String)>, params: &str) -> String {
    let mut lines = String::new();
    for (name, value) in parts {
        lines.push_str(name);
        lines.push_str(": ");
        lines.push_str(&value);
        lines.push('\n');
    }
    lines.push_str("\"@signature-params\": ");
    lines.push_str(params);
    lines
}

/// A part's name as it stands in a line: `"signature-agent";key="sig1"`.
pub(super) fn named(item: &Item) -> Option<String> {
    let Bare::Text(name) = &item.bare else { return None };
    let mut text = format!("\"{name}\"");
    for (key, value) in &item.params {
        let written = match value {
            Bare::Flag(true) => write!(text, ";{key}"),
            Bare::Text(value) => write!(text, ";{key}=\"{value}\""),
            _ => return None,
        };
        written.ok()?;
    }
    Some(text)
}
