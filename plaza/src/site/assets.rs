//! Stylesheet, scripts, icons and pictures: cacheable, each with an `ETag`.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

use super::{notice, stories};
use crate::art;
use crate::server::App;
use crate::world::hex;

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const HTML: &str = "text/html; charset=utf-8";

/// Name, media type and text of each file, compiled in.
const FILES: [(&str, &str, &str); 11] = [
    ("base.css", CSS, include_str!("../../assets/base.css")),
    ("parts.css", CSS, include_str!("../../assets/parts.css")),
    ("pages.css", CSS, include_str!("../../assets/pages.css")),
    ("plaza.js", JS, include_str!("../../assets/plaza.js")),
    ("act.js", JS, include_str!("../../assets/act.js")),
    ("feed.js", JS, include_str!("../../assets/feed.js")),
    ("story.js", JS, include_str!("../../assets/story.js")),
    ("icons.svg", SVG, include_str!("../../assets/icons.svg")),
    ("reference.html", HTML, include_str!("../../assets/reference.html")),
    ("reference.css", CSS, include_str!("../../assets/reference.css")),
    ("reference.js", JS, include_str!("../../assets/reference.js")),
];

static TAGS: LazyLock<Vec<String>> = LazyLock::new(|| FILES.iter().map(|f| tag(f.2)).collect());

/// The routes of everything that is not a page.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/assets/{name}", get(file))
        .route("/assets/poster.svg", get(poster))
        .route("/favicon.ico", get(favicon))
        .route("/art/post/{id}", get(post))
        .route("/art/avatar/{username}", get(avatar))
        .route("/art/story/{username}/{number}", get(story))
}

async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let found = FILES.iter().zip(TAGS.iter()).find(|((known, ..), _)| *known == name);
    let Some(((_, media_type, text), tag)) = found else { return notice::missing(false) };
    cacheable(&headers, media_type, tag, "no-cache", || (*text).to_owned())
}

async fn favicon(headers: HeaderMap) -> Response {
    let text = include_str!("../../assets/favicon.svg");
    cacheable(&headers, SVG, &tag(text), "max-age=86400", || text.to_owned())
}

/// The picture of the sign-in page.
async fn poster(headers: HeaderMap) -> Response {
    picture(&headers, "poster:3", || art::picture("poster:3", 0, 1000, 1250))
}

async fn post(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let world = app.world.lock();
    let found = svg_name(&id).and_then(|id| id.parse().ok()).and_then(|id| world.post(id));
    let Some((id, scene)) = found.map(|p| (p.id, p.scene)) else { return notice::missing(false) };
    drop(world);
    let name = format!("{}:post:{id}:{scene}", app.seed);
    picture(&headers, &name, || art::picture(&name, scene, 800, 1000))
}

async fn avatar(
    State(app): State<App>,
    Path(username): Path<String>,
    headers: HeaderMap,
) -> Response {
    let username = svg_name(&username).unwrap_or_default();
    if app.world.lock().find_member(username).is_none() {
        return notice::missing(false);
    }
    picture(&headers, username, || art::avatar(username))
}

async fn story(
    State(app): State<App>,
    Path((username, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let frames = app.world.lock().find_member(&username).map_or(0, |m| m.stories.len());
    let number = svg_name(&number).and_then(|n| n.parse::<usize>().ok()).filter(|n| *n < frames);
    let Some(number) = number else { return notice::missing(false) };
    let name = format!("{}:story:{username}:{number}", app.seed);
    let scene = stories::scene(&username, number);
    picture(&headers, &name, || art::picture(&name, scene, 900, 1600))
}

fn svg_name(file: &str) -> Option<&str> {
    file.strip_suffix(".svg")
}

/// A drawing never changes under its name, so it is not even drawn when the browser has it.
fn picture(headers: &HeaderMap, name: &str, draw: impl FnOnce() -> String) -> Response {
    cacheable(headers, SVG, &tag(&format!("art-1:{name}")), "private, max-age=3600", draw)
}

fn cacheable(
    headers: &HeaderMap,
    media_type: &'static str,
    tag: &str,
    policy: &'static str,
    body: impl FnOnce() -> String,
) -> Response {
    let cache = [(header::ETAG, tag.to_owned()), (header::CACHE_CONTROL, policy.to_owned())];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|k| k.trim() == tag)) {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    (cache, [(header::CONTENT_TYPE, media_type)], body()).into_response()
}

fn tag(text: &str) -> String {
    format!("\"{}\"", hex(&Sha256::digest(text.as_bytes())[..8]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_has_script_or_style_in_it_which_our_own_policy_would_not_run() {
        for (name, media_type, text) in
            FILES.iter().filter(|(_, media_type, _)| *media_type == HTML)
        {
            let scripts = text.split("<script").skip(1);
            assert!(scripts.into_iter().all(|rest| rest.starts_with(" src=")), "{name}");
            assert!(!text.contains("<style") && !text.contains(" style="), "{name} {media_type}");
        }
    }
}
