//! Keeps other sites' pages out of ours: a Host that is ours, no posts from elsewhere, and headers
//! that leave a browser little to do wrong.
//!
//! Loopback alone is no protection. Any page in the operator's browser can send requests to
//! 127.0.0.1, and a name can be made to point there; so the Host must be a loopback name, and what
//! changes something must come from a page of this origin or from no page at all (the CLI).

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::chrome::Lost;

/// What a page of ours may load and do.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Asked by orchestrators under whatever name they know; they change and tell nothing.
const PROBES: [&str; 2] = ["/livez", "/readyz"];

/// Lets a request through, or says why not; sets the headers of every answer.
pub async fn guard(request: Request, next: Next) -> Response {
    let refusal = refusal(request.method(), request.uri().path(), request.headers());
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

fn refusal(method: &Method, path: &str, headers: &HeaderMap) -> Option<&'static str> {
    if PROBES.contains(&path) {
        return None;
    }
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    if !is_loopback(host) {
        return Some("these pages answer under a loopback name only: 127.0.0.1 or localhost");
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
        refusal(method, "/accounts/ada/pause", &headers).is_some()
    }

    #[test]
    fn only_loopback_names_are_answered() {
        for good in ["localhost", "LOCALHOST:7600", "127.0.0.1:7600", "127.0.0.11", "[::1]:80"] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in ["", "rebound.example", "10.0.0.1", "localhost.example:80", "[::2]", "127.0.0"] {
            assert!(!is_loopback(bad), "{bad}");
        }
        assert!(refusal(&Method::GET, "/livez", &HeaderMap::new()).is_none());
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
