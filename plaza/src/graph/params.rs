//! Parameters, wherever they stand: query, form or JSON body; and the choice of fields.

use axum::Form;
use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request};
use axum::http::header;
use serde_json::{Map, Value};

use super::error::Error;

/// All parameters of a call. A body's value wins over the query's.
#[derive(Debug, Default)]
pub(crate) struct Params(Map<String, Value>);

type Pairs = Vec<(String, String)>;

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let mut params = Map::new();
        let query = Query::<Pairs>::try_from_uri(request.uri());
        let pairs = query.map_err(|_| Error::Refused("the query cannot be read".into()))?.0;
        params.extend(pairs.into_iter().map(|(name, value)| (name, value.into())));
        let media_type = request.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|v| v.to_str().ok()).unwrap_or_default();
        let unread = |_| Error::Refused("the body cannot be read".into());
        if media_type.starts_with("application/json") {
            let body = Bytes::from_request(request, state).await;
            let body = body.map_err(|_| Error::Refused("the body cannot be read".into()))?;
            let body: Map<String, Value> = serde_json::from_slice(&body).map_err(unread)?;
            params.extend(body);
        } else if media_type.starts_with("application/x-www-form-urlencoded") {
            let form = Form::<Pairs>::from_request(request, state).await;
            let form = form.map_err(|_| Error::Refused("the body cannot be read".into()))?.0;
            params.extend(form.into_iter().map(|(name, value)| (name, value.into())));
        }
        Ok(Self(params))
    }
}

impl Params {
    /// A parameter as text; numbers and booleans are written out.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    /// A parameter that must be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<String, Error> {
        self.text(name).filter(|text| !text.is_empty()).ok_or(Error::Missing(name))
    }

    /// An object parameter, which may be given as JSON text.
    pub(crate) fn object(&self, name: &str) -> Option<Value> {
        match self.0.get(name)? {
            Value::String(text) => serde_json::from_str(text).ok(),
            other => Some(other.clone()),
        }
    }

    /// A page's size, within the official bounds.
    pub(crate) fn limit(&self) -> usize {
        self.text("limit").and_then(|n| n.parse().ok()).unwrap_or(25).clamp(1, 50)
    }

    /// `node` with the fields asked for, or `otherwise`; the id is always there.
    pub(crate) fn choose(&self, node: &Value, otherwise: &str) -> Value {
        select(node, self.text("fields").as_deref().unwrap_or(otherwise))
    }
}

/// Keeps the fields named by an expression like `a,b{c,d},e.limit(2){f}`.
pub(crate) fn select(node: &Value, fields: &str) -> Value {
    let mut kept = Map::new();
    for (name, limit, inner) in split(fields) {
        let Some(value) = node.get(name) else { continue };
        let mut value = value.clone();
        if let Some(items) = value.get_mut("data").and_then(Value::as_array_mut) {
            items.truncate(limit.unwrap_or(usize::MAX));
            let otherwise = match name {
                "messages" => Some("id,created_time"),
                "replies" => Some("timestamp,text,id"),
                _ => None,
            };
            if let Some(inner) = inner.or(otherwise) {
                for item in items {
                    *item = select(item, inner);
                }
            }
        } else if let Some(inner) = inner {
            value = select(&value, inner);
        }
        kept.insert(name.to_owned(), value);
    }
    if let Some(id) = node.get("id") {
        kept.insert("id".to_owned(), id.clone());
    }
    Value::Object(kept)
}

/// Name, limit and inner expression of each field at the top level.
fn split(fields: &str) -> Vec<(&str, Option<usize>, Option<&str>)> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (place, c) in fields.char_indices().chain([(fields.len(), ',')]) {
        match c {
            '{' | '(' => depth += 1,
            '}' | ')' => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(&fields[start..place]);
                start = (place + 1).min(fields.len());
            }
            _ => {}
        }
    }
    parts
        .into_iter()
        .filter(|part| !part.trim().is_empty())
        .map(|part| field(part.trim()))
        .collect()
}

fn field(part: &str) -> (&str, Option<usize>, Option<&str>) {
    let (head, inner) = match part.split_once('{') {
        Some((head, rest)) => (head, Some(rest.strip_suffix('}').unwrap_or(rest))),
        None => (part, None),
    };
    let (name, modifier) = head.split_once('.').unwrap_or((head, ""));
    let limit = modifier.strip_prefix("limit(").and_then(|n| n.trim_end_matches(')').parse().ok());
    (name, limit, inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::select;

    #[test]
    fn fields_are_chosen_at_every_depth() {
        let node = json!({
            "id": "1", "a": 1, "b": 2,
            "messages": {"data": [{"id": "m2", "text": "y", "x": 0}, {"id": "m1", "text": "x"}]},
        });
        assert_eq!(select(&node, "a"), json!({"id": "1", "a": 1}));
        assert_eq!(
            select(&node, "messages.limit(1){text},b"),
            json!({"id": "1", "b": 2, "messages": {"data": [{"id": "m2", "text": "y"}]}})
        );
        assert_eq!(select(&node, "nothing,{"), json!({"id": "1"}));
    }
}
