//! What a step waits for before it acts: the one rule of all steps, in one place.
//!
//! Whatever is pressed or typed into is, at once: exactly one match, rendered, in view, enabled, on
//! top at its middle, and at rest (two equal boxes at least a frame apart). It is looked at again
//! when the pointer has arrived, an instant before the press, now at the point that is pressed: a
//! page that has shifted meanwhile is aimed at anew, and so is a round button whose corner was met.
//! Where nobody hesitates, the match is the one that was found less than a frame before.
//! What is only read needs less: see [`Wants`].

use std::time::Duration;

use tokio::time::Instant;
use walkon_core::gesture::{Point, Rect};
use walkon_core::step::Locator;

use super::attempt::Trouble;
use super::looking::Looks;
use super::perform::Performance;
use crate::driver::{Error, Node};

/// A frame of the page, and a little: what moves has moved by then.
pub(super) const FRAME: Duration = Duration::from_millis(17);
/// How far an edge may be from where it was and the box still be the same, in CSS pixels.
const SAME_PX: f64 = 0.5;

/// How much of the rule a step asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// One match: it is read, or waited for, or takes a file (whose field is often unseen).
    There,
    /// And enabled, where it is not pressed.
    Usable,
    /// The whole rule: it is pressed.
    Pressable,
}

/// An element that is as its step wants it.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub(super) node: Node,
    /// Its box in the viewport; nothing where only [`Wants::There`] was asked.
    pub(super) over: Rect,
}

/// What an element lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    /// So many match, and not one.
    Match(usize),
    Hidden,
    Disabled,
    Covered,
    Moving,
}

impl Lack {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Match(0) => "element_missing",
            Self::Match(_) => "element_ambiguous",
            Self::Hidden => "element_hidden",
            Self::Disabled => "element_disabled",
            Self::Covered => "element_covered",
            Self::Moving => "element_moving",
        }
    }

    /// What it had become, with "each time" to follow.
    pub(super) fn had(self) -> &'static str {
        match self {
            Self::Match(_) => "it was gone",
            Self::Hidden => "it was not shown",
            Self::Disabled => "it was disabled",
            Self::Covered => "something else lay over it",
            Self::Moving => "it moved",
        }
    }

    fn words(self, locator: &Locator, within_ms: u64) -> String {
        match self {
            Self::Match(0) => format!("no {locator} appeared within {within_ms} ms"),
            Self::Match(count) => {
                format!("{count} elements are {locator}; a locator matches one")
            }
            Self::Hidden => format!("it was not shown within {within_ms} ms"),
            Self::Disabled => format!("it stayed disabled for {within_ms} ms"),
            Self::Covered => format!("something else lay over it for {within_ms} ms"),
            Self::Moving => format!("it did not come to rest within {within_ms} ms"),
        }
    }
}

/// Whether two boxes are the same to a hand.
pub(super) fn same(one: Rect, other: Rect) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= SAME_PX;
    near(one.x, other.x) && near(one.y, other.y) && near(one.w, other.w) && near(one.h, other.h)
}

impl Performance<'_> {
    /// Waits until the element is as the step wants it.
    pub(super) async fn ready(
        &mut self,
        locator: &Locator,
        scope: Option<&Node>,
        within_ms: u64,
        wants: Wants,
    ) -> Result<Ready, Trouble> {
        let until = Instant::now() + Duration::from_millis(within_ms);
        let mut looks = Looks::new(self.session);
        loop {
            let lack = match self.look(locator, scope, wants).await? {
                Ok(ready) => return Ok(ready),
                Err(lack) => lack,
            };
            let next = looks.next();
            if Instant::now() >= until {
                return Err(self.lacking(lack, locator, within_ms).await?);
            }
            self.look_for_refusal().await?;
            self.until(next).await?;
        }
    }

    /// The trouble of an element that lacks something.
    async fn lacking(
        &mut self,
        lack: Lack,
        locator: &Locator,
        within_ms: u64,
    ) -> Result<Trouble, Trouble> {
        // A challenge may come in answer to a click, too.
        self.look_for_notices().await?;
        let hint = if lack == Lack::Match(0) { self.like(locator).await } else { String::new() };
        let why = lack.words(locator, within_ms) + &hint;
        Ok(self.page_trouble(lack.code(), why))
    }

    /// Looks once; `Err`: what it lacks now.
    async fn look(
        &mut self,
        locator: &Locator,
        scope: Option<&Node>,
        wants: Wants,
    ) -> Result<Result<Ready, Lack>, Trouble> {
        let mut nodes = self.matching(locator, scope).await?;
        if nodes.len() != 1 {
            return Ok(Err(Lack::Match(nodes.len())));
        }
        self.look_at(nodes.remove(0), wants).await
    }

    /// Looks at an element that was found; `Err`: what it lacks now.
    pub(super) async fn look_at(
        &mut self,
        node: Node,
        wants: Wants,
    ) -> Result<Result<Ready, Lack>, Trouble> {
        match self.look_closely(node, wants).await {
            // It went while it was looked at: the page was changing, and nothing is there yet.
            Err(Trouble::Driver(Error::Gone)) => Ok(Err(Lack::Match(0))),
            looked => looked,
        }
    }

    async fn look_closely(
        &mut self,
        node: Node,
        wants: Wants,
    ) -> Result<Result<Ready, Lack>, Trouble> {
        let over = Rect::default();
        if wants == Wants::There {
            return Ok(Ok(Ready { node, over }));
        }
        let looks = tokio::try_join!(self.session.enabled(&node), self.session.quad(&node));
        let seen = Instant::now();
        let (is_enabled, shown) = looks?;
        if !is_enabled {
            return Ok(Err(Lack::Disabled));
        }
        if wants == Wants::Usable {
            return Ok(Ok(Ready { node, over }));
        }
        let Some(shown) = shown else { return Ok(Err(Lack::Hidden)) };
        let over = self.bring_into_view(&node).await?;
        // A frame after the first of two boxes that are the same.
        let since = if same(over, shown) { seen } else { Instant::now() };
        self.until(tokio::time::sleep_until(since + FRAME)).await?;
        let ready = Ready { node, over };
        Ok(match self.shaken(&ready, None).await? {
            Some(lack) => Err(lack),
            None => Ok(ready),
        })
    }

    /// What has changed about an element that was ready; nothing: it may be pressed now, there.
    pub(super) async fn shaken(
        &self,
        ready: &Ready,
        there: Option<Point>,
    ) -> Result<Option<Lack>, Trouble> {
        let node = &ready.node;
        let hit = async {
            match there {
                Some(point) => self.session.hits(node, point).await,
                None => self.session.hittable(node).await,
            }
        };
        let (over, hit, enabled) =
            tokio::try_join!(self.session.quad(node), hit, self.session.enabled(node))?;
        Ok(match over {
            None => Some(Lack::Hidden),
            Some(over) if !same(over, ready.over) => Some(Lack::Moving),
            _ if !enabled => Some(Lack::Disabled),
            _ if !hit => Some(Lack::Covered),
            _ => None,
        })
    }
}
