//! Finding elements and asking about them.
//!
//! Role, name and label come from the accessibility tree (`tree.rs`), as a screen reader has them,
//! and test ids and CSS from the DOM. The rest needs a few lines in an isolated world.

use chromiumoxide_cdp::cdp::browser_protocol::dom::{
    BackendNodeId, DescribeNodeParams, GetContentQuadsParams, QuerySelectorAllParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::page::GetLayoutMetricsParams;
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use walkon_core::gesture::{Point, Rect};
use walkon_core::step::{Locator, folded};

use super::session::CdpSession;
use super::tree::{self, MATCHES_MAX, objects};
use super::world::gone;
use crate::driver::chromium::functions::{
    ATTRIBUTE, BY_TEXT, IS_ENABLED, IS_HIT, IS_THERE, TEXT, TITLE, VALUE,
};
use crate::driver::{Error, Node, Read};

/// Every element that the locator matches, in document order.
pub(super) async fn locate(
    session: &CdpSession,
    inside: Option<&Node>,
    by: &Locator,
) -> Result<Vec<Node>, Error> {
    let css = |selector: String| by_css(session, inside, selector);
    match (&by.role, &by.label, &by.text, &by.test_id, &by.css) {
        (Some(role), ..) => tree::by_role(session, inside, role, by.name.as_deref()).await,
        (_, Some(label), ..) => tree::by_label(session, inside, label).await,
        (_, _, Some(text), ..) => by_text(session, inside, text).await,
        (_, _, _, Some(id), _) => css(format!("[data-testid={}]", json!(id))).await,
        (.., Some(selector)) => css(selector.clone()).await,
        _ => Ok(Vec::new()),
    }
}

/// Every element that each of several locators matches. Those of one role are looked at once.
pub(super) async fn locate_each(
    session: &CdpSession,
    all: &[&Locator],
) -> Result<Vec<Vec<Node>>, Error> {
    let role = all.first().and_then(|by| by.role.as_deref());
    match role.filter(|role| all.iter().all(|by| by.role.as_deref() == Some(role))) {
        Some(role) => {
            let names: Vec<_> = all.iter().map(|by| by.name.as_deref()).collect();
            tree::by_names(session, None, role, &names).await
        }
        None => try_join_all(all.iter().map(|by| locate(session, None, by))).await,
    }
}

async fn by_css(
    session: &CdpSession,
    inside: Option<&Node>,
    selector: String,
) -> Result<Vec<Node>, Error> {
    // Asking for the document ends the numbers of others that look at the same time.
    let _turn = session.asking_tree.lock().await;
    let (root, _) = tree::root(session, inside).await?;
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
    let arguments = [json!(folded(text)), json!(MATCHES_MAX)];
    let mut nodes = Vec::new();
    for object in objects(session, inside, BY_TEXT, &arguments).await? {
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

/// Whether a click at the point, or at the middle of the element's visible part, would reach it.
pub(super) async fn hittable(
    session: &CdpSession,
    node: &Node,
    at: Option<Point>,
) -> Result<bool, Error> {
    let at = at.map_or_else(Vec::new, |at| vec![json!(at.x), json!(at.y)]);
    let answer = session.world.value(session, Some(node), IS_HIT, &at).await?;
    Ok(answer == Value::Bool(true))
}

/// Whether the element can be used.
pub(super) async fn enabled(session: &CdpSession, node: &Node) -> Result<bool, Error> {
    let answer = session.world.value(session, Some(node), IS_ENABLED, &[]).await?;
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
