//! Finding elements and asking about them.
//!
//! Role, name and label come from the accessibility tree, as a screen reader has them, and test ids
//! and CSS from the DOM: no script runs for these. The rest needs a few lines in an isolated world.

use chromiumoxide_cdp::cdp::browser_protocol::accessibility::{AxNode, AxValue, QueryAxTreeParams};
use chromiumoxide_cdp::cdp::browser_protocol::dom::{
    BackendNodeId, DescribeNodeParams, GetContentQuadsParams, GetDocumentParams, NodeId,
    PushNodesByBackendIdsToFrontendParams, QuerySelectorAllParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::page::GetLayoutMetricsParams;
use chromiumoxide_cdp::cdp::js_protocol::runtime::{GetPropertiesParams, RemoteObjectId};
use serde_json::{Value, json};
use walkon_core::gesture::Rect;
use walkon_core::outline::Part;
use walkon_core::step::Locator;

use super::session::CdpSession;
use super::world::{Function, gone};
use crate::driver::{Error, Node, Read};

/// The most elements one locator gives; a strict one wants a single one.
const MATCHES_MAX: usize = 200;
/// The most nodes of the tree that an outline is made of, texts and all.
const OUTLINE_MAX: usize = 2_000;

/// The roles of what a label can name.
const FIELDS: [&str; 10] = [
    "textbox",
    "searchbox",
    "combobox",
    "checkbox",
    "radio",
    "spinbutton",
    "slider",
    "switch",
    "listbox",
    "button",
];

/// The innermost elements whose whole text is the given one.
const BY_TEXT: Function = Function(
    "function(text, most) {
        const fold = (s) => s.replace(/\\s+/g, ' ').trim();
        const root = this.querySelectorAll ? this : document;
        const found = [];
        for (const e of root.querySelectorAll('*')) {
            if (found.length >= most) break;
            if (e.closest('script,style,head,template')) continue;
            if (fold(e.textContent) !== text) continue;
            if ([...e.children].some((c) => fold(c.textContent) === text)) continue;
            found.push(e);
        }
        return found;
    }",
);

/// Whether the middle of the element's visible part is the element's, or its label's.
const IS_HIT: Function = Function(
    "function() {
        const boxes = [...this.getClientRects()].filter((b) => b.width > 0 && b.height > 0);
        const b = boxes.sort((p, q) => q.width * q.height - p.width * p.height)[0];
        if (!b) return false;
        const left = Math.max(b.left, 0), right = Math.min(b.right, innerWidth);
        const top = Math.max(b.top, 0), bottom = Math.min(b.bottom, innerHeight);
        if (right <= left || bottom <= top) return false;
        let hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        while (hit && hit.shadowRoot && !this.contains(hit)) {
            const inner = hit.shadowRoot.elementFromPoint((left + right) / 2, (top + bottom) / 2);
            if (!inner || inner === hit) break;
            hit = inner;
        }
        if (!hit) return false;
        const label = hit.closest('label');
        return this.contains(hit) || (label !== null && label.control === this);
    }",
);

const IS_THERE: Function = Function("function() { return this.isConnected }");
const TEXT: Function =
    Function("function() { return (this.innerText ?? this.textContent).trim() }");
const VALUE: Function =
    Function("function() { return 'value' in this ? String(this.value) : null }");
const ATTRIBUTE: Function = Function("function(name) { return this.getAttribute(name) }");
const TITLE: Function = Function("function() { return document.title }");

/// Every element that the locator matches, in document order.
pub(super) async fn locate(
    session: &CdpSession,
    inside: Option<&Node>,
    by: &Locator,
) -> Result<Vec<Node>, Error> {
    let css = |selector: String| by_css(session, inside, selector);
    match (&by.role, &by.label, &by.text, &by.test_id, &by.css) {
        (Some(role), ..) => by_role(session, inside, role, by.name.as_deref()).await,
        (_, Some(label), ..) => by_label(session, inside, label).await,
        (_, _, Some(text), ..) => by_text(session, inside, text).await,
        (_, _, _, Some(id), _) => css(format!("[data-testid={}]", json!(id))).await,
        (.., Some(selector)) => css(selector.clone()).await,
        _ => Ok(Vec::new()),
    }
}

/// The root to look under: the element, or the document.
async fn root(
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

async fn query(
    session: &CdpSession,
    inside: Option<&Node>,
    role: Option<&str>,
    name: Option<&str>,
) -> Result<Vec<AxNode>, Error> {
    let under = match inside {
        Some(node) => BackendNodeId::new(node.0),
        None => root(session, None).await?.1,
    };
    let query = QueryAxTreeParams {
        backend_node_id: Some(under),
        accessible_name: name.map(str::to_owned),
        role: role.map(str::to_owned),
        ..Default::default()
    };
    let nodes = session.ask(&query).await.map_err(gone)?.nodes;
    let own = |node: &AxNode| {
        let id = node.backend_dom_node_id.as_ref().map(|id| *id.inner());
        !node.ignored && (inside.is_none() || id != inside.map(|node| node.0))
    };
    let most = if role.is_none() && name.is_none() { OUTLINE_MAX } else { MATCHES_MAX };
    Ok(nodes.into_iter().filter(own).take(most).collect())
}

fn node_of(node: &AxNode) -> Option<Node> {
    node.backend_dom_node_id.as_ref().map(|id| Node(*id.inner()))
}

/// Roles of the tree's own that nobody announces.
const SILENT: [&str; 5] = ["none", "generic", "StaticText", "InlineTextBox", "RootWebArea"];

/// What a screen reader would announce of the page.
pub(super) async fn outline(session: &CdpSession) -> Result<Vec<Part>, Error> {
    let word = |value: Option<&AxValue>| {
        value.and_then(|value| value.value.as_ref()?.as_str()).unwrap_or_default().to_owned()
    };
    let part = |node: &AxNode| {
        let (role, name) = (word(node.role.as_ref()), word(node.name.as_ref()));
        let role = if role == "image" { "img".to_owned() } else { role };
        (!role.is_empty() && !SILENT.contains(&role.as_str())).then_some(Part { role, name })
    };
    let found = query(session, None, None, None).await?;
    Ok(found.iter().filter_map(part).collect())
}

async fn by_role(
    session: &CdpSession,
    inside: Option<&Node>,
    role: &str,
    name: Option<&str>,
) -> Result<Vec<Node>, Error> {
    // The tree's own word for `img`.
    let role = if role == "img" { "image" } else { role };
    let found = query(session, inside, Some(role), name).await?;
    Ok(found.iter().filter_map(node_of).collect())
}

async fn by_label(
    session: &CdpSession,
    inside: Option<&Node>,
    label: &str,
) -> Result<Vec<Node>, Error> {
    let found = query(session, inside, None, Some(label)).await?;
    let is_field = |node: &&AxNode| {
        let role = node.role.as_ref().and_then(|role| role.value.as_ref()?.as_str());
        role.is_some_and(|role| FIELDS.contains(&role))
    };
    Ok(found.iter().filter(is_field).filter_map(node_of).collect())
}

async fn by_css(
    session: &CdpSession,
    inside: Option<&Node>,
    selector: String,
) -> Result<Vec<Node>, Error> {
    let (root, _) = root(session, inside).await?;
    let found = session.ask(&QuerySelectorAllParams::new(root, selector)).await.map_err(gone)?;
    let mut nodes = Vec::new();
    for id in found.node_ids.into_iter().take(MATCHES_MAX) {
        let describe = DescribeNodeParams { node_id: Some(id), ..Default::default() };
        nodes.push(described(session, &describe).await?);
    }
    Ok(nodes)
}

async fn by_text(
    session: &CdpSession,
    inside: Option<&Node>,
    text: &str,
) -> Result<Vec<Node>, Error> {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let arguments = [json!(folded), json!(MATCHES_MAX)];
    let list = session.world.call(session, inside, BY_TEXT, &arguments, false).await?;
    let list: RemoteObjectId = list.object_id.ok_or(Error::Gone)?;
    let mut properties = GetPropertiesParams::new(list);
    properties.own_properties = Some(true);
    let properties = session.ask(&properties).await.map_err(gone)?.result;
    let mut nodes = Vec::new();
    for property in properties.into_iter().filter(|property| property.enumerable) {
        let Some(object) = property.value.and_then(|value| value.object_id) else { continue };
        let describe = DescribeNodeParams { object_id: Some(object), ..Default::default() };
        nodes.push(described(session, &describe).await?);
    }
    Ok(nodes)
}

async fn described(session: &CdpSession, describe: &DescribeNodeParams) -> Result<Node, Error> {
    let node = session.ask(describe).await.map_err(gone)?.node;
    Ok(Node(*node.backend_node_id.inner()))
}

/// The element's box in the viewport: of several (a link over two lines), the largest.
pub(super) async fn quad(session: &CdpSession, node: &Node) -> Result<Option<Rect>, Error> {
    let quads = GetContentQuadsParams {
        backend_node_id: Some(BackendNodeId::new(node.0)),
        ..Default::default()
    };
    let quads = match session.ask(&quads).await.map_err(gone) {
        Err(Error::Protocol { why, .. }) if why.contains("compute content quads") => {
            let there = session.world.value(session, Some(node), IS_THERE, &[]).await?;
            return if there == Value::Bool(true) { Ok(None) } else { Err(Error::Gone) };
        }
        answer => answer?.quads,
    };
    let boxes = quads.iter().filter_map(|quad| bounds(quad.inner()));
    let area = |rect: &Rect| rect.w * rect.h;
    Ok(boxes.max_by(|a, b| area(a).total_cmp(&area(b))))
}

/// The box around four corners; nothing if it has no area.
fn bounds(corners: &[f64]) -> Option<Rect> {
    let (xs, ys) = (corners.iter().step_by(2), corners.iter().skip(1).step_by(2));
    let (x, y) = (xs.clone().copied().reduce(f64::min)?, ys.clone().copied().reduce(f64::min)?);
    let (w, h) = (xs.copied().reduce(f64::max)? - x, ys.copied().reduce(f64::max)? - y);
    (w > 0.0 && h > 0.0).then_some(Rect { x, y, w, h })
}

/// Whether a click at the middle of the element's visible part would reach it.
pub(super) async fn hittable(session: &CdpSession, node: &Node) -> Result<bool, Error> {
    let answer = session.world.value(session, Some(node), IS_HIT, &[]).await?;
    Ok(answer == Value::Bool(true))
}

/// Reads something of the page.
pub(super) async fn read(session: &CdpSession, what: &Read) -> Result<Option<String>, Error> {
    let value = |node, function, arguments| session.world.value(session, node, function, arguments);
    let answer = match what {
        Read::Url => return Ok(Some(session.hub.place.borrow().url.clone())),
        Read::Viewport => return viewport(session).await.map(Some),
        Read::Title => value(None, TITLE, &[]).await?,
        Read::Text(node) => value(Some(node), TEXT, &[]).await?,
        Read::Value(node) => value(Some(node), VALUE, &[]).await?,
        Read::Attribute(node, name) => {
            let arguments = [json!(name)];
            session.world.value(session, Some(node), ATTRIBUTE, &arguments).await?
        }
    };
    Ok(answer.as_str().map(str::to_owned))
}

async fn viewport(session: &CdpSession) -> Result<String, Error> {
    let metrics = session.ask(&GetLayoutMetricsParams::default()).await?;
    let (view, whole) = (metrics.css_layout_viewport, metrics.css_content_size);
    let (x, y, w, h) = (view.page_x, view.page_y, view.client_width, view.client_height);
    Ok(format!("{x} {y} {w} {h} {}", whole.height))
}
