//! Choosing from a list and giving a file: what a form takes besides clicks and texts.
//!
//! A list of the browser's own opens outside of the page, where no pointer of ours reaches: it is
//! opened by a click and chosen from by keys, as by a person with a keyboard. One that the page
//! draws itself is opened, and its option pressed.

use std::time::Duration;

use tokio::time::Instant;
use walkon_core::kind::nearest;
use walkon_core::step::{Locator, Step, folded};

use super::attempt::Trouble;
use super::perform::{LOOK_EVERY, Performance};
use super::ready::{Ready, Wants};
use crate::driver::{Node, Read, Upload};

/// The most options that are named where one is missing.
const NAMED: usize = 8;

/// The options of a list of the browser's own.
struct Options {
    nodes: Vec<Node>,
    texts: Vec<String>,
}

impl Performance<'_> {
    /// Chooses the option of that text.
    pub(super) async fn select(
        &mut self,
        step: &Step,
        list: &Locator,
        scope: Option<&Node>,
        option: &str,
    ) -> Result<(), Trouble> {
        let option = folded(&self.expand(option));
        let ready = self.ready(list, scope, step.within_ms, Wants::Pressable).await?;
        let options = self.options(&ready.node, step.within_ms, &option).await?;
        let Some(options) = options else {
            return self.select_drawn(step, list, scope, ready, &option).await;
        };
        let wanted = self.wanted(&options, &option)?;
        if !self.session.enabled(&options.nodes[wanted]).await? {
            let why = format!("the option \"{option}\" is disabled");
            return Err(self.page_trouble("option_disabled", why));
        }
        let held = Read::Value(ready.node.clone());
        if self.session.read(&held).await?.is_some_and(|text| folded(&text) == option) {
            return Ok(());
        }
        if self.session.quad(&options.nodes[wanted]).await?.is_some() {
            // It stands open in the page: its options can be pressed.
            let node = options.nodes[wanted].clone();
            let over = self.bring_into_view(&node).await?;
            self.press_on(Ready { node, over }, None).await?;
        } else {
            self.press_on(ready.clone(), Some((list, scope, step.within_ms))).await?;
            self.walk_options(&ready.node, &options, wanted).await?;
        }
        self.chosen(&held, &option, step.within_ms).await
    }

    /// The options of the browser's own list, once the wanted one is among them or the time is up;
    /// `None`: it is a list that the page draws itself.
    async fn options(
        &mut self,
        list: &Node,
        within_ms: u64,
        wanted: &str,
    ) -> Result<Option<Options>, Trouble> {
        let until = Instant::now() + Duration::from_millis(within_ms);
        loop {
            let nodes = self.session.locate_in(list, &Locator::css("option")).await?;
            if nodes.is_empty() {
                return Ok(None);
            }
            let mut texts = Vec::new();
            for node in &nodes {
                let text = self.session.read(&Read::Text(node.clone())).await?;
                texts.push(folded(&text.unwrap_or_default()));
            }
            // Some lists are filled by a script after the page has loaded.
            if texts.iter().any(|text| text == wanted) || Instant::now() >= until {
                return Ok(Some(Options { nodes, texts }));
            }
            self.sleep(LOOK_EVERY).await?;
        }
    }

    /// The place of the one option of that text.
    fn wanted(&self, options: &Options, wanted: &str) -> Result<usize, Trouble> {
        let texts = || options.texts.iter().map(String::as_str);
        let mut found = (0..options.texts.len()).filter(|at| options.texts[*at] == wanted);
        match (found.next(), found.next()) {
            (Some(at), None) => Ok(at),
            (Some(_), Some(_)) => {
                let why = format!("several options are \"{wanted}\"");
                Err(self.page_trouble("option_ambiguous", why))
            }
            (None, _) => {
                let near = nearest(wanted, texts());
                let near = near.map_or(String::new(), |near| format!("did you mean \"{near}\"? "));
                let some: Vec<_> = texts().take(NAMED).map(|text| format!("\"{text}\"")).collect();
                let more = if options.texts.len() > NAMED { ", …" } else { "" };
                let list = some.join(", ");
                let why = format!("there is no option \"{wanted}\"; {near}it has {list}{more}");
                Err(self.page_trouble("option_missing", why))
            }
        }
    }

    /// Goes through an open list by the arrow keys, past what is disabled, and takes the wanted.
    async fn walk_options(
        &mut self,
        list: &Node,
        options: &Options,
        wanted: usize,
    ) -> Result<(), Trouble> {
        let here = self.session.read(&Read::Value(list.clone())).await?;
        let here = here.map(|text| folded(&text)).unwrap_or_default();
        let here = options.texts.iter().position(|text| *text == here).unwrap_or(0);
        let (key, between) = if wanted > here {
            ("ArrowDown", here + 1..wanted)
        } else {
            ("ArrowUp", wanted + 1..here)
        };
        let mut times = 1;
        for at in between {
            times += usize::from(self.session.enabled(&options.nodes[at]).await?);
        }
        for _ in 0..times {
            self.press(key).await?;
        }
        self.press("Enter").await
    }

    /// Chooses from a list that the page draws: its options have that role.
    async fn select_drawn(
        &mut self,
        step: &Step,
        list: &Locator,
        scope: Option<&Node>,
        ready: Ready,
        option: &str,
    ) -> Result<(), Trouble> {
        let by_name = Locator::role("option", option);
        let inside = self.matching(&by_name, Some(&ready.node)).await?;
        let within = if inside.is_empty() { None } else { Some(ready.node.clone()) };
        if within.is_none() {
            self.press_on(ready, Some((list, scope, step.within_ms))).await?;
            self.hesitate().await;
        }
        let there = (&by_name, within.as_ref(), step.within_ms);
        let found = self.ready(there.0, there.1, there.2, Wants::Pressable).await?;
        self.press_on(found, Some(there)).await
    }

    /// Waits until the list shows what was chosen.
    async fn chosen(&mut self, held: &Read, option: &str, within_ms: u64) -> Result<(), Trouble> {
        let until = Instant::now() + Duration::from_millis(within_ms);
        loop {
            let shown = self.session.read(held).await?.map(|text| folded(&text));
            if shown.as_deref() == Some(option) {
                return Ok(());
            }
            if Instant::now() >= until {
                let shown = shown.unwrap_or_default();
                let why = format!("the list shows \"{shown}\", not \"{option}\"");
                return Err(self.page_trouble("option_not_chosen", why));
            }
            self.sleep(LOOK_EVERY).await?;
        }
    }

    /// Puts a file of the site's folder into a field.
    pub(super) async fn give(&mut self, field: &Node, file: &str) -> Result<(), Trouble> {
        let name = self.expand(file);
        let lease = self.attempt.claimed.lease.clone();
        let desk = self.desk;
        let asked = async { Ok(desk.file(&lease, &name).await?) };
        let Some(bytes) = self.attempt.bound(asked).await? else {
            let why = format!("there is no file `{name}` in the site's folder `files`");
            return Err(Trouble::Never { code: "file_missing", why });
        };
        self.hesitate().await;
        Ok(self.session.upload(field, &Upload { name, bytes }).await?)
    }
}
