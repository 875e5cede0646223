//! A page of the fake browser: its text as HTML, what was typed into it, how far it is scrolled.
//!
//! The HTML is read anew for each question: pages are small, and nothing has to be kept in step.

use std::collections::BTreeMap;

use scraper::{ElementRef, Html};
use walkon_core::gesture::{Point, Rect};
use walkon_core::outline::Part;
use walkon_core::step::Locator;

use super::form::Form;
use super::reading;
use crate::driver::{Error, Node, Upload};

/// How high an element's row is, in CSS pixels: a form fits a desktop's viewport, a feed does not.
pub(super) const ROW: f64 = 24.0;
/// How wide an element is.
const WIDTH: f64 = 200.0;
/// Nodes of one page are numbered from its number times this.
const PAGE: i64 = 1_000_000;

/// A request that a click or a key leads to.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Deed {
    /// Where to.
    pub(super) url: String,
    /// What to post; `None`: only get it.
    pub(super) form: Option<Form>,
}

/// A page.
pub(super) struct Page {
    pub(super) url: String,
    html: String,
    /// The elements that are shown, in document order: one a row.
    rows: Vec<usize>,
    number: i64,
    typed: BTreeMap<usize, String>,
    given: BTreeMap<usize, Upload>,
    focus: Option<usize>,
    scrolled: f64,
    size: (u32, u32),
}

impl Page {
    pub(super) fn empty(width: u32, height: u32) -> Self {
        Self {
            url: "about:blank".to_owned(),
            html: String::new(),
            rows: Vec::new(),
            number: 0,
            typed: BTreeMap::new(),
            given: BTreeMap::new(),
            focus: None,
            scrolled: 0.0,
            size: (width, height),
        }
    }

    /// Shows another document.
    pub(super) fn show(&mut self, url: &str, html: String) {
        let parsed = Html::parse_document(&html);
        let all = elements(&parsed).into_iter().enumerate();
        let rows =
            all.filter(|(_, element)| reading::is_shown(*element)).map(|(at, _)| at).collect();
        let (number, size) = (self.number + 1, self.size);
        *self = Self { url: url.to_owned(), html, rows, number, ..Self::empty(size.0, size.1) };
    }

    /// The element that a node stands for, if it is of this page.
    pub(super) fn ordinal(&self, node: &Node) -> Option<usize> {
        (node.0 / PAGE == self.number).then_some((node.0 % PAGE) as usize)
    }

    fn ask<T>(&self, ordinal: usize, question: impl FnOnce(ElementRef<'_>) -> T) -> Option<T> {
        let html = Html::parse_document(&self.html);
        elements(&html).get(ordinal).copied().map(question)
    }

    pub(super) fn locate(&self, inside: Option<usize>, by: &Locator) -> Result<Vec<Node>, Error> {
        let html = Html::parse_document(&self.html);
        let all = elements(&html);
        let root = inside.and_then(|ordinal| all.get(ordinal).copied());
        let matching = reading::matcher(&html, by)?;
        let within = |element: &ElementRef<'_>| {
            root.is_none_or(|root| element.ancestors().any(|above| above.id() == root.id()))
        };
        let found =
            all.iter().enumerate().filter(|(_, element)| within(element) && matching(element));
        Ok(found.map(|(ordinal, _)| Node(self.number * PAGE + ordinal as i64)).collect())
    }

    /// Every part that has a role and is exposed.
    pub(super) fn outline(&self) -> Vec<Part> {
        let html = Html::parse_document(&self.html);
        elements(&html).into_iter().filter_map(|element| reading::part(&html, element)).collect()
    }

    pub(super) fn quad(&self, ordinal: usize) -> Option<Rect> {
        let row = self.rows.binary_search(&ordinal).ok()?;
        let y = row as f64 * ROW - self.scrolled;
        Some(Rect { x: 10.0, y, w: WIDTH, h: ROW - 4.0 })
    }

    /// Whether a point is in the viewport.
    pub(super) fn sees(&self, point: Point) -> bool {
        let (w, h) = (f64::from(self.size.0), f64::from(self.size.1));
        Rect { x: 0.0, y: 0.0, w, h }.contains(point)
    }

    /// The element at a point of the viewport.
    pub(super) fn at(&self, point: Point) -> Option<usize> {
        if !self.sees(point) {
            return None;
        }
        let row = ((point.y + self.scrolled) / ROW) as usize;
        let ordinal = *self.rows.get(row)?;
        self.quad(ordinal)?.contains(point).then_some(ordinal)
    }

    pub(super) fn scroll(&mut self, dy: f64) {
        let most = (self.rows.len() as f64 * ROW - f64::from(self.size.1)).max(0.0);
        self.scrolled = (self.scrolled + dy).clamp(0.0, most);
    }

    pub(super) fn viewport(&self) -> String {
        let (width, height) = self.size;
        format!("0 {} {width} {height} {}", self.scrolled, self.rows.len() as f64 * ROW)
    }

    pub(super) fn title(&self) -> Option<String> {
        let html = Html::parse_document(&self.html);
        let title = elements(&html).into_iter().find(|element| element.value().name() == "title");
        title.map(reading::text)
    }

    pub(super) fn text(&self, ordinal: usize) -> String {
        self.ask(ordinal, reading::text).unwrap_or_default()
    }

    pub(super) fn attribute(&self, ordinal: usize, name: &str) -> Option<String> {
        self.ask(ordinal, |element| element.attr(name).map(str::to_owned)).flatten()
    }

    pub(super) fn value(&self, ordinal: usize) -> Option<String> {
        let kept = self.ask(ordinal, reading::value).flatten()?;
        Some(self.typed.get(&ordinal).cloned().unwrap_or(kept))
    }

    /// Whether an element can be used.
    pub(super) fn enabled(&self, ordinal: usize) -> bool {
        self.ask(ordinal, reading::is_enabled).unwrap_or_default()
    }

    /// Puts a file into a field.
    pub(super) fn upload(&mut self, ordinal: usize, file: Upload) {
        self.given.insert(ordinal, file);
    }

    /// Chooses the next option that can be used of the list that has the focus.
    pub(super) fn choose_next(&mut self, down: bool) {
        let Some(focus) = self.focus else { return };
        let held = self.value(focus).unwrap_or_default();
        let next = self.ask(focus, |list| {
            let options = reading::options(list);
            let here = options.iter().position(|option| reading::text(*option) == held)?;
            let is_usable = |option: &&ElementRef<'_>| reading::is_enabled(**option);
            let next = if down {
                options.get(here + 1..)?.iter().find(is_usable)
            } else {
                options[..here].iter().rfind(is_usable)
            };
            next.map(|option| reading::text(*option))
        });
        if let Some(text) = next.flatten() {
            self.typed.insert(focus, text);
        }
    }

    /// Whether the focus is where a text goes.
    fn takes_text(&self) -> bool {
        let is_text = |element: ElementRef<'_>| element.value().name() != "select";
        self.focus.is_some_and(|focus| self.ask(focus, is_text).unwrap_or_default())
    }

    pub(super) fn type_text(&mut self, text: &str) {
        if !self.takes_text() {
            return;
        }
        if let Some(focus) = self.focus {
            let value = self.value(focus).unwrap_or_default() + text;
            self.typed.insert(focus, value);
        }
    }

    pub(super) fn erase(&mut self) {
        if let Some(focus) = self.focus {
            let mut value = self.value(focus).unwrap_or_default();
            value.pop();
            self.typed.insert(focus, value);
        }
    }

    /// Enter: a new line in a text area, else the form.
    pub(super) fn enter(&mut self) -> Option<Deed> {
        let focus = self.focus.filter(|_| self.takes_text())?;
        let name = self.ask(focus, |element| element.value().name().to_owned())?;
        if name == "textarea" {
            self.type_text("\n");
            return None;
        }
        self.submit(focus, None)
    }

    /// What a click on an element leads to.
    pub(super) fn click(&mut self, ordinal: usize) -> Option<Deed> {
        let html = Html::parse_document(&self.html);
        let all = elements(&html);
        let clicked = *all.get(ordinal)?;
        let mut above =
            std::iter::once(clicked).chain(clicked.ancestors().filter_map(ElementRef::wrap));
        let target = above.find(|element| {
            matches!(
                element.value().name(),
                "a" | "button" | "input" | "textarea" | "label" | "select"
            )
        })?;
        let at = |element: ElementRef<'_>| all.iter().position(|other| other.id() == element.id());
        match target.value().name() {
            "a" => {
                let href = target.attr("href").filter(|href| !href.starts_with('#'))?;
                Some(Deed { url: absolute(&self.url, href)?, form: None })
            }
            "button" if target.attr("disabled").is_none() => self.submit(at(target)?, Some(target)),
            "label" => {
                let field = target.attr("for")?;
                self.focus = all.iter().position(|element| element.attr("id") == Some(field));
                None
            }
            "input" if target.attr("type") == Some("submit") => {
                self.submit(at(target)?, Some(target))
            }
            "input" | "textarea" | "select" => {
                self.focus = at(target);
                None
            }
            _ => None,
        }
    }

    /// Submits the form that an element stands in.
    fn submit(&self, ordinal: usize, button: Option<ElementRef<'_>>) -> Option<Deed> {
        let html = Html::parse_document(&self.html);
        let all = elements(&html);
        let form = all.get(ordinal)?.ancestors().filter_map(ElementRef::wrap);
        let form = form.into_iter().find(|element| element.value().name() == "form")?;
        let says = |key: &str| button.and_then(|button| button.attr(key));
        let action = says("formaction").or(form.attr("action")).unwrap_or_default();
        let method = says("formmethod").or(form.attr("method")).unwrap_or("get");
        let mut sent = Form::default();
        for (ordinal, element) in all.iter().enumerate() {
            let inside = element.ancestors().any(|above| above.id() == form.id());
            let Some(name) = element.attr("name").filter(|_| inside) else { continue };
            if let Some(file) = self.given.get(&ordinal) {
                sent.files.push((name.to_owned(), file.clone()));
            } else if let Some(value) = self.sent(ordinal, *element) {
                // As forms are sent: line ends of the network's.
                sent.fields.push((name.to_owned(), value.replace('\n', "\r\n")));
            }
        }
        if let Some(name) = says("name") {
            sent.fields.push((name.to_owned(), says("value").unwrap_or_default().to_owned()));
        }
        let url = if action.is_empty() { self.url.clone() } else { absolute(&self.url, action)? };
        let post = method.eq_ignore_ascii_case("post");
        Some(Deed { url, form: post.then_some(sent) })
    }

    /// What a field sends: a list sends the value of the option whose text it shows.
    fn sent(&self, ordinal: usize, element: ElementRef<'_>) -> Option<String> {
        let shown = self.value(ordinal)?;
        let options = reading::options(element);
        let chosen = options.iter().find(|option| reading::text(**option) == shown);
        Some(chosen.and_then(|option| option.attr("value")).map_or(shown, str::to_owned))
    }
}

/// Every element in document order.
fn elements(html: &Html) -> Vec<ElementRef<'_>> {
    html.tree.root().descendants().filter_map(ElementRef::wrap).collect()
}

/// The whole address of a reference on a page.
pub(super) fn absolute(base: &str, reference: &str) -> Option<String> {
    let url = reqwest::Url::parse(base).ok()?.join(reference).ok()?;
    Some(url.to_string())
}

/// Scheme, host and port.
pub(super) fn origin(url: &str) -> Option<&str> {
    let start = url.find("://")? + 3;
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    Some(&url[..end])
}

/// The host, without the port.
pub(super) fn host(url: &str) -> Option<&str> {
    let authority = origin(url)?.split_once("://")?.1;
    Some(authority.rsplit_once(':').map_or(authority, |(host, _)| host))
}

/// The path.
pub(super) fn path(url: &str) -> &str {
    let rest = &url[origin(url).map_or(0, str::len)..];
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    if path.is_empty() { "/" } else { path }
}
