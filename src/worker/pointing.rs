//! Hands: scrolling, typing and reading on a page, as planned by `motion`; `press` points and
//! clicks.

use std::time::Duration;

use walkon_core::gesture::{Gesture, Point, Rect};
use walkon_core::kind::EffectClass;
use walkon_core::motion::glide::Glide;
use walkon_core::motion::{dwell, scroll, typing};
use walkon_core::recorder::Note;
use walkon_core::step::Locator;

use super::attempt::Trouble;
use super::perform::Performance;
use super::ready::Wants;
use crate::driver::{Node, Read};

/// The most screens that are scrolled to reach an element.
const SCREENS_MAX: usize = 40;
/// How far one notch of a wheel scrolls, in CSS pixels.
const NOTCH: f64 = 100.0;
/// How long a page is given to come to rest after a scroll, in milliseconds.
const REST_MS: f64 = 60.0;

/// How much a page interests: as much as any.
const INTEREST: f64 = 1.0;
/// How much of a screen is scrolled on at once.
const SCREEN: f64 = 0.7;

/// What is on screen.
#[derive(Debug, Clone, Copy)]
struct View {
    top: f64,
    width: f64,
    height: f64,
    document: f64,
}

impl View {
    fn rect(self) -> Rect {
        Rect { x: 0.0, y: 0.0, w: self.width, h: self.height }
    }

    /// Whether the box lies where a person would have it, or is as near as the page allows.
    fn holds(self, over: Rect) -> bool {
        let middle = over.center().y;
        (self.height * 0.12..=self.height * 0.88).contains(&middle)
            || (over.h > self.height && over.y <= self.height * 0.2 && over.y + over.h > middle)
    }

    /// How far to scroll so that the box comes to the middle, no further than the page goes.
    fn distance_to(self, over: Rect) -> f64 {
        let wanted = if over.h > self.height {
            over.y - self.height * 0.1
        } else {
            over.center().y - self.height / 2.0
        };
        let down = (self.document - self.height - self.top).max(0.0);
        wanted.clamp(-self.height * 0.8, self.height * 0.8).clamp(-self.top, down)
    }
}

impl Performance<'_> {
    async fn view(&self) -> Result<View, Trouble> {
        let text = self.session.read(&Read::Viewport).await?.unwrap_or_default();
        let mut numbers = text.split_whitespace().map(|number| number.parse().unwrap_or(0.0));
        let mut next = || numbers.next().unwrap_or(0.0);
        let (_, top, width, height, document) = (next(), next(), next(), next(), next());
        Ok(View { top, width, height, document })
    }

    /// Carries out a gesture at the fleet's pace and takes it down.
    pub(super) async fn carry_out(
        &mut self,
        gesture: Gesture,
        over: Option<Rect>,
        secret: bool,
    ) -> Result<(), Trouble> {
        let gesture = gesture.paced(self.pace);
        let late_ms = self.send(&gesture).await?;
        // Key by key a secret is as plain as in one piece.
        self.take_down(if secret { Gesture::default() } else { gesture }, over, late_ms);
        Ok(())
    }

    /// Lets the browser carry a gesture out as it is; the greatest lateness of an event.
    pub(super) async fn send(&mut self, gesture: &Gesture) -> Result<f64, Trouble> {
        let session = self.session;
        let done = self.attempt.bound(async { Ok(session.dispatch(gesture).await?) }).await?;
        self.pointer = gesture.end().unwrap_or(self.pointer);
        Ok(done.late_ms_max())
    }

    pub(super) fn take_down(&self, gesture: Gesture, over: Option<Rect>, late_ms_max: f64) {
        self.recorder.note(Note::Gesture { gesture, over, late_ms_max });
    }

    async fn scroll(&mut self, view: View, dy: f64) -> Result<(), Trouble> {
        // A wheel turns by whole notches: less than one would be none.
        let dy = if dy.abs() < NOTCH { NOTCH.copysign(dy) } else { dy };
        let gesture = if self.bundle.device.touch {
            scroll::flick(view.rect(), dy, self.persona, &mut self.rng)
        } else {
            let inside = view.rect().contains(self.pointer) && self.pointer != Point::default();
            let at = if inside { self.pointer } else { view.rect().center() };
            scroll::wheel(at, dy, self.persona, &mut self.rng)
        };
        self.carry_out(gesture, None, false).await?;
        self.sleep(Duration::from_secs_f64(REST_MS / 1000.0)).await
    }

    /// Scrolls on by most of a screen: by a fling where a finger is on it.
    pub(super) async fn scroll_a_screen(&mut self) -> Result<(), Trouble> {
        let (view, pace) = (self.view().await?, self.pace);
        let way = view.height * SCREEN;
        // At another pace the finger would have another speed, and the page another way.
        if !self.bundle.device.touch || (pace - 1.0).abs() > f64::EPSILON {
            return self.scroll(view, way).await;
        }
        // An emulated phone's pages glide as its browser lets them.
        let flung = scroll::fling(view.rect(), way, Glide::Desktop, self.persona, &mut self.rng);
        self.carry_out(flung.gesture, None, false).await?;
        self.sleep(Duration::from_secs_f64((flung.glide_ms + REST_MS) / 1000.0)).await
    }

    /// Scrolls until the element is there and in view.
    pub(super) async fn scroll_until(
        &mut self,
        locator: &Locator,
        within_ms: u64,
    ) -> Result<(), Trouble> {
        for _ in 0..SCREENS_MAX {
            if let [node] = self.matching(locator, None).await?.as_slice() {
                self.bring_into_view(node).await?;
                return Ok(());
            }
            self.scroll_a_screen().await?;
        }
        self.ready(locator, None, within_ms, Wants::There).await.map(drop)
    }

    /// Scrolls until the element is well inside the viewport, and says where it is.
    pub(super) async fn bring_into_view(&mut self, node: &Node) -> Result<Rect, Trouble> {
        let mut last = None;
        for _ in 0..SCREENS_MAX {
            let (over, view) = tokio::join!(self.session.quad(node), self.view());
            let Some(over) = over? else {
                return Err(self.page_trouble("element_hidden", "it is not shown".to_owned()));
            };
            let view = view?;
            let distance = view.distance_to(over);
            if view.holds(over) || distance.abs() < 2.0 {
                return Ok(over);
            }
            // The page does not follow: what is in view already is near enough.
            if last == Some((over.y, view.top)) && view.rect().contains(over.center()) {
                return Ok(over);
            }
            last = Some((over.y, view.top));
            self.scroll(view, distance).await?;
        }
        let (y, top) = last.unwrap_or_default();
        let why =
            format!("scrolling does not reach it: it stays at {y:.0} px, the page at {top:.0}");
        Err(self.page_trouble("element_unreachable", why))
    }

    /// Presses one key.
    pub(super) async fn press(&mut self, key: &str) -> Result<(), Trouble> {
        let gesture = typing::press_key(key, self.persona, &mut self.rng);
        self.carry_out(gesture, None, false).await
    }

    /// Types a text into what has the focus.
    pub(super) async fn type_text(&mut self, text: &str, secret: bool) -> Result<(), Trouble> {
        let gesture = typing::type_text(text, self.persona, &mut self.rng);
        self.carry_out(gesture, None, secret).await
    }

    /// Brings the element into view and stays: as long as its words take to read, where something
    /// is done about them after; whoever only looks leaves most pages before their end.
    pub(super) async fn read(&mut self, node: &Node) -> Result<(), Trouble> {
        self.bring_into_view(node).await?;
        let text = self.session.read(&Read::Text(node.clone())).await?.unwrap_or_default();
        let words = text.split_whitespace().count();
        let glance = dwell::glance_ms(self.persona, &mut self.rng);
        let looks = self.attempt.claimed.action.kind_row().effect == EffectClass::None;
        let reading = if looks {
            dwell::stay(words, INTEREST, self.persona, &mut self.rng).ms
        } else {
            dwell::read_ms(words, self.persona, &mut self.rng)
        };
        // Nobody reads a page of thousands of words to its end because a step says `read`.
        self.wait_ms((glance + reading).min(60_000.0)).await
    }
}
