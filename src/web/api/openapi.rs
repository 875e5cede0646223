//! The API's description, made from the table of its routes: it cannot say what is not there.

use serde_json::{Map, Value, json};
use walkon_core::api_token::ApiScope;

use super::super::route::{Needs, Route};

/// Parameters of a path: what stands in braces.
fn of_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn body<S>(route: &Route<S>) -> Value {
    let is_needed =
        |(name, sort): &(&'static str, &'static str)| sort.ends_with('*').then_some(*name);
    let needed: Vec<_> = route.body.iter().filter_map(is_needed).collect();
    let property = |(name, sort): &(&'static str, &'static str)| {
        ((*name).to_owned(), json!({"type": sort.trim_end_matches('*')}))
    };
    let properties: Map<_, _> = route.body.iter().map(property).collect();
    let schema = json!({"type": "object", "properties": properties, "required": needed});
    json!({"content": {"application/json": {"schema": schema}}})
}

fn operation<S>(route: &Route<S>) -> Value {
    let path = of_path(route.path).map(
        |name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}),
    );
    let query = route.query.iter().map(|(name, about)| {
        json!({"name": name, "in": "query", "description": about, "schema": {"type": "string"}})
    });
    let problem = json!({"$ref": "#/components/responses/problem"});
    let mut operation = json!({
        "summary": route.about,
        "parameters": path.chain(query).collect::<Vec<_>>(),
        "responses": {"2XX": {"description": "As asked."}, "4XX": problem, "5XX": problem},
        "security": [],
    });
    if let Needs::Scope(scope) = route.needs {
        operation["security"] = json!([{"token": [scope.name()]}]);
        operation["x-scope"] = json!(scope.name());
    }
    if !route.body.is_empty() {
        operation["requestBody"] = body(route);
    }
    operation
}

/// The description of these routes, as `OpenAPI` 3.1.
pub fn describe<S>(routes: &[Route<S>]) -> Value {
    let mut paths = Map::new();
    for route in routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation(route);
    }
    let scopes: Vec<_> = ApiScope::ALL.map(ApiScope::name).to_vec();
    let properties = json!({
        "status": {"type": "integer"}, "code": {"type": "string"},
        "why": {"type": "string"}, "fix": {"type": "string"},
    });
    let problem = json!({"type": "object", "properties": properties,
        "required": ["status", "code", "why", "fix"]});
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Walkon", "version": env!("CARGO_PKG_VERSION"),
            "description": "docs/operations.md says more of each call."},
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer",
                "description": format!("`walkon token new`; scopes: {}", scopes.join(", "))}},
            "responses": {"problem": {"description": "What happened, why, what to do.",
                "content": {"application/problem+json": {"schema": problem}}}},
        },
    })
}
