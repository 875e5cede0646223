//! Finding elements and asking about them.
//!
//! Test ids and CSS are the server's. For a role or a label it is given what could have it, by tag
//! and attribute, and is then asked of each, as a screen reader would be told: role and name are
//! the browser's own, computed, and what is not exposed has none.

use serde_json::{Value, json};
use walkon_core::gesture::{Point, Rect};
use walkon_core::outline::Part;
use walkon_core::step::{Locator, folded};

use super::session::WebSession;
use super::talk::Command;
use crate::driver::chromium::functions::{
    ATTRIBUTE, BY_TEXT, Function, IS_ENABLED, IS_HIT, TEXT, VALUE,
};
use crate::driver::chromium::roles::{self, FIELDS};
use crate::driver::{CALL_MAX, Error, Node, Read};

/// The most elements one locator gives; a strict one wants a single one.
const MATCHES_MAX: usize = 200;
/// The most elements that are asked about, one by one, for a role or a label.
const CANDIDATES_MAX: usize = 2_000;
/// The most elements that an outline asks about: each costs two questions.
const OUTLINE_MAX: usize = 200;

/// The key by which WebDriver marks an element among other values.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What could be announced at all.
const ANNOUNCED: &str = "a,article,aside,button,dialog,h1,h2,h3,h4,h5,h6,img,input,li,main,nav,ol,\
    option,section,select,summary,textarea,ul,[role],[contenteditable]";

/// The largest of an element's boxes (a link over two lines has several), in the viewport.
const QUAD: Function = Function(
    "function() {
        const boxes = [...this.getClientRects()].filter((b) => b.width > 0 && b.height > 0);
        const b = boxes.sort((p, q) => q.width * q.height - p.width * p.height)[0];
        return b ? [b.x, b.y, b.width, b.height] : null;
    }",
);
const VIEWPORT: Function = Function(
    "function() {
        const e = document.documentElement;
        const whole = (document.scrollingElement || e).scrollHeight;
        return [scrollX, scrollY, e.clientWidth, e.clientHeight, whole].join(' ');
    }",
);

/// Every element that the locator matches, in document order.
pub(super) async fn locate(
    session: &WebSession,
    inside: Option<&Node>,
    by: &Locator,
) -> Result<Vec<Node>, Error> {
    match (&by.role, &by.label, &by.text, &by.test_id, &by.css) {
        (Some(role), ..) => by_role(session, inside, role, by.name.as_deref()).await,
        (_, Some(label), ..) => by_label(session, inside, label).await,
        (_, _, Some(text), ..) => by_text(session, inside, text).await,
        (_, _, _, Some(id), _) => {
            by_css(session, inside, &format!("[data-testid={}]", json!(id))).await
        }
        (.., Some(selector)) => by_css(session, inside, selector).await,
        _ => Ok(Vec::new()),
    }
}

/// The elements of a list that the server or a function of ours has given.
fn nodes(session: &WebSession, list: &Value) -> Vec<Node> {
    let list = list.as_array().into_iter().flatten();
    let ids = list.filter_map(|element| element[ELEMENT].as_str()).take(MATCHES_MAX);
    let mut elements = session.elements();
    ids.map(|id| elements.node(id)).collect()
}

async fn by_css(
    session: &WebSession,
    inside: Option<&Node>,
    selector: &str,
) -> Result<Vec<Node>, Error> {
    Ok(nodes(session, &elements(session, inside, selector).await?))
}

/// What could be meant, by its number: all of it, for a match that is not looked at might be it.
async fn candidates(
    session: &WebSession,
    inside: Option<&Node>,
    selector: &str,
) -> Result<Vec<String>, Error> {
    let found = elements(session, inside, selector).await?;
    let found = found.as_array().into_iter().flatten();
    let ids: Vec<String> =
        found.filter_map(|element| element[ELEMENT].as_str().map(str::to_owned)).collect();
    if ids.len() > CANDIDATES_MAX {
        let why = format!("{} elements could be meant: name it by a test id or css", ids.len());
        return Err(Error::Protocol { call: "locate".to_owned(), why });
    }
    Ok(ids)
}

/// What is sought by role and name.
struct Wanted<'a> {
    roles: &'a [&'a str],
    name: Option<&'a str>,
}

impl Wanted<'_> {
    async fn is(&self, session: &WebSession, id: &str) -> Result<bool, Error> {
        // Most are told apart by their names alone.
        if let Some(name) = self.name
            && folded(&label_of(session, id).await?) != folded(name)
        {
            return Ok(false);
        }
        Ok(self.roles.contains(&role_of(session, id).await?.as_str()))
    }
}

/// The first few that are as wanted; what has gone meanwhile is not.
async fn chosen(
    session: &WebSession,
    ids: Vec<String>,
    wanted: Wanted<'_>,
) -> Result<Vec<Node>, Error> {
    let mut found = Vec::new();
    for id in ids {
        match wanted.is(session, &id).await {
            Ok(true) => found.push(session.elements().node(&id)),
            Ok(false) | Err(Error::Gone) => {}
            Err(error) => return Err(error),
        }
        if found.len() == MATCHES_MAX {
            break;
        }
    }
    Ok(found)
}

async fn elements(
    session: &WebSession,
    inside: Option<&Node>,
    selector: &str,
) -> Result<Value, Error> {
    let path = match inside {
        Some(node) => format!("element/{}/elements", session.elements().id(node)?),
        None => "elements".to_owned(),
    };
    let body = json!({ "using": "css selector", "value": selector });
    session.talk.ask("locate", CALL_MAX, &Command::post(&path, body)).await
}

async fn by_text(
    session: &WebSession,
    inside: Option<&Node>,
    text: &str,
) -> Result<Vec<Node>, Error> {
    let found = call(session, inside, BY_TEXT, &[json!(folded(text)), json!(MATCHES_MAX)]).await?;
    Ok(nodes(session, &found))
}

async fn by_role(
    session: &WebSession,
    inside: Option<&Node>,
    role: &str,
    name: Option<&str>,
) -> Result<Vec<Node>, Error> {
    let role = if role == "image" { "img" } else { role };
    let could = roles::could_be(role).unwrap_or_else(|| "*".to_owned());
    let could = candidates(session, inside, &could).await?;
    chosen(session, could, Wanted { roles: &[role], name }).await
}

async fn by_label(
    session: &WebSession,
    inside: Option<&Node>,
    label: &str,
) -> Result<Vec<Node>, Error> {
    let could = candidates(session, inside, roles::LABELED).await?;
    chosen(session, could, Wanted { roles: &FIELDS, name: Some(label) }).await
}

/// The role that the browser computes; none for what is not exposed.
async fn role_of(session: &WebSession, id: &str) -> Result<String, Error> {
    let role = computed(session, id, "computedrole").await?;
    Ok(if role == "image" { "img".to_owned() } else { role })
}

/// The accessible name that the browser computes.
async fn label_of(session: &WebSession, id: &str) -> Result<String, Error> {
    computed(session, id, "computedlabel").await
}

async fn computed(session: &WebSession, id: &str, what: &str) -> Result<String, Error> {
    let command = Command::get(&format!("element/{id}/{what}"));
    let answer = session.talk.ask("locate", CALL_MAX, &command).await?;
    Ok(answer.as_str().unwrap_or_default().to_owned())
}

/// Roles that nobody announces.
const SILENT: [&str; 4] = ["", "none", "generic", "presentation"];

/// What a screen reader would announce of the page; of a large one, of its beginning.
pub(super) async fn outline(session: &WebSession) -> Result<Vec<Part>, Error> {
    let mut parts = Vec::new();
    let found = elements(session, None, ANNOUNCED).await?;
    let ids = found.as_array().into_iter().flatten().filter_map(|one| one[ELEMENT].as_str());
    for id in ids.take(OUTLINE_MAX) {
        match (role_of(session, id).await, label_of(session, id).await) {
            (Ok(role), Ok(_)) if SILENT.contains(&role.as_str()) => {}
            (Ok(role), Ok(name)) => parts.push(Part { role, name }),
            // It went while others were asked about.
            (Err(Error::Gone), _) | (_, Err(Error::Gone)) => {}
            (Err(error), _) | (_, Err(error)) => return Err(error),
        }
    }
    Ok(parts)
}

/// Calls a function of ours on an element, or on the document.
pub(super) async fn call(
    session: &WebSession,
    node: Option<&Node>,
    function: Function,
    arguments: &[Value],
) -> Result<Value, Error> {
    let this = match node {
        Some(node) => json!({ ELEMENT: session.elements().id(node)? }),
        None => Value::Null,
    };
    let script = format!("return ({}).apply(arguments[0], arguments[1])", function.0);
    let body = json!({ "script": script, "args": [this, arguments] });
    session.talk.ask("look", CALL_MAX, &Command::post("execute/sync", body)).await
}

/// The element's box in the viewport: of several, the largest.
pub(super) async fn quad(session: &WebSession, node: &Node) -> Result<Option<Rect>, Error> {
    let answer = call(session, Some(node), QUAD, &[]).await?;
    let number = |at: usize| answer.get(at).and_then(Value::as_f64);
    let numbers = (number(0), number(1), number(2), number(3));
    let (Some(x), Some(y), Some(w), Some(h)) = numbers else { return Ok(None) };
    Ok(Some(Rect { x, y, w, h }))
}

/// Whether a click at the point, or at the middle of the element's visible part, would reach it.
pub(super) async fn hittable(
    session: &WebSession,
    node: &Node,
    at: Option<Point>,
) -> Result<bool, Error> {
    let at = at.map_or_else(Vec::new, |at| vec![json!(at.x), json!(at.y)]);
    Ok(call(session, Some(node), IS_HIT, &at).await? == Value::Bool(true))
}

/// Whether the element can be used.
pub(super) async fn enabled(session: &WebSession, node: &Node) -> Result<bool, Error> {
    Ok(call(session, Some(node), IS_ENABLED, &[]).await? == Value::Bool(true))
}

/// Reads something of the page.
pub(super) async fn read(session: &WebSession, what: &Read) -> Result<Option<String>, Error> {
    let get = async |path| session.talk.ask("read", CALL_MAX, &Command::get(path)).await;
    let answer = match what {
        Read::Url => get("url").await?,
        Read::Title => get("title").await?,
        Read::Viewport => call(session, None, VIEWPORT, &[]).await?,
        Read::Text(node) => call(session, Some(node), TEXT, &[]).await?,
        Read::Value(node) => call(session, Some(node), VALUE, &[]).await?,
        Read::Attribute(node, name) => call(session, Some(node), ATTRIBUTE, &[json!(name)]).await?,
    };
    Ok(answer.as_str().map(str::to_owned))
}
