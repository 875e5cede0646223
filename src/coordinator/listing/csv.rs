//! Accounts as CSV (RFC 4180): the first line names the columns, `,` or `;` stands between them.
//!
//! The columns are an account's own fields, with `proxy` for the proxy's address, `proxy_username`
//! and `proxy_password_file` beside it (or `proxy_name` alone), and `label.<name>` for each label.
//! An empty cell is as good as none.

use serde_json::{Map, Value, json};
use walkon_core::kind::nearest;

use super::{FIELDS, Listing, of_value};

/// Beside [`FIELDS`], of which `labels` is written otherwise.
const MORE: [&str; 3] = ["proxy_name", "proxy_username", "proxy_password_file"];
const LABEL: &str = "label.";

/// One line: where it begins, its cells with where each begins, and what is wrong with it.
struct Line {
    at: usize,
    cells: Vec<(usize, String)>,
    wrong: Option<&'static str>,
}

/// What ends the reading of the whole text: a quote that is never closed, and where it stands.
struct Open(usize);

struct Reader<'a> {
    text: &'a str,
    at: usize,
    separator: u8,
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// A cell in quotes, from its first quote on.
    fn quoted(&mut self) -> Result<String, Open> {
        let from = self.at;
        let mut cell = String::new();
        loop {
            let rest = &self.text[self.at + 1..];
            let Some(end) = rest.find('"') else { return Err(Open(from)) };
            cell.push_str(&rest[..end]);
            self.at += end + 2;
            if self.byte() != Some(b'"') {
                return Ok(cell);
            }
            // Two of them mean one.
            cell.push('"');
        }
    }

    fn plain(&mut self) -> String {
        let ends = [char::from(self.separator), '\n', '\r'];
        let rest = &self.text[self.at..];
        let cell = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += cell.len();
        cell.trim().to_owned()
    }

    fn skip_line(&mut self) {
        self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at);
    }

    /// The next line that is not empty.
    fn line(&mut self) -> Result<Option<Line>, Open> {
        while matches!(self.byte(), Some(b'\n' | b'\r')) {
            self.at += 1;
        }
        if self.byte().is_none() {
            return Ok(None);
        }
        let mut line = Line { at: self.at, cells: Vec::new(), wrong: None };
        loop {
            let at = self.at;
            let cell = if self.byte() == Some(b'"') { self.quoted()? } else { self.plain() };
            line.cells.push((at, cell));
            match self.byte() {
                Some(byte) if byte == self.separator => self.at += 1,
                None | Some(b'\n' | b'\r') => return Ok(Some(line)),
                Some(_) => {
                    line.wrong = Some("something stands behind a closing quote");
                    self.skip_line();
                    return Ok(Some(line));
                }
            }
        }
    }
}

fn unknown_column(name: &str) -> Option<String> {
    let label = name.strip_prefix(LABEL).is_some_and(|label| !label.is_empty());
    let mut known = FIELDS.into_iter().filter(|field| *field != "labels").chain(MORE);
    if label || known.clone().any(|field| field == name) {
        return None;
    }
    let near = nearest(name, known.clone());
    let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    let all = known.by_ref().collect::<Vec<_>>().join(", ");
    Some(format!("{hint}Known: {all}, {LABEL}<name>"))
}

/// A line's cells as an account is written in JSON.
fn value(heads: &[(usize, String)], cells: Vec<(usize, String)>) -> Value {
    let (mut all, mut proxy, mut labels) = (Map::new(), Map::new(), Map::new());
    for ((_, head), (_, cell)) in heads.iter().zip(cells) {
        if cell.is_empty() {
            continue;
        }
        if let Some(label) = head.strip_prefix(LABEL) {
            labels.insert(label.to_owned(), json!(cell));
        } else if head == "proxy" {
            proxy.insert("url".to_owned(), json!(cell));
        } else if let Some(name) = head.strip_prefix("proxy_") {
            proxy.insert(name.to_owned(), json!(cell));
        } else {
            all.insert(head.clone(), json!(cell));
        }
    }
    for (name, map) in [("proxy", proxy), ("labels", labels)] {
        if !map.is_empty() {
            all.insert(name.to_owned(), Value::Object(map));
        }
    }
    Value::Object(all)
}

pub(super) fn read(listing: &mut Listing<'_>) {
    let text = listing.text;
    let first = text.lines().next().unwrap_or_default();
    let separator = if first.contains(';') && !first.contains(',') { b';' } else { b',' };
    let mut reader = Reader { text, at: 0, separator };
    let remedy = "close it, and write `\"\"` for a quote inside";
    let heads = match reader.line() {
        Ok(Some(line)) => line.cells,
        Ok(None) => return,
        Err(Open(at)) => return listing.broken(at, "a quote is never closed", remedy),
    };
    for (at, name) in &heads {
        if let Some(known) = unknown_column(name) {
            return listing.broken(*at, &format!("there is no column `{name}`"), &known);
        }
    }
    loop {
        let line = match reader.line() {
            Ok(Some(line)) => line,
            Ok(None) => return,
            Err(Open(at)) => return listing.broken(at, "a quote is never closed", remedy),
        };
        let id = heads.iter().position(|(_, name)| name == "id");
        let id = id.and_then(|at| Some(line.cells.get(at)?.1.clone()));
        if line.wrong.is_some() || line.cells.len() != heads.len() {
            let (some, all) = (line.cells.len(), heads.len());
            let count = || format!("this line has {some} fields, the first one names {all}");
            let what = line.wrong.map_or_else(count, str::to_owned);
            let remedy = "a cell with a separator or a line end inside stands in quotes".to_owned();
            listing.spoil(line.at, id.and_then(|id| id.parse().ok()), (what, remedy));
            continue;
        }
        let at = line.at;
        let account = of_value(value(&heads, line.cells));
        listing.add(at, id.as_deref(), account.map_err(|why| (at, why)));
    }
}
