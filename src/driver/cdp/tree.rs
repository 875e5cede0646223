//! The accessibility tree: what a screen reader would be told of the page.
//!
//! Asked as a whole it answers with the page's next frame, and takes as long as the page is large.
//! Mostly few elements could be meant; those are asked about one by one, which waits for nothing.

use chromiumoxide_cdp::cdp::browser_protocol::accessibility::{
    AxNode, AxValue, GetPartialAxTreeParams, QueryAxTreeParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::dom::{
    BackendNodeId, GetDocumentParams, NodeId, PushNodesByBackendIdsToFrontendParams,
};
use chromiumoxide_cdp::cdp::js_protocol::runtime::{GetPropertiesParams, RemoteObjectId};
use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use walkon_core::outline::Part;
use walkon_core::step::folded;

use super::session::CdpSession;
use super::world::gone;
use crate::driver::chromium::functions::{ELEMENTS, FEW, FIRST, Function};
use crate::driver::chromium::roles::{self, FIELDS};
use crate::driver::{Error, Node};

/// The most elements one locator gives; a strict one wants a single one.
pub(super) const MATCHES_MAX: usize = 200;
/// The most nodes of the tree that an outline is made of, texts and all.
const OUTLINE_MAX: usize = 2_000;
/// Up to so many elements the tree is read whole; of more, only the first are asked about.
const WHOLE_MAX: u64 = 10_000;
/// So many of those are asked about at a time.
const ASKED_AT_ONCE: usize = 32;
/// Up to so many elements that could be meant are asked about one by one: half a millisecond each,
/// measured; the whole tree takes a frame (17 ms) and more.
const FEW_MAX: usize = 24;

/// Every element of a role, and of a name if one is given.
pub(super) async fn by_role(
    session: &CdpSession,
    inside: Option<&Node>,
    role: &str,
    name: Option<&str>,
) -> Result<Vec<Node>, Error> {
    let mut found = by_names(session, inside, role, &[name]).await?;
    Ok(found.remove(0))
}

/// The same for several names of one role, looked at once where that is possible.
pub(super) async fn by_names(
    session: &CdpSession,
    inside: Option<&Node>,
    role: &str,
    names: &[Option<&str>],
) -> Result<Vec<Vec<Node>>, Error> {
    let few = match roles::could_be(role) {
        Some(could) => few(session, inside, &could, names).await?,
        None => None,
    };
    // The tree's own word for `img`.
    let role = if role == "img" { "image" } else { role };
    let meant = |all: &[AxNode], name: Option<&str>| {
        let is_meant = |node: &&AxNode| {
            let has_name = name.is_none_or(|name| is_called(node, name));
            word(node.role.as_ref()) == role && has_name
        };
        all.iter().filter(is_meant).filter_map(node_of).collect()
    };
    if let Some(few) = few {
        return Ok(names.iter().map(|name| meant(&few, *name)).collect());
    }
    let asked = names.iter().map(|name| query(session, inside, Some(role), *name));
    let found = try_join_all(asked).await?;
    Ok(found.iter().zip(names).map(|(found, name)| meant(found, *name)).collect())
}

/// Every field that a label names.
pub(super) async fn by_label(
    session: &CdpSession,
    inside: Option<&Node>,
    label: &str,
) -> Result<Vec<Node>, Error> {
    let found = match few(session, inside, roles::LABELED, &[Some(label)]).await? {
        Some(few) => few,
        None => query(session, inside, None, Some(label)).await?,
    };
    let is_meant =
        |node: &&AxNode| FIELDS.contains(&word(node.role.as_ref())) && is_called(node, label);
    Ok(found.iter().filter(is_meant).filter_map(node_of).collect())
}

/// The tree's nodes of what a selector matches, if that is all that could be meant, and not much;
/// where each of the names is one, without what says that it has another.
async fn few(
    session: &CdpSession,
    inside: Option<&Node>,
    could: &str,
    names: &[Option<&str>],
) -> Result<Option<Vec<AxNode>>, Error> {
    let names: Option<Vec<&str>> = names.iter().copied().collect();
    let arguments = [json!(could), json!(FEW_MAX), json!(names)];
    let list = session.world.call(session, inside, FEW, &arguments, false).await?;
    let Some(list) = list.object_id else { return Ok(None) };
    nodes(session, listed(session, list).await?).await.map(Some)
}

fn is_called(node: &AxNode, name: &str) -> bool {
    folded(word(node.name.as_ref())) == folded(name)
}

fn word(value: Option<&AxValue>) -> &str {
    value.and_then(|value| value.value.as_ref()?.as_str()).unwrap_or_default()
}

/// The root to look under: the element, or the document.
pub(super) async fn root(
    session: &CdpSession,
    inside: Option<&Node>,
) -> Result<(NodeId, BackendNodeId), Error> {
    let document = session.ask(&GetDocumentParams::builder().depth(0).build()).await?.root;
    let Some(node) = inside else { return Ok((document.node_id, document.backend_node_id)) };
    let backend = BackendNodeId::new(node.0);
    let push = PushNodesByBackendIdsToFrontendParams::new(vec![backend]);
    let pushed = session.ask(&push).await.map_err(gone)?.node_ids;
    let pushed = pushed.into_iter().next().filter(|id| *id.inner() != 0).ok_or(Error::Gone)?;
    Ok((pushed, backend))
}

/// Asks the tree, whole: it answers with the page's next frame.
async fn query(
    session: &CdpSession,
    inside: Option<&Node>,
    role: Option<&str>,
    name: Option<&str>,
) -> Result<Vec<AxNode>, Error> {
    let turn = session.asking_tree.lock().await;
    // By the number that ends with its document: the tree, asked by the other one about a document
    // that was left meanwhile, crashes the page.
    let (node_id, _) = root(session, inside).await?;
    let query = QueryAxTreeParams {
        node_id: Some(node_id),
        accessible_name: name.map(str::to_owned),
        role: role.map(str::to_owned),
        ..Default::default()
    };
    let nodes = session.ask(&query).await.map_err(gone)?.nodes;
    drop(turn);
    let own = |node: &AxNode| {
        let id = node.backend_dom_node_id.as_ref().map(|id| *id.inner());
        !node.ignored && (inside.is_none() || id != inside.map(|node| node.0))
    };
    let most = if role.is_none() && name.is_none() { OUTLINE_MAX } else { MATCHES_MAX };
    Ok(nodes.into_iter().filter(own).take(most).collect())
}

pub(super) fn node_of(node: &AxNode) -> Option<Node> {
    node.backend_dom_node_id.as_ref().map(|id| Node(*id.inner()))
}

/// Roles of the tree's own that nobody announces.
const SILENT: [&str; 5] = ["none", "generic", "StaticText", "InlineTextBox", "RootWebArea"];

/// What a screen reader would announce of the page; of a huge one, of its beginning.
pub(super) async fn outline(session: &CdpSession) -> Result<Vec<Part>, Error> {
    let elements = session.world.value(session, None, ELEMENTS, &[]).await?;
    let found = if elements.as_u64().is_some_and(|elements| elements <= WHOLE_MAX) {
        query(session, None, None, None).await?
    } else {
        beginning(session).await?
    };
    Ok(found.iter().filter_map(part).collect())
}

fn part(node: &AxNode) -> Option<Part> {
    let (role, name) = (word(node.role.as_ref()), word(node.name.as_ref()));
    let (role, name) = (role.to_owned(), name.to_owned());
    let role = if role == "image" { "img".to_owned() } else { role };
    (!role.is_empty() && !SILENT.contains(&role.as_str())).then_some(Part { role, name })
}

/// The tree's nodes of the first elements, one by one: a whole tree of a hundred thousand is tens
/// of megabytes, and seconds of the browser's time.
async fn beginning(session: &CdpSession) -> Result<Vec<AxNode>, Error> {
    nodes(session, objects(session, None, FIRST, &[json!(OUTLINE_MAX)]).await?).await
}

/// What the tree says of each of some elements; nothing of what is not announced.
async fn nodes(session: &CdpSession, objects: Vec<RemoteObjectId>) -> Result<Vec<AxNode>, Error> {
    let asked = stream::iter(objects).map(|object| async move {
        let partial = GetPartialAxTreeParams {
            object_id: Some(object),
            fetch_relatives: Some(false),
            ..Default::default()
        };
        Ok::<_, Error>(session.ask(&partial).await.map_err(gone)?.nodes)
    });
    let found: Vec<Vec<AxNode>> = asked.buffered(ASKED_AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().filter(|node| !node.ignored).collect())
}

/// The elements that a function of ours returns in a list.
pub(super) async fn objects(
    session: &CdpSession,
    inside: Option<&Node>,
    function: Function,
    arguments: &[Value],
) -> Result<Vec<RemoteObjectId>, Error> {
    let list = session.world.call(session, inside, function, arguments, false).await?;
    listed(session, list.object_id.ok_or(Error::Gone)?).await
}

/// What is in a list of the page's.
async fn listed(session: &CdpSession, list: RemoteObjectId) -> Result<Vec<RemoteObjectId>, Error> {
    let mut properties = GetPropertiesParams::new(list);
    properties.own_properties = Some(true);
    let properties = session.ask(&properties).await.map_err(gone)?.result;
    let own = properties.into_iter().filter(|property| property.enumerable);
    Ok(own.filter_map(|property| property.value?.object_id).collect())
}
