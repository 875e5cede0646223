//! Paths as robots.txt has them (RFC 9309, 2.2.2 and 2.2.3).
//!
//! Octets are compared after both sides are written the same way. `*` is anything, a `$` at the end
//! is the end, and everything else a beginning. The longest pattern that fits decides; on a tie the
//! one that holds back. What no pattern fits is not granted.

use std::fmt::Write as _;

/// A path and its query in one way of writing: what needs no `%` has none, what has one has it in
/// capitals, and what is not ASCII has one.
pub(super) fn normal(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(path.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let pair = bytes.get(at + 1..at + 3).filter(|_| byte == b'%');
        let value = pair.and_then(|pair| std::str::from_utf8(pair).ok());
        let value = value.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match value {
            Some(value) if value.is_ascii_alphanumeric() || b"-._~".contains(&value) => {
                out.push(char::from(value));
                at += 3;
            }
            Some(value) => {
                let _ = write!(out, "%{value:02X}");
                at += 3;
            }
            None if byte.is_ascii_graphic() => {
                out.push(char::from(byte));
                at += 1;
            }
            None => {
                let _ = write!(out, "%{byte:02X}");
                at += 1;
            }
        }
    }
    out
}

/// Whether a pattern fits a path, both in the normal way of writing.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, whole) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if whole && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(found) => rest = &rest[found + part.len()..],
            None => return false,
        }
    }
    !whole || rest.is_empty()
}

fn longest(patterns: &[String], path: &str) -> Option<usize> {
    let normals = patterns.iter().map(|pattern| normal(pattern));
    normals.filter(|pattern| fits(pattern, path)).map(|pattern| pattern.len()).max()
}

/// Whether patterns let a path through.
pub(super) fn allows(paths: &[String], deny: &[String], path: &str) -> bool {
    let path = normal(path);
    match (longest(paths, &path), longest(deny, &path)) {
        (Some(allowed), Some(denied)) => allowed > denied,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits_as_written(pattern: &str, path: &str) -> bool {
        fits(&normal(pattern), &normal(path))
    }

    #[test]
    fn the_examples_of_the_rfc_hold() {
        for (pattern, path, fitting) in [
            ("/foo/bar?baz=quz", "/foo/bar?baz=quz", true),
            ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https://foo.bar", true),
            ("/foo/bar/ツ", "/foo/bar/%E3%83%84", true),
            ("/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84", true),
            ("/foo/bar/%62%61%7A", "/foo/bar/baz", true),
            ("/path/file-with-a-%2A.html", "/path/file-with-a-%2A.html", true),
            ("/path/file-with-a-%2A.html", "/path/file-with-a-x.html", false),
        ] {
            assert_eq!(fits_as_written(pattern, path), fitting, "{pattern} {path}");
        }
    }

    #[test]
    fn stars_dollars_and_beginnings() {
        for (pattern, path, fitting) in [
            ("/fish", "/fish.html", true),
            ("/fish", "/Fish", false),
            ("/fish*", "/fishheads/yummy.html", true),
            ("/fish/", "/fish", false),
            ("/*.php", "/folder/a.php?parameters", true),
            ("/*.php$", "/a.php", true),
            ("/*.php$", "/a.php?x", false),
            ("/fish*.php", "/fishheads/catfish.php?parameters", true),
            ("/$", "/", true),
            ("/$", "/a", false),
            ("/a*b*c$", "/abbc", true),
            ("/a*b*c$", "/acb", false),
            ("/*?impersonate=*", "/cart?impersonate=ada", true),
            ("/a*a$", "/a", false),
        ] {
            assert_eq!(fits_as_written(pattern, path), fitting, "{pattern} {path}");
        }
    }

    #[test]
    fn the_longest_pattern_decides_and_a_tie_holds_back() {
        let list = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let (paths, deny) = (list(&["/", "/admin/help"]), list(&["/admin", "/tie"]));
        for (path, allowed) in [
            ("/cart", true),
            ("/admin/users", false),
            ("/%61dmin/users", false),
            ("/admin/help/1", true),
            ("/tie", false),
        ] {
            assert_eq!(allows(&paths, &deny, path), allowed, "{path}");
        }
        assert!(!allows(&list(&["/p/"]), &deny, "/q"), "what no pattern fits was granted");
        assert!(!allows(&list(&["/tie"]), &deny, "/tie"), "a tie was granted");
    }
}
