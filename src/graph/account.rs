//! What the API tells of an account itself: who it is, what its token may do, what it tells us of,
//! how much it may publish.

use jiff::Timestamp;
use serde_json::Value;

use super::{Error, Graph, Refusal};

/// Who the API takes us for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// The platform's id for it.
    pub id: String,
    /// The platform's name for it.
    pub username: String,
}

/// What is known of a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenFacts {
    /// When it ends; `None`: it does not, or the platform does not say.
    pub ends: Option<Timestamp>,
    /// What it may do.
    pub scopes: Vec<String>,
}

/// How much may be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publishing {
    /// How much was, in the time that counts.
    pub used: u64,
    /// How much may be.
    pub most: u64,
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn odd(what: &str) -> Error {
    Error::InDoubt { why: format!("its answer has no {what}") }
}

impl Graph {
    /// Who the API takes us for.
    pub async fn me(&self) -> Result<Me, Error> {
        let me = self.get("me", &[("fields", "id,username")]).await?;
        let text = |name: &str| me[name].as_str().map(str::to_owned).ok_or_else(|| odd(name));
        Ok(Me { id: text("id")?, username: text("username")? })
    }

    /// What is known of the token itself. `path` is where the platform tells: `debug_token`.
    pub async fn token_facts(&self, path: &str) -> Result<TokenFacts, Error> {
        let answer = self.get(path, &[("input_token", self.token.expose())]).await?;
        let facts = &answer["data"];
        if facts["is_valid"].as_bool() != Some(true) {
            let message = facts["error"]["message"].as_str().unwrap_or("the token is not valid");
            let (refusal, message, after) = (Refusal::Token, message.to_owned(), None);
            return Err(Error::Refused { refusal, code: 190, message, after });
        }
        // 0 is the platform's word for never.
        let ends = facts["expires_at"].as_i64().filter(|ends| *ends > 0);
        let ends = ends.and_then(|ends| Timestamp::from_second(ends).ok());
        Ok(TokenFacts { ends, scopes: texts(&facts["scopes"]) })
    }

    /// What the account tells us of.
    pub async fn subscribed(&self) -> Result<Vec<String>, Error> {
        let answer = self.get("me/subscribed_apps", &[]).await?;
        let apps = answer["data"].as_array().ok_or_else(|| odd("list"))?;
        let mut fields: Vec<_> =
            apps.iter().flat_map(|app| texts(&app["subscribed_fields"])).collect();
        fields.sort();
        fields.dedup();
        Ok(fields)
    }

    /// Lets the account tell us of these; the same again changes nothing.
    pub async fn subscribe(&self, fields: &[String]) -> Result<(), Error> {
        let fields = fields.join(",");
        let query = [("subscribed_fields", fields.as_str())];
        self.post_query("me/subscribed_apps", &query).await.map(drop)
    }

    /// How much it may publish.
    pub async fn publishing(&self) -> Result<Publishing, Error> {
        let fields = [("fields", "quota_usage,config")];
        let answer = self.get("me/content_publishing_limit", &fields).await?;
        let limit = &answer["data"][0];
        let used = limit["quota_usage"].as_u64().ok_or_else(|| odd("quota_usage"))?;
        let most = limit["config"]["quota_total"].as_u64().ok_or_else(|| odd("quota_total"))?;
        Ok(Publishing { used, most })
    }
}
