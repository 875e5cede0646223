//! Reading Rust as far as the checks need it: without comments and texts, up to its tests.

/// The part of a file that is product: up to its `#[cfg(test)] mod`.
pub(crate) fn product(text: &str) -> &str {
    let mut from = 0;
    while let Some(found) = text[from..].find("\n#[cfg(test)]\n") {
        let at = from + found + 1;
        let rest = &text[at + "#[cfg(test)]\n".len()..];
        if rest.starts_with("mod ") {
            return &text[..at];
        }
        from = at;
    }
    text
}

/// The lines without comments, texts and characters; as many as there were.
pub(crate) fn code(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut inside: Option<String> = None;
    for line in text.lines() {
        let mut out = String::new();
        let mut rest = line;
        while !rest.is_empty() {
            if let Some(end) = inside.take() {
                if let Some(at) = closing(rest, &end) {
                    rest = &rest[at..];
                } else {
                    inside = Some(end);
                    rest = "";
                }
            } else if rest.starts_with("//") {
                rest = "";
            } else if let Some((skip, end)) = opening(rest) {
                inside = Some(end);
                rest = &rest[skip..];
            } else {
                let next = rest.chars().next().map_or(0, char::len_utf8);
                // A character: its quote would open a text that is none.
                let quoted = ["'\"'", "'\\\"'", "'\\\\'"].into_iter().find(|q| rest.starts_with(q));
                let taken = quoted.map_or(next, str::len);
                if quoted.is_none() {
                    out.push_str(&rest[..next]);
                }
                rest = &rest[taken..];
            }
        }
        lines.push(out);
    }
    lines
}

/// Whether a text begins here: how many bytes its opening has, and what closes it.
fn opening(rest: &str) -> Option<(usize, String)> {
    if let Some(after) = rest.strip_prefix('r') {
        let hashes = after.len() - after.trim_start_matches('#').len();
        if after[hashes..].starts_with('"') {
            return Some((hashes + 2, format!("\"{}", "#".repeat(hashes))));
        }
    }
    rest.starts_with('"').then(|| (1, "\"".to_owned()))
}

/// Where a text ends: after its closing.
fn closing(rest: &str, end: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        if !escaped && rest[at..].starts_with(end) {
            return Some(at + end.len());
        }
        escaped = end.len() == 1 && c == '\\' && !escaped;
    }
    None
}

/// The modules of this crate that a line names: `crate::queue::Queue`, `crate::{desk, store}`.
pub(crate) fn imports(code: &[String]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in code.iter().enumerate() {
        for (at, _) in line.match_indices("crate::") {
            let before = line[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let rest = &line[at + "crate::".len()..];
            match rest.strip_prefix('{') {
                None => found.push((number + 1, word(rest).to_owned())),
                Some(group) => {
                    // A group may go on over lines; each of its parts begins at depth one.
                    let mut text = group.to_owned();
                    code[number + 1..].iter().for_each(|line| text.push_str(line));
                    found.extend(parts(&text).into_iter().map(|part| (number + 1, part)));
                }
            }
        }
    }
    found
}

fn parts(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut parts) = (1, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if (c == ',' && depth == 1) || depth == 0 {
            parts.push(word(group[start..at].trim()).to_owned());
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn word(text: &str) -> &str {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default()
}

/// Whether code names something of a crate: `redis::cmd`, `use redis;`.
pub(crate) fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let clean =
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '.');
        clean && line[at + name.len()..].starts_with("::")
    })
}
