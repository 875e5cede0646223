//! Keeps other sites' pages out of ours: a Host that is ours, no posts from elsewhere, and headers
//! that leave a browser little to do wrong.
//!
//! Loopback alone is no protection. Any page in the operator's browser can send requests to
//! 127.0.0.1, and a name can be made to point there; so the Host must be a loopback name, or the
//! one that is configured, and what changes something must come from a page of this origin or from
//! no page at all (the CLI). A page can send no token that it does not know: whoever shows one may
//! call by any name.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::access::Options;
use super::chrome::Lost;

/// What a page of ours may load and do.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What proxies add: then who calls is not on this machine.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

/// Asked by orchestrators under whatever name they know; they change and tell nothing.
const PROBES: [&str; 2] = ["/livez", "/readyz"];

/// Lets a request through, or says why not; sets the headers of every answer.
pub async fn guard(State(options): State<Arc<Options>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let refusal = refusal(&options, request.method(), path, request.headers());
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = match refusal {
        // Programs are answered as the API answers them.
        Some(why) if is_api => super::api::refused(why),
        Some(why) => Lost::refused(why).into_page(StatusCode::FORBIDDEN),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::REFERRER_POLICY, "same-origin");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    response
}

fn refusal(
    options: &Options,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Option<&'static str> {
    if PROBES.contains(&path) || options.sign_in && headers.contains_key(header::AUTHORIZATION) {
        return None;
    }
    if !options.sign_in && FORWARDED.iter().any(|name| headers.contains_key(*name)) {
        return Some("a proxy stands in front, and nobody has to sign in: set `web.origin`");
    }
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let is_named = options.host.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(host));
    if !is_named && !is_loopback(host) {
        return Some(match options.host {
            Some(_) => "these pages answer under the name of `web.origin` and loopback names only",
            None => "these pages answer under a loopback name only: 127.0.0.1 or localhost",
        });
    }
    if method.is_safe() {
        return None;
    }
    let ours = match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(site) => site == b"same-origin" || site == b"none",
        // Older browsers, and programs: an Origin, if there is one, must be ours.
        None => text(header::ORIGIN)
            .is_none_or(|origin| origin.split_once("://").is_some_and(|(_, at)| at == host)),
    };
    (!ours).then_some("this came from a page of another site")
}

/// Whether a Host header names this machine to itself.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(method: &Method, pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        refusal(&Options::default(), method, "/accounts/ada/pause", &headers).is_some()
    }

    #[test]
    fn only_loopback_names_are_answered() {
        for good in ["localhost", "LOCALHOST:7600", "127.0.0.1:7600", "127.0.0.11", "[::1]:80"] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in ["", "rebound.example", "10.0.0.1", "localhost.example:80", "[::2]", "127.0.0"] {
            assert!(!is_loopback(bad), "{bad}");
        }
        let (open, none) = (Options::default(), HeaderMap::new());
        assert!(refusal(&open, &Method::GET, "/livez", &none).is_none());
    }

    #[test]
    fn a_proxy_in_front_of_open_pages_is_noticed_and_a_configured_name_is_answered() {
        let host = ("host", "127.0.0.1:7600");
        assert!(refused(&Method::GET, &[host, ("x-forwarded-for", "10.0.0.9")]));
        let named = Options { sign_in: true, host: Some("walkon.example".to_owned()) };
        let at = |host: &'static str, token: bool| {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static(host));
            headers.insert("x-forwarded-for", HeaderValue::from_static("10.0.0.9"));
            if token {
                headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer wko_"));
            }
            refusal(&named, &Method::GET, "/accounts", &headers).is_none()
        };
        assert!(at("walkon.example", false) && at("WALKON.example", false));
        assert!(!at("rebound.example", false) && at("coordinator:7411", true));
    }

    #[test]
    fn nothing_is_changed_from_another_sites_page() {
        let host = ("host", "127.0.0.1:7600");
        assert!(!refused(&Method::POST, &[host]));
        assert!(!refused(&Method::POST, &[host, ("sec-fetch-site", "same-origin")]));
        assert!(refused(&Method::POST, &[host, ("sec-fetch-site", "cross-site")]));
        assert!(refused(&Method::POST, &[host, ("sec-fetch-site", "same-site")]));
        assert!(refused(&Method::POST, &[host, ("origin", "http://elsewhere.example")]));
        assert!(refused(&Method::POST, &[host, ("origin", "null")]));
        assert!(!refused(&Method::POST, &[host, ("origin", "http://127.0.0.1:7600")]));
        assert!(!refused(&Method::GET, &[host, ("sec-fetch-site", "cross-site")]));
    }
}
