//! An action by the official API: one call that counts, and the reads that settle a doubt.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;
use walkon_core::bundle::Bundle;
use walkon_core::lease::{Claimed, Duty, HandBack};
use walkon_core::outcome::{Finding, Made, Outcome, Settlement};

use super::Slot;
use super::attempt::{Attempt, Trouble};
use super::effect::NOT_THERE;
use crate::desk::Desk;
use crate::graph::{Carrier, Error, Graph, Refusal};

/// How far the platform's clock may be behind ours when it dates an item, and still be believed.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(120);

/// What is at hand for one action by the API.
struct Call<'a> {
    attempt: &'a mut Attempt,
    bundle: &'a Bundle,
    graph: Graph,
    desk: Arc<dyn Desk>,
}

impl Slot {
    /// Carries an action out by the API and settles it.
    pub(super) async fn carry_by_api(&mut self, claimed: Claimed, asked: Instant) {
        let renewed = self.worker.leases.keep(&claimed.lease, asked);
        let mut attempt = self.attempt(claimed, &renewed);
        let done = self.by_api(&mut attempt).await;
        let said = attempt.said.take();
        let Attempt { claimed, begun, .. } = &attempt;
        let mut settlement = match done {
            Ok(effect) => Outcome::Done { effect }.into(),
            Err(Trouble::Lost) => return,
            Err(Trouble::Stopped) if !begun => {
                return self.hand_back(&claimed.lease, Some(HandBack::stopping(&claimed.id))).await;
            }
            Err(trouble) => settle_trouble(&trouble, *begun, claimed.duty),
        };
        settlement.capacity = said;
        self.settle(&claimed.lease, &claimed.id, &settlement, false, renewed.lost()).await;
    }

    async fn by_api(&self, attempt: &mut Attempt) -> Result<Made, Trouble> {
        let desk = self.worker.desk.clone();
        let bundle =
            attempt.bound(async { Ok(desk.bundle(&attempt.claimed.lease).await?) }).await?;
        let (Some(base), Some(token)) = (&bundle.site.api, &bundle.token) else {
            let why = "the account has no API token any more".to_owned();
            return Err(Trouble::Never { code: "no_token", why });
        };
        let carrier = Carrier::trusting(bundle.site.roots()).map_err(|error| trouble(&error))?;
        let graph = carrier.of(base, token.clone());
        let mut call = Call { attempt, bundle: &bundle, graph, desk };
        let done = match call.attempt.claimed.duty {
            Duty::Perform => call.perform().await,
            Duty::Verify => call.verify().await,
        };
        call.attempt.said = call.graph.capacity();
        done
    }
}

/// A verify that found nothing says so in a word of its own; it makes nothing, so it is no doubt.
pub(super) fn settle_trouble(trouble: &Trouble, begun: bool, duty: Duty) -> Settlement {
    match (trouble, duty) {
        (Trouble::Page { code, .. } | Trouble::Never { code, .. }, Duty::Verify)
            if *code == NOT_THERE =>
        {
            let (code, why) = (NOT_THERE.to_owned(), trouble.to_string());
            Outcome::Retry { code, why, after: None }.into()
        }
        // Whether it was made is as unknown as before.
        (_, Duty::Verify) => {
            let mut settlement = trouble.settlement(begun, true);
            let (code, why) = (trouble.code().to_owned(), trouble.to_string());
            settlement.outcome = Outcome::Unknown { code, why };
            settlement
        }
        (_, Duty::Perform) => trouble.settlement(begun, true),
    }
}

impl Call<'_> {
    fn id(&self) -> String {
        let target = self.attempt.claimed.action.target.as_ref();
        let Some(target) = target else { return String::new() };
        let address = self.bundle.site.objects.get(&target.object);
        let pattern = address.and_then(|address| address.api.as_deref()).unwrap_or("{id}");
        pattern.replace("{id}", &target.id)
    }

    fn text(&self) -> String {
        self.attempt.claimed.action.with.get("text").cloned().unwrap_or_default()
    }

    async fn me(&self) -> Result<String, Trouble> {
        let me = self.read("me", &[("fields", "id,username")]).await?;
        Ok(me["id"].as_str().unwrap_or("me").to_owned())
    }

    async fn read(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Trouble> {
        let get = async { self.graph.get(path, query).await.map_err(|error| reading(&error)) };
        self.attempt.bound(get).await
    }

    async fn begin(&mut self) -> Result<(), Trouble> {
        self.attempt.begins = true;
        let Attempt { claimed, .. } = &*self.attempt;
        let begin = self.desk.begin(&claimed.lease, &claimed.id);
        self.attempt.bound(async { Ok(begin.await?) }).await?;
        self.attempt.begun = true;
        Ok(())
    }

    /// Prepares, writes `begin`, makes the one call that counts.
    async fn perform(&mut self) -> Result<Made, Trouble> {
        let (kind, id, text) = (self.attempt.claimed.action.kind.clone(), self.id(), self.text());
        let made = match kind.as_str() {
            "comment" => {
                self.begin().await?;
                self.graph.post(&format!("{id}/comments"), &[("message", &text)]).await
            }
            "reply" => {
                self.begin().await?;
                self.graph.post(&format!("{id}/replies"), &[("message", &text)]).await
            }
            "send_dm" => {
                let me = self.me().await?;
                let to = self.person(&id).await?;
                self.begin().await?;
                let body = json!({"recipient": {"id": to}, "message": {"text": text}});
                self.graph.post_json(&format!("{me}/messages"), &body).await
            }
            "publish" => return self.publish(&text).await,
            "hide_comment" => {
                if self.is_hidden(&id).await? {
                    return Ok(self.found_there());
                }
                self.begin().await?;
                self.graph.post_query(&id, &[("hide", "true")]).await
            }
            "delete_comment" => {
                // One that was never there is no success; one that we may have deleted is.
                if self.attempt.claimed.begun_at.is_some() && self.is_gone(&id).await? {
                    return Ok(self.found_there());
                }
                self.begin().await?;
                self.graph.delete(&id).await
            }
            _ => {
                let why = format!("the official API has no `{kind}`");
                return Err(Trouble::Never { code: "no_api_route", why });
            }
        };
        self.counted(made)
    }

    /// A state that was there before the call: what an attempt in doubt began is its own.
    fn found_there(&self) -> Made {
        if self.attempt.claimed.begun_at.is_some() { Made::Made } else { Made::Already }
    }

    /// Whether a comment is hidden already; an API that does not say so is simply asked to hide it.
    async fn is_hidden(&self, id: &str) -> Result<bool, Trouble> {
        let comment = self.read(id, &[("fields", "id,hidden")]).await?;
        Ok(comment["hidden"].as_bool().unwrap_or_default())
    }

    /// Whether a comment is no longer there.
    async fn is_gone(&self, id: &str) -> Result<bool, Trouble> {
        match self.read(id, &[("fields", "id")]).await {
            Ok(_) => Ok(false),
            Err(Trouble::Never { code: "target_missing", .. }) => Ok(true),
            Err(trouble) => Err(trouble),
        }
    }

    /// The answer of the call that counts. A refusal proves that nothing was made.
    fn counted(&mut self, made: Result<Value, Error>) -> Result<Made, Trouble> {
        match made {
            Ok(_) => Ok(Made::Made),
            Err(error) => {
                self.attempt.begun = matches!(error, Error::InDoubt { .. });
                Err(trouble(&error))
            }
        }
    }

    /// Publishing is two calls: the container is invisible, the second call makes the post.
    async fn publish(&mut self, caption: &str) -> Result<Made, Trouble> {
        let me = self.me().await?;
        let image = self.attempt.claimed.action.with.get("image").cloned();
        let image = image.unwrap_or_else(|| format!("{}/art/new.jpg", self.bundle.site.origin));
        let form = [("image_url", image.as_str()), ("caption", caption)];
        let container = self.graph.post(&format!("{me}/media"), &form).await;
        let container = container.map_err(|error| reading(&error))?;
        let Some(container) = container["id"].as_str().map(str::to_owned) else {
            let why = "the API made no container".to_owned();
            return Err(Trouble::Never { code: "no_container", why });
        };
        self.begin().await?;
        let form = [("creation_id", container.as_str())];
        let made = self.graph.post(&format!("{me}/media_publish"), &form).await;
        self.counted(made)
    }

    /// The API's id of a member. The official API knows people only by the ids of their messages
    /// and comments; Plaza has a look-up by name of its own.
    async fn person(&self, name: &str) -> Result<String, Trouble> {
        let person = self.read(&format!("member/{name}"), &[("fields", "id")]).await?;
        Ok(person["id"].as_str().unwrap_or(name).to_owned())
    }

    /// Reads whether an attempt in doubt was carried out.
    async fn verify(&mut self) -> Result<Made, Trouble> {
        let (kind, id, text) = (self.attempt.claimed.action.kind.clone(), self.id(), self.text());
        let since = self.attempt.claimed.begun_at;
        let username = self.bundle.account.username.clone();
        let comment = [("fields", "id,text,timestamp,username"), ("limit", "50")];
        let found = match kind.as_str() {
            "comment" => {
                let page = self.read(&format!("{id}/comments"), &comment).await?;
                any(&page["data"], "text", &text, since, Some(("username", &username)))
            }
            "reply" => {
                let page = self.read(&format!("{id}/replies"), &comment).await?;
                any(&page["data"], "text", &text, since, Some(("username", &username)))
            }
            "publish" => {
                let me = self.me().await?;
                let fields = [("fields", "id,caption,timestamp"), ("limit", "25")];
                let page = self.read(&format!("{me}/media"), &fields).await?;
                any(&page["data"], "caption", &text, since, None)
            }
            "send_dm" => self.sent(&id, &text, since).await?,
            // Most often a state is made again; it is read where a cap leaves no room for that.
            "hide_comment" => self.is_hidden(&id).await?,
            "delete_comment" => self.is_gone(&id).await?,
            _ => false,
        };
        if found {
            return Ok(Made::Made);
        }
        let why = "the API does not show it".to_owned();
        Err(Trouble::Never { code: NOT_THERE, why })
    }

    /// Whether the conversation with a person holds the message.
    async fn sent(&self, id: &str, text: &str, since: Option<Timestamp>) -> Result<bool, Trouble> {
        let to = self.person(id).await?;
        let query = [
            ("platform", "instagram"),
            ("user_id", to.as_str()),
            ("fields", "messages{message,from,created_time}"),
        ];
        let page = self.read("me/conversations", &query).await?;
        let username = &self.bundle.account.username;
        let threads = page["data"].as_array().cloned().unwrap_or_default();
        Ok(threads.iter().any(|thread| {
            let messages = thread["messages"]["data"].as_array().cloned().unwrap_or_default();
            messages.iter().any(|message| {
                message["from"]["username"].as_str() == Some(username)
                    && message["message"].as_str() == Some(text)
                    && young(message["created_time"].as_str(), since)
            })
        }))
    }
}

/// Whether a list holds an item of that text, by us, not older than `since`.
fn any(
    list: &Value,
    field: &str,
    text: &str,
    since: Option<Timestamp>,
    by: Option<(&str, &str)>,
) -> bool {
    list.as_array().is_some_and(|items| {
        items.iter().any(|item| {
            item[field].as_str() == Some(text)
                && by.is_none_or(|(key, name)| item[key].as_str() == Some(name))
                && young(item["timestamp"].as_str(), since)
        })
    })
}

/// The API writes `2026-10-02T06:14:33+0000`, without a colon in the offset.
fn young(at: Option<&str>, since: Option<Timestamp>) -> bool {
    let (Some(at), Some(since)) = (at, since) else { return true };
    let parsed = Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", at).or_else(|_| at.parse());
    let late = |at: Timestamp| at.saturating_add(CLOCK_SLACK).is_ok_and(|at| at >= since);
    parsed.is_ok_and(late)
}

/// A read that failed proves nothing and made nothing.
fn reading(error: &Error) -> Trouble {
    match error {
        Error::InDoubt { why } | Error::NeverSent { why } => {
            Trouble::NoWay { code: "api_unreachable", why: why.clone() }
        }
        Error::Refused { .. } => trouble(error),
    }
}

fn trouble(error: &Error) -> Trouble {
    let why = error.to_string();
    match error {
        Error::NeverSent { .. } => Trouble::NoWay { code: "api_unreachable", why },
        Error::InDoubt { .. } => Trouble::InDoubt { code: "api_no_answer", why },
        Error::Refused { refusal, after, .. } => match refusal {
            Refusal::Limit => Trouble::Site { site: "the API".into(), status: 429, after: *after },
            Refusal::Token => Trouble::Account { finding: Finding::SignedOut, why },
            Refusal::Blocked => Trouble::Account { finding: Finding::Blocked, why },
            Refusal::Missing => Trouble::Never { code: "target_missing", why },
            Refusal::Request => Trouble::Never { code: "api_refused", why },
        },
    }
}
