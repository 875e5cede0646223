//! The isolated world: where the driver's own few functions run, unseen by the page's scripts.
//!
//! They are a closed list (`chromium/functions.rs`); nothing that comes from outside is ever run.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::dom::{BackendNodeId, ResolveNodeParams};
use chromiumoxide_cdp::cdp::browser_protocol::page::CreateIsolatedWorldParams;
use chromiumoxide_cdp::cdp::js_protocol::runtime::{
    CallArgument, CallFunctionOnParams, ExecutionContextId, RemoteObject, RemoteObjectId,
};
use serde_json::Value;

use super::session::CdpSession;
use crate::driver::chromium::functions::{CHANGE, Function};
use crate::driver::{Error, Node};

/// The present document's isolated world.
#[derive(Debug, Default)]
pub(super) struct World(Mutex<Option<ExecutionContextId>>);

/// Whether an error means that the document went away under the call.
fn is_stale(error: &Error) -> bool {
    let Error::Protocol { why, .. } = error else { return false };
    ["Cannot find context", "Execution context was destroyed", "uniqueContextId not found"]
        .iter()
        .any(|words| why.contains(words))
}

/// Whether the browser says that a node is no longer there.
fn says_gone(error: &Error) -> bool {
    let Error::Protocol { why, .. } = error else { return false };
    let words =
        ["No node", "not find node", "does not belong", "detached", "Node is not", "with given id"];
    words.iter().any(|words| why.contains(words))
}

/// The same error in our words, where it says that a node is no longer there.
pub(super) fn gone(error: Error) -> Error {
    if says_gone(&error) || is_stale(&error) { Error::Gone } else { error }
}

impl World {
    fn known(&self) -> Option<ExecutionContextId> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn context(&self, session: &CdpSession) -> Result<ExecutionContextId, Error> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let frame = session.hub.place.borrow().target.clone().unwrap_or_default();
        let mut world = CreateIsolatedWorldParams::new(frame);
        world.world_name = Some("walkon".to_owned());
        let context = session.ask(&world).await?.execution_context_id;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(context);
        Ok(context)
    }

    /// The page goes elsewhere: another world is made there when one is needed.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Calls a function on an element and takes its value.
    pub(super) async fn value(
        &self,
        session: &CdpSession,
        node: Option<&Node>,
        function: Function,
        arguments: &[Value],
    ) -> Result<Value, Error> {
        let result = self.call(session, node, function, arguments, true).await?;
        Ok(result.value.unwrap_or(Value::Null))
    }

    /// Calls a function on an element (`None`: in the document) and takes what it returns.
    pub(super) async fn call(
        &self,
        session: &CdpSession,
        node: Option<&Node>,
        function: Function,
        arguments: &[Value],
        by_value: bool,
    ) -> Result<RemoteObject, Error> {
        match self.try_call(session, node, function, arguments, by_value).await {
            // The page moved on since the world was made: once more, in the new one. A node of the
            // new page "does not belong" to the old world.
            Err(error) if is_stale(&error) || says_gone(&error) => {
                self.forget();
                self.try_call(session, node, function, arguments, by_value).await
            }
            result => result,
        }
        .map_err(gone)
    }

    /// Waits until the document changes, so long at most.
    pub(super) async fn change(&self, session: &CdpSession, within: Duration) -> Result<(), Error> {
        let mut call = CallFunctionOnParams::new(CHANGE.0);
        call.execution_context_id = Some(self.context(session).await?);
        let most = Value::from(within.as_millis() as u64);
        call.arguments = Some(vec![CallArgument { value: Some(most), ..Default::default() }]);
        call.await_promise = Some(true);
        session.ask(&call).await.map(drop)
    }

    async fn try_call(
        &self,
        session: &CdpSession,
        node: Option<&Node>,
        function: Function,
        arguments: &[Value],
        by_value: bool,
    ) -> Result<RemoteObject, Error> {
        let context = self.context(session).await?;
        let mut call = CallFunctionOnParams::new(function.0);
        match node {
            Some(node) => call.object_id = Some(resolve(session, node, context).await?),
            None => call.execution_context_id = Some(context),
        }
        let argument =
            |value: &Value| CallArgument { value: Some(value.clone()), ..Default::default() };
        call.arguments = Some(arguments.iter().map(argument).collect());
        call.return_by_value = Some(by_value);
        let answer = session.ask(&call).await?;
        match answer.exception_details {
            Some(details) => Err(Error::Protocol {
                call: "Runtime.callFunctionOn".to_owned(),
                why: details
                    .exception
                    .and_then(|thrown| thrown.description)
                    .unwrap_or(details.text),
            }),
            None => Ok(answer.result),
        }
    }
}

async fn resolve(
    session: &CdpSession,
    node: &Node,
    context: ExecutionContextId,
) -> Result<RemoteObjectId, Error> {
    let resolve = ResolveNodeParams {
        backend_node_id: Some(BackendNodeId::new(node.0)),
        execution_context_id: Some(context),
        ..Default::default()
    };
    session.ask(&resolve).await?.object.object_id.ok_or(Error::Gone)
}
