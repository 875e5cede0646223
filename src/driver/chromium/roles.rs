//! Which elements could have a role: a selector that leaves none out, to ask about each. What it
//! has is the browser's to say.

use serde_json::json;

/// The roles of what a label can name.
pub(in crate::driver) const FIELDS: [&str; 10] = [
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

/// What could have a role without saying so.
const TAGS: [(&str, &str); 22] = [
    ("article", "article"),
    (
        "button",
        "button,summary,input[type=button i],input[type=submit i],input[type=reset i],\
      input[type=image i],input[type=file i],input[type=color i]",
    ),
    ("checkbox", "input[type=checkbox i]"),
    ("combobox", "select,input"),
    ("complementary", "aside"),
    ("dialog", "dialog"),
    ("form", "form"),
    ("heading", "h1,h2,h3,h4,h5,h6"),
    ("img", "img,svg,image"),
    ("link", "a,area"),
    ("list", "ul,ol,menu"),
    ("listbox", "select"),
    ("listitem", "li"),
    ("main", "main"),
    ("navigation", "nav"),
    ("option", "option"),
    ("paragraph", "p"),
    ("radio", "input[type=radio i]"),
    ("region", "section"),
    ("searchbox", "input[type=search i]"),
    ("spinbutton", "input[type=number i]"),
    ("textbox", "input,textarea,[contenteditable]"),
];

/// What a label could name.
pub(in crate::driver) const LABELED: &str = "input,textarea,select,button,[role],[contenteditable]";

/// What could have a role; `None`: anything could.
pub(in crate::driver) fn could_be(role: &str) -> Option<String> {
    let (_, tags) = TAGS.iter().find(|(named, _)| *named == role)?;
    Some(format!("{tags},[role~={} i]", json!(role)))
}
