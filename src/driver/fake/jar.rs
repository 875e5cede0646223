//! The fake browser's cookies: as much of RFC 6265 as one practice site needs.

use walkon_core::storage_state::Cookie;

use super::page;

/// Cookies.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Cookie>);

impl Jar {
    pub(super) fn new(cookies: Vec<Cookie>) -> Self {
        Self(cookies)
    }

    /// Takes a `Set-Cookie` that came with a page.
    pub(super) fn take(&mut self, url: &str, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let mut cookie = Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: page::host(url).unwrap_or_default().to_owned(),
            path: "/".to_owned(),
            expires: -1.0,
            http_only: false,
            secure: false,
            same_site: None,
        };
        let mut over = false;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key.to_ascii_lowercase().as_str() {
                "path" => value.clone_into(&mut cookie.path),
                "httponly" => cookie.http_only = true,
                "secure" => cookie.secure = true,
                "samesite" => cookie.same_site = Some(value.to_owned()),
                "max-age" => over = value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
                "expires" => over |= value.contains("1970"),
                _ => {}
            }
        }
        self.0.retain(|old| (&old.name, &old.path) != (&cookie.name, &cookie.path));
        if !over {
            self.0.push(cookie);
        }
    }

    /// The `Cookie` header for an address.
    pub(super) fn header(&self, url: &str) -> String {
        let (host, path) = (page::host(url), page::path(url));
        let fits = |cookie: &&Cookie| {
            host == Some(cookie.domain.as_str()) && path.starts_with(cookie.path.as_str())
        };
        let pair = |cookie: &Cookie| format!("{}={}", cookie.name, cookie.value);
        self.0.iter().filter(fits).map(pair).collect::<Vec<_>>().join("; ")
    }

    /// All of them, sorted.
    pub(super) fn all(&self) -> Vec<Cookie> {
        let mut all = self.0.clone();
        all.sort_by(|a, b| (&a.domain, &a.path, &a.name).cmp(&(&b.domain, &b.path, &b.name)));
        all
    }
}
