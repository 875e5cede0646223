//! The table of all that can be asked: path, what it needs, what it does. The router is made from
//! it, and so is the API's description; there is no route beside it.

use std::convert::Infallible;

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
pub use axum::routing::MethodFilter;
use axum::routing::{MethodRouter, on};
use walkon_core::api_token::ApiScope;

use super::access::{Access, check};

/// What a caller must bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it tells nothing that matters.
    Nothing,
    /// A token, or a sign-in with one, that has this scope.
    Scope(ApiScope),
}

/// One route.
#[derive(Clone)]
pub struct Route<S> {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Its path, parameters in braces.
    pub path: &'static str,
    /// What a caller must bring.
    pub needs: Needs,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Names of what may be asked for, and what each means.
    pub query: &'static [(&'static str, &'static str)],
    /// What a call brings: names, JSON types, `*` behind what must be there.
    pub body: &'static [(&'static str, &'static str)],
    handler: MethodRouter<S, Infallible>,
}

impl<S: Clone + Send + Sync + 'static> Route<S> {
    fn new<H, T>(method: &'static str, path: &'static str, needs: Needs, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let filter = match method {
            "POST" => MethodFilter::POST,
            "PUT" => MethodFilter::PUT,
            "DELETE" => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        let handler = on(filter, handler);
        Self { method, path, needs, about: "", query: &[], body: &[], handler }
    }

    /// Looks.
    pub fn get<H: Handler<T, S>, T: 'static>(path: &'static str, needs: Needs, h: H) -> Self {
        Self::new("GET", path, needs, h)
    }

    /// Does.
    pub fn post<H: Handler<T, S>, T: 'static>(path: &'static str, needs: Needs, h: H) -> Self {
        Self::new("POST", path, needs, h)
    }

    /// Puts in place.
    pub fn put<H: Handler<T, S>, T: 'static>(path: &'static str, needs: Needs, h: H) -> Self {
        Self::new("PUT", path, needs, h)
    }

    /// Takes away.
    pub fn delete<H: Handler<T, S>, T: 'static>(path: &'static str, needs: Needs, h: H) -> Self {
        Self::new("DELETE", path, needs, h)
    }

    /// What it does.
    #[must_use]
    pub fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// What may be asked for.
    #[must_use]
    pub fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }

    /// What a call brings.
    #[must_use]
    pub fn body(mut self, body: &'static [(&'static str, &'static str)]) -> Self {
        self.body = body;
        self
    }
}

/// A router of these routes, each behind what it needs.
pub fn router<S: Clone + Send + Sync + 'static>(
    routes: Vec<Route<S>>,
    access: &Access,
) -> Router<S> {
    routes.into_iter().fold(Router::new(), |router, route| {
        let gate = from_fn_with_state((access.clone(), route.needs), check);
        router.route(route.path, route.handler.layer(gate))
    })
}
