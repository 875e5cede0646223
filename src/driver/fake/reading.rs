//! Reading HTML as a screen reader would, as far as practice pages need it.

use scraper::{ElementRef, Html, Selector};
use walkon_core::outline::Part;
use walkon_core::step::{Locator, folded};

use crate::driver::Error;

type Matcher<'a> = Box<dyn Fn(&ElementRef<'_>) -> bool + 'a>;

/// Says of an element whether a locator means it.
pub(super) fn matcher<'a>(html: &'a Html, by: &'a Locator) -> Result<Matcher<'a>, Error> {
    if let Some(role) = &by.role {
        return Ok(Box::new(move |element| {
            self::role(*element) == Some(role.as_str())
                && is_exposed(*element)
                && by.name.as_ref().is_none_or(|wanted| name(html, *element) == folded(wanted))
        }));
    }
    if let Some(label) = &by.label {
        return Ok(Box::new(move |element| {
            value(*element).is_some()
                && is_exposed(*element)
                && name(html, *element) == folded(label)
        }));
    }
    if let Some(wanted) = &by.text {
        let wanted = folded(wanted);
        return Ok(Box::new(move |element| {
            let same = |element: ElementRef<'_>| text(element) == wanted;
            let inner = element.children().filter_map(ElementRef::wrap).any(same);
            same(*element) && !inner && is_shown(*element)
        }));
    }
    let selector = match (&by.test_id, &by.css) {
        (Some(id), _) => format!("[data-testid=\"{id}\"]"),
        (_, Some(css)) => css.clone(),
        _ => return Ok(Box::new(|_| false)),
    };
    let selector = Selector::parse(&selector)
        .map_err(|error| Error::Protocol { call: "locate".to_owned(), why: error.to_string() })?;
    Ok(Box::new(move |element| selector.matches(element)))
}

/// The text of an element, folded.
pub(super) fn text(element: ElementRef<'_>) -> String {
    let unseen = |name: &str| matches!(name, "script" | "style" | "template");
    let mut whole = String::new();
    for node in element.descendants() {
        let parent = node.parent().and_then(ElementRef::wrap);
        if let Some(text) = node.value().as_text()
            && parent.is_none_or(|parent| !unseen(parent.value().name()))
        {
            whole.push_str(text);
        }
    }
    folded(&whole)
}

/// Whether an element is shown: the fake knows of no style but `hidden`.
pub(super) fn is_shown(element: ElementRef<'_>) -> bool {
    let hides = |element: ElementRef<'_>| {
        element.attr("hidden").is_some()
            || matches!(
                element.value().name(),
                "head" | "option" | "script" | "style" | "svg" | "template"
            )
            || element.attr("type") == Some("hidden")
    };
    !hides(element) && !element.ancestors().filter_map(ElementRef::wrap).any(hides)
}

fn is_exposed(element: ElementRef<'_>) -> bool {
    let silent = |element: ElementRef<'_>| element.attr("aria-hidden") == Some("true");
    is_shown(element)
        && !silent(element)
        && !element.ancestors().filter_map(ElementRef::wrap).any(silent)
}

/// The role of an element, as the accessibility tree would have it.
fn role(element: ElementRef<'_>) -> Option<&str> {
    if let Some(role) = element.attr("role") {
        return Some(role);
    }
    let named = element.attr("aria-label").is_some() || element.attr("aria-labelledby").is_some();
    Some(match element.value().name() {
        "a" if element.attr("href").is_some() => "link",
        "button" => "button",
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => "heading",
        "textarea" => "textbox",
        "select" => "combobox",
        "option" => "option",
        "input" => match element.attr("type").unwrap_or("text") {
            "submit" | "button" => "button",
            "checkbox" => "checkbox",
            "radio" => "radio",
            "search" => "searchbox",
            // A file's field is a button to a screen reader; here it has no role.
            "hidden" | "file" => return None,
            _ => "textbox",
        },
        "img" if element.attr("alt").is_some_and(|alt| !alt.is_empty()) => "img",
        "article" => "article",
        "main" => "main",
        "nav" => "navigation",
        "aside" => "complementary",
        "section" if named => "region",
        "ul" | "ol" => "list",
        "li" => "listitem",
        "p" => "paragraph",
        "dialog" => "dialog",
        _ => return None,
    })
}

/// The element as a screen reader would announce it, if it would.
pub(super) fn part(html: &Html, element: ElementRef<'_>) -> Option<Part> {
    let role = role(element).filter(|_| is_exposed(element))?.to_owned();
    Some(Part { role, name: name(html, element) })
}

/// The accessible name of an element.
fn name(html: &Html, element: ElementRef<'_>) -> String {
    let by_id = |id: &str| {
        let all = html.tree.root().descendants().filter_map(ElementRef::wrap);
        all.into_iter().find(|element| element.attr("id") == Some(id))
    };
    // In this order: https://www.w3.org/TR/accname-1.2/, steps 2B to 2D.
    if let Some(ids) = element.attr("aria-labelledby") {
        let texts = ids.split_whitespace().filter_map(by_id).map(text);
        return texts.collect::<Vec<_>>().join(" ");
    }
    let own = element.attr("aria-label").map(folded);
    if let Some(own) = own.filter(|own| !own.is_empty()) {
        return own;
    }
    match role(element) {
        Some("button" | "link" | "heading") => with_pictures(element),
        Some("img") => folded(element.attr("alt").unwrap_or_default()),
        Some("textbox" | "searchbox" | "checkbox" | "radio" | "combobox") => label(html, element),
        Some("option") => text(element),
        _ => String::new(),
    }
}

/// The text of an element; where it has none, what its pictures show.
fn with_pictures(element: ElementRef<'_>) -> String {
    let text = text(element);
    if !text.is_empty() {
        return text;
    }
    let inner = element.descendants().filter_map(ElementRef::wrap);
    folded(&inner.filter_map(|inner| inner.attr("alt")).collect::<Vec<_>>().join(" "))
}

/// The text of a field's label.
fn label(html: &Html, field: ElementRef<'_>) -> String {
    let all = html.tree.root().descendants().filter_map(ElementRef::wrap);
    let mut labels = all.filter(|element| element.value().name() == "label");
    let id = field.attr("id");
    let of_field = |label: &ElementRef<'_>| {
        let around = field.ancestors().any(|above| above.id() == label.id());
        around || (id.is_some() && label.attr("for") == id)
    };
    labels.find(of_field).map(text).unwrap_or_default()
}

/// Whether an element can be used.
pub(super) fn is_enabled(element: ElementRef<'_>) -> bool {
    let is_said = |element: ElementRef<'_>| element.attr("aria-disabled") == Some("true");
    element.attr("disabled").is_none()
        && !is_said(element)
        && !element.ancestors().filter_map(ElementRef::wrap).any(is_said)
}

/// The options of a list.
pub(super) fn options(list: ElementRef<'_>) -> Vec<ElementRef<'_>> {
    let inner = list.descendants().filter_map(ElementRef::wrap);
    inner.filter(|element| element.value().name() == "option").collect()
}

/// What a field holds as the page came; nothing for what is no field.
pub(super) fn value(element: ElementRef<'_>) -> Option<String> {
    match element.value().name() {
        "textarea" => Some(element.text().collect()),
        "select" => {
            let all = options(element);
            let chosen = all.iter().find(|option| option.attr("selected").is_some());
            chosen.or(all.first()).map(|option| text(*option))
        }
        "input"
            if matches!(element.attr("type"), Some("submit" | "button" | "checkbox" | "radio")) =>
        {
            None
        }
        "input" => Some(element.attr("value").unwrap_or_default().to_owned()),
        _ => None,
    }
}
