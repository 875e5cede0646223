//! What the pages load: style sheets and modules, embedded, under addresses that hold their hash.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// One file as it is served.
struct Asset {
    name: &'static str,
    mime: &'static str,
    body: &'static str,
    url: String,
}

/// Name, media type, text.
const FILES: &[(&str, &str, &str)] = &[
    ("walkon.css", "text/css; charset=utf-8", include_str!("static/walkon.css")),
    ("pages.css", "text/css; charset=utf-8", include_str!("static/pages.css")),
    ("review.css", "text/css; charset=utf-8", include_str!("static/review.css")),
    ("live.js", "text/javascript; charset=utf-8", include_str!("static/live.js")),
    ("review.js", "text/javascript; charset=utf-8", include_str!("static/review.js")),
    ("icon.svg", "image/svg+xml", include_str!("static/icon.svg")),
];

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let asset = |(name, mime, body): &(&'static str, &'static str, &'static str)| {
        let digest = Sha256::digest(body.as_bytes());
        let hash = digest[..6].iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
        Asset { name, mime, body, url: format!("/static/{hash}/{name}") }
    };
    FILES.iter().map(asset).collect()
});

/// The address of a file; it changes whenever the file does.
pub fn url(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("/static/missing", |asset| &asset.url)
}

/// Serves a file for good: another text has another address.
pub(super) async fn serve(Path((hash, name)): Path<(String, String)>) -> Response {
    let wanted = format!("/static/{hash}/{name}");
    let Some(asset) = ASSETS.iter().find(|asset| asset.url == wanted) else {
        return (StatusCode::NOT_FOUND, "no such file\n").into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.mime),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, asset.body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_an_address_of_its_own() {
        let mut urls: Vec<_> = FILES.iter().map(|(name, ..)| url(name)).collect();
        assert!(urls.iter().all(|url| url.starts_with("/static/") && !url.contains("missing")));
        urls.sort_unstable();
        urls.dedup();
        assert_eq!(urls.len(), FILES.len());
    }
}
