//! One step: the verb it has, what goes with it, and whether that can ever work.

use jiff::SignedDuration;

use super::super::keys;
use super::super::read::RawStep;
use super::{Mistake, check_locator, mistake};
use crate::action::listed;
use crate::kind::nearest;
use crate::step::{Ends, Locator, Step, Verb};

/// How long an element may take to be ready, unless the step says otherwise.
const WITHIN_MS: u64 = 5_000;
/// How long a page may take to open, at most.
const OPEN_WITHIN_MS: u64 = 20_000;
/// The most times a block may be done by one step.
const TIMES_MAX: u32 = 100;
/// How often `each` does its block, unless it says otherwise.
const EACH_LIMIT: u32 = 10;

fn milliseconds(text: &str) -> Result<u64, Mistake> {
    let wrong = || (format!("`{text}` is not a time"), "write for example `800ms` or `2s`".into());
    let parsed: SignedDuration = text.parse().map_err(|_| wrong())?;
    u64::try_from(parsed.as_millis()).map_err(|_| wrong())
}

/// A step as it is written, as one that can be carried out.
pub(super) fn build_step(raw: RawStep) -> Result<Step, Mistake> {
    let opens = raw.open.is_some();
    let usual = if opens { OPEN_WITHIN_MS } else { WITHIN_MS };
    let within_ms = raw.within.as_deref().map_or(Ok(usual), milliseconds)?;
    if opens && within_ms > OPEN_WITHIN_MS {
        return mistake("a page has 20 seconds at most", "write a shorter `within`");
    }
    let deadline_ms = raw.deadline.as_deref().map(milliseconds).transpose()?;
    let in_item = match raw.within_item.as_deref() {
        None => false,
        Some("item") => true,
        Some(other) => {
            return mistake(format!("nothing is called `{other}`"), "write `in = \"item\"`");
        }
    };
    let (commit, given) = (raw.commit, raw.given());
    let verb = one_verb(raw)?;
    if let Some(wrong) = keys::foreign(&given, &verb) {
        return Err(wrong);
    }
    if let Some(locator) = verb.locator() {
        let is_item = in_item && *locator == Locator::default();
        if !is_item {
            check_locator(locator)?;
        }
    }
    if commit && !matches!(verb, Verb::Click(_) | Verb::Press(_)) {
        return mistake(
            format!("`{}` cannot be the `commit` step", verb.word()),
            "mark the `click` or `press` that sends it",
        );
    }
    Ok(Step { verb, in_item, commit, within_ms, deadline_ms })
}

/// The one verb of a step.
fn one_verb(mut raw: RawStep) -> Result<Verb, Mistake> {
    let mut verbs = plain(&mut raw)?;
    verbs.extend(on_fields(&mut raw)?);
    verbs.extend(of_blocks(&mut raw)?);
    if verbs.len() > 1 {
        let words: Vec<_> = verbs.iter().map(Verb::word).collect();
        return mistake(format!("one step says {}", words.join(" and ")), "make them two steps");
    }
    verbs.pop().ok_or_else(|| {
        let known = "open, scroll_until, read, click, type, press, select, upload, wait_for, when, \
                     each, repeat, pick, use, extract, expect, pause";
        ("the step says nothing to do".to_owned(), format!("write one of: {known}"))
    })
}

/// Those that stand alone.
fn plain(raw: &mut RawStep) -> Result<Vec<Verb>, Mistake> {
    let mut verbs = Vec::new();
    verbs.extend(raw.open.take().map(Verb::Open));
    verbs.extend(raw.scroll_until.take().map(Verb::ScrollUntil));
    verbs.extend(raw.read.take().map(Verb::Read));
    verbs.extend(raw.click.take().map(Verb::Click));
    verbs.extend(raw.press.take().map(known_key).transpose()?.map(Verb::Press));
    verbs.extend(raw.wait_for.take().map(Verb::WaitFor));
    verbs.extend(raw.expect.take().map(Verb::Expect));
    verbs.extend(raw.used.take().map(Verb::Use));
    if let Some((from, to)) = raw.pause.take() {
        let (from_ms, to_ms) = (milliseconds(&from)?, milliseconds(&to)?);
        verbs.push(Verb::Pause { from_ms: from_ms.min(to_ms), to_ms: from_ms.max(to_ms) });
    }
    Ok(verbs)
}

/// Those that name what they do and, beside it, where.
fn on_fields(raw: &mut RawStep) -> Result<Vec<Verb>, Mistake> {
    let place = |there: &Option<Locator>, verb: &str, key: &str| {
        let what = format!("`{verb}` needs a field");
        there.clone().ok_or_else(|| (what, format!("add `{key} = {{ label = \"…\" }}`")))
    };
    let mut verbs = Vec::new();
    if let Some(text) = raw.type_text.take() {
        verbs.push(Verb::Type { text, into: place(&raw.into, "type", "into")? });
    }
    if let Some(option) = raw.select.take() {
        verbs.push(Verb::Select { option, from: place(&raw.from, "select", "from")? });
    }
    if let Some(file) = raw.upload.take() {
        let into = place(&raw.into, "upload", "into")?;
        verbs.push(Verb::Upload { file: file_name(file)?, into });
    }
    if let Some(name) = raw.extract.take() {
        let from = raw.from.clone().unwrap_or_default();
        verbs.push(Verb::Extract { name, from, attribute: raw.attribute.take() });
    }
    Ok(verbs)
}

/// Those that do a block.
fn of_blocks(raw: &mut RawStep) -> Result<Vec<Verb>, Mistake> {
    let block = raw.block.take();
    let need = || {
        let missing = || ("`do` is missing".to_owned(), "add `do = \"…\"`".to_owned());
        block.clone().ok_or_else(missing)
    };
    let mut verbs = Vec::new();
    if let Some(there) = raw.when.take() {
        if block.is_none() && raw.otherwise.is_none() {
            return mistake("`when` does nothing", "add `do = \"…\"` or `else = \"…\"`");
        }
        let otherwise = raw.otherwise.take();
        verbs.push(Verb::When { there, then: block.clone(), otherwise });
    }
    if let Some(of) = raw.each.take() {
        let limit = bounded(raw.limit.unwrap_or(EACH_LIMIT))?;
        verbs.push(Verb::Each { of, block: need()?, limit });
    }
    if let Some(times) = raw.repeat {
        let ends = match (raw.until.take(), raw.as_long_as.take()) {
            (Some(_), Some(_)) => {
                return mistake("one step says until and while", "keep one of the two");
            }
            (until, other) => until.map(Ends::Until).or(other.map(Ends::While)),
        };
        verbs.push(Verb::Repeat { times: bounded(times)?, block: need()?, ends });
    } else if raw.until.is_some() || raw.as_long_as.is_some() {
        let what = "it would repeat without end";
        return mistake(what, format!("add `repeat = 10`, 1 to {TIMES_MAX}: the most rounds"));
    }
    if let Some(among) = raw.pick.take() {
        if among.len() < 2 || among.values().any(|weight| *weight == 0) {
            let what = "`pick` chooses among two blocks or more, each with a weight of at least 1";
            return mistake(what, "write `pick = { one = 3, other = 1 }`");
        }
        verbs.push(Verb::Pick(among));
    }
    Ok(verbs)
}

/// A file's name, without a way to anywhere else; words in it are filled in later.
fn file_name(file: String) -> Result<String, Mistake> {
    let is_plain = !file.is_empty() && !file.starts_with('.') && !file.contains(['/', '\\', '\0']);
    if is_plain {
        return Ok(file);
    }
    let remedy = "put it into the site's folder `files` and write its name alone";
    mistake(format!("`{file}` is not a file's name"), remedy)
}

/// Keys that may be pressed beside those of a text.
const KEYS: [&str; 13] = [
    "Enter",
    "Escape",
    "Tab",
    "Backspace",
    "Delete",
    "ArrowUp",
    "ArrowDown",
    "ArrowLeft",
    "ArrowRight",
    "PageUp",
    "PageDown",
    "Home",
    "End",
];

/// A key that drivers know: a slip here would show only after `begin`.
fn known_key(key: String) -> Result<String, Mistake> {
    let is_sign = key.len() == 1 && key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_sign || KEYS.contains(&key.as_str()) {
        return Ok(key);
    }
    let near = nearest(&key, KEYS);
    let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    let remedy = format!("{hint}Known: one sign of a US keyboard, or {}", listed(KEYS));
    mistake(format!("there is no key `{key}`"), remedy)
}

fn bounded(times: u32) -> Result<u32, Mistake> {
    if (1..=TIMES_MAX).contains(&times) {
        return Ok(times);
    }
    mistake(format!("{times} times is out of range"), format!("write 1 to {TIMES_MAX}"))
}
