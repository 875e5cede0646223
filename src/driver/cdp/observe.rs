//! Looking at what a person does in a browser: a tool for whoever writes behaviors, never part of
//! acting.
//!
//! One script, `observe.js`, listens in a world of its own and tells what was clicked, typed and
//! pressed; it is the only script that this project puts into a page, in this tool alone. What an
//! element is called is asked of the browser's accessibility tree and held to be strict, as a step
//! will hold it: when it is pressed down upon, before what the press leads to takes it away.

use std::collections::HashMap;

use chromiumoxide_cdp::cdp::browser_protocol::accessibility::{AxValue, GetPartialAxTreeParams};
use chromiumoxide_cdp::cdp::browser_protocol::dom::{BackendNodeId, DescribeNodeParams};
use chromiumoxide_cdp::cdp::browser_protocol::page::AddScriptToEvaluateOnNewDocumentParams;
use chromiumoxide_cdp::cdp::js_protocol::runtime::{
    AddBindingParams, CallArgument, CallFunctionOnParams, EventBindingCalled, ExecutionContextId,
};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};
use walkon_core::behavior::record::Deed;
use walkon_core::step::Locator;

use super::CdpDriver;
use super::locate;
use super::session::CdpSession;
use crate::driver::{Error, Node, Session, SessionSpec};

/// The world that the script runs in, and what it calls.
const WORLD: &str = "walkon-observe";
const BINDING: &str = "walkonDeed";
const SCRIPT: &str = include_str!("observe.js");
/// Roles that say nothing of what an element is for.
const MUTE: [&str; 4] = ["generic", "none", "StaticText", "InlineTextBox"];

/// A browser that is looked at.
pub struct Observed {
    session: CdpSession,
    told: Mutex<mpsc::UnboundedReceiver<EventBindingCalled>>,
    /// What elements are called, by their number in their document.
    known: Mutex<HashMap<(i64, i64), Locator>>,
}

/// What the script tells.
#[derive(Debug, Deserialize)]
struct Told {
    deed: String,
    n: i64,
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    css: Option<String>,
    #[serde(default)]
    test_id: Option<String>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    text: Option<String>,
}

impl CdpDriver {
    /// Opens a browser and looks at what is done in it. Whoever opens it answers for where it may
    /// go: gate and relay are those of `spec`.
    ///
    /// # Errors
    ///
    /// As for any session.
    pub async fn observe(&self, spec: SessionSpec) -> Result<Observed, Error> {
        let session = self.open_session(spec).await?;
        let (sender, told) = mpsc::unbounded_channel();
        session.hub.observe(sender);
        let mut binding = AddBindingParams::new(BINDING);
        binding.execution_context_name = Some(WORLD.to_owned());
        session.ask(&binding).await?;
        let mut script = AddScriptToEvaluateOnNewDocumentParams::new(SCRIPT);
        script.world_name = Some(WORLD.to_owned());
        session.ask(&script).await?;
        Ok(Observed { session, told: Mutex::new(told), known: Mutex::default() })
    }
}

impl Observed {
    /// The browser.
    pub fn session(&self) -> &dyn Session {
        &self.session
    }

    /// The next thing that was done; `None`: the browser has ended.
    pub async fn next(&self) -> Option<Deed> {
        loop {
            let event = self.told.lock().await.recv().await?;
            let Ok(told) = serde_json::from_str::<Told>(&event.payload) else { continue };
            if let Some(deed) = self.deed(told, event.execution_context_id).await {
                return Some(deed);
            }
        }
    }

    /// Closes the browser.
    pub async fn close(self) {
        Box::new(self.session).close().await;
    }

    async fn deed(&self, told: Told, context: ExecutionContextId) -> Option<Deed> {
        let key = (*context.inner(), told.n);
        if told.deed == "look" {
            let locator = self.name(&told, context).await;
            self.known.lock().await.insert(key, locator);
            return None;
        }
        let value = told.value.clone();
        if told.deed == "press" {
            return Some(Deed::Press(value?));
        }
        let element = self.known.lock().await.get(&key)?.clone();
        match told.deed.as_str() {
            "click" => Some(Deed::Click(element)),
            "type" => Some(Deed::Type { into: element, text: value }),
            "select" => Some(Deed::Select { from: element, option: value? }),
            "upload" => Some(Deed::Upload { into: element, file: value? }),
            _ => None,
        }
    }

    /// What an element is called: the first ways that match it and nothing else.
    async fn name(&self, told: &Told, context: ExecutionContextId) -> Locator {
        let by = |set: &dyn Fn(&mut Locator)| {
            let mut locator = Locator::default();
            set(&mut locator);
            locator
        };
        let mut ways = Vec::new();
        let node = self.node(told.n, context).await.ok();
        if let Some(node) = &node {
            ways.extend(self.by_role(node).await);
        }
        let label = told.label.iter().map(|text| by(&|l| l.label = Some(text.clone())));
        let test_id = told.test_id.iter().map(|id| by(&|l| l.test_id = Some(id.clone())));
        let text = told.text.iter().map(|text| by(&|l| l.text = Some(text.clone())));
        ways.extend(label.chain(test_id).chain(text));
        ways.extend(told.css.iter().map(|css| Locator::css(css)));
        let mut strict = Vec::new();
        for way in &ways {
            if let Some(node) = &node
                && self.is_strict(way, node).await
            {
                strict.push(way.clone());
            }
            // One to go by, and one to fall back on.
            if strict.len() == 2 {
                break;
            }
        }
        let mut strict = strict.into_iter();
        match strict.next() {
            Some(first) => Locator { or: strict.collect(), ..first },
            // It went before it could be asked about, or nothing names it alone.
            None => ways.into_iter().next().unwrap_or_default(),
        }
    }

    async fn is_strict(&self, way: &Locator, node: &Node) -> bool {
        let found = locate::locate(&self.session, None, way).await.unwrap_or_default();
        found.len() == 1 && found[0] == *node
    }

    /// The element of a number.
    async fn node(&self, n: i64, context: ExecutionContextId) -> Result<Node, Error> {
        let mut call = CallFunctionOnParams::new("function(n) { return walkonSeen(n) }");
        call.execution_context_id = Some(context);
        call.arguments =
            Some(vec![CallArgument { value: Some(Value::from(n)), ..Default::default() }]);
        let object = self.session.ask(&call).await?.result.object_id.ok_or(Error::Gone)?;
        let describe = DescribeNodeParams { object_id: Some(object), ..Default::default() };
        let node = self.session.ask(&describe).await?.node;
        Ok(Node(*node.backend_node_id.inner()))
    }

    /// Its role and name, as a screen reader has them.
    async fn by_role(&self, node: &Node) -> Option<Locator> {
        let ask = GetPartialAxTreeParams {
            backend_node_id: Some(BackendNodeId::new(node.0)),
            fetch_relatives: Some(false),
            ..Default::default()
        };
        let nodes = self.session.ask(&ask).await.ok()?.nodes;
        let own = nodes.into_iter().find(|node| !node.ignored)?;
        let word = |value: Option<AxValue>| {
            value.and_then(|value| Some(value.value?.as_str()?.to_owned())).unwrap_or_default()
        };
        let (role, name) = (word(own.role), word(own.name));
        if role.is_empty() || MUTE.contains(&role.as_str()) || name.trim().is_empty() {
            return None;
        }
        let role = if role == "image" { "img".to_owned() } else { role };
        Some(Locator { role: Some(role), name: Some(name), ..Locator::default() })
    }
}
