//! Accounts as JSON: `[{…}, …]` or `{"account": [{…}, …]}`.

use serde_json::Value;

use super::{Listing, of_value};

/// Where the elements of the list begin and end. The text is JSON; `depth`: of the list's own.
fn elements(text: &str, depth: usize) -> Vec<(usize, usize)> {
    let (mut found, mut level, mut begun) = (Vec::new(), 0, None);
    let (mut is_text, mut is_escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        if is_text {
            is_text = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
            continue;
        }
        if level == depth && begun.is_none() && !byte.is_ascii_whitespace() {
            begun = (!b",]}:".contains(&byte)).then_some(at);
        }
        match byte {
            b'"' => is_text = true,
            b'[' | b'{' => level += 1,
            b']' | b'}' => level -= 1,
            _ => {}
        }
        let is_over = level < depth || level == depth && byte == b',';
        if let Some(from) = begun.filter(|_| is_over) {
            found.push((from, at));
            begun = None;
        }
    }
    found
}

/// The byte at a line and column, both from 1.
fn byte_at(text: &str, line: usize, column: usize) -> usize {
    let before =
        text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    (before + column.saturating_sub(1)).min(text.len())
}

pub(super) fn read(listing: &mut Listing<'_>) {
    let text = listing.text;
    let depth = match serde_json::from_str(text) {
        Ok(Value::Array(_)) => 1,
        Ok(Value::Object(all))
            if all.len() == 1 && all.get("account").is_some_and(Value::is_array) =>
        {
            2
        }
        Ok(_) => {
            let remedy = "write `[{\"id\": …}, …]`, or `{\"account\": […]}`";
            return listing.broken(0, "this is no list of accounts", remedy);
        }
        Err(error) => {
            let at = byte_at(text, error.line(), error.column());
            return listing.broken(at, &error.to_string(), "mend the JSON there");
        }
    };
    for (from, to) in elements(text, depth) {
        let own = &text[from..to];
        // Read twice: by the text an error has its place, by the value it says whose entry it is.
        let value: Value = serde_json::from_str(own).unwrap_or_default();
        let id = value["id"].as_str().map(str::to_owned);
        let read = match serde_json::from_str(own) {
            Ok(account) => Ok(account),
            Err(error) => {
                let why = of_value(value).err().unwrap_or_else(|| error.to_string());
                Err((from + byte_at(own, error.line(), error.column()), why))
            }
        };
        listing.add(from, id.as_deref(), read);
    }
}
