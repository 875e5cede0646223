//! Pressing an element: the way there, one more look, and only then the button or the finger.
//!
//! A gesture is planned whole and carried out in two parts. Between them the element is looked at
//! again ([`Performance::shaken`]), as late as can be: the rest before the press is waited first.
//! What has moved, is covered or disabled by then is not pressed, and neither is what came to lie
//! in its place; the hand aims anew.

use std::time::Duration;

use tokio::time::Instant;
use walkon_core::gesture::{Gesture, Input, Point, Rect, Timed};
use walkon_core::motion::pointer;
use walkon_core::step::Locator;

use super::attempt::Trouble;
use super::perform::Performance;
use super::ready::{Lack, Ready, Wants};
use crate::driver::Node;

/// How often the hand aims, at the least, at an element that does not stand still; it goes on as
/// long as the step may take.
const AIMS: u32 = 5;
/// How many points are drawn, at most, for one that is the element's own.
const DRAWS: u32 = 16;
/// How long before the press it begins to look: a look takes some milliseconds of it.
const LOOK_MS: f64 = 8.0;

/// How an element is found again: its locator, the item around it, and how long it may take.
pub(super) type Again<'a> = (&'a Locator, Option<&'a Node>, u64);

impl Performance<'_> {
    /// Moves to the element and clicks or taps it; where it has moved meanwhile, finds it again.
    pub(super) async fn press_on(
        &mut self,
        mut ready: Ready,
        again: Option<Again<'_>>,
    ) -> Result<(), Trouble> {
        let within_ms = again.map_or(0, |(.., within_ms)| within_ms);
        let until = Instant::now() + Duration::from_millis(within_ms);
        let mut aims = 0;
        loop {
            let Some(lack) = self.press_once(&ready).await? else { return Ok(()) };
            aims += 1;
            if aims >= AIMS && Instant::now() >= until {
                let why = format!("{} each time the pointer came to it, {aims} times", lack.had());
                return Err(self.page_trouble(lack.code(), why));
            }
            let lost = ready.node;
            match again {
                Some((locator, scope, within_ms)) => {
                    ready = self.ready(locator, scope, within_ms, Wants::Pressable).await?;
                }
                None => ready = Ready { over: self.bring_into_view(&lost).await?, node: lost },
            }
        }
    }

    /// A gesture whose press meets the element: one that is round, or partly covered, fills its box
    /// in part only. A pointer that rests in another part of the box would stay there: it is sent
    /// nearer to the middle.
    async fn aimed(&mut self, ready: &Ready) -> Result<(Gesture, Gesture, f64), Trouble> {
        let mut draws = 0;
        let mut over = ready.over;
        loop {
            draws += 1;
            let gesture = if self.bundle.device.touch {
                pointer::tap(over, self.persona, &mut self.rng)
            } else {
                pointer::click(self.pointer, over, self.persona, &mut self.rng)
            };
            let parts = parted(gesture.paced(self.pace));
            let Some(at) = pressed_at(&parts.1) else { return Ok(parts) };
            if draws == DRAWS || self.session.hits(&ready.node, at).await? {
                return Ok(parts);
            }
            if over.contains(self.pointer) {
                over = inner_half(over);
            }
        }
    }

    /// One aim; what the element lacked, if it was not ready any more when the pointer was there.
    async fn press_once(&mut self, ready: &Ready) -> Result<Option<Lack>, Trouble> {
        let (mut way, press, rest_ms) = self.aimed(ready).await?;
        let mut late_ms = self.send(&way).await?;
        let begun = Instant::now();
        self.sleep(Duration::from_secs_f64((rest_ms - LOOK_MS).max(0.0) / 1_000.0)).await?;
        if let Some(lack) = self.shaken(ready, pressed_at(&press)).await? {
            self.take_down(way, Some(ready.over), late_ms);
            return Ok(Some(lack));
        }
        let waited_ms = begun.elapsed().as_secs_f64() * 1_000.0;
        let press = later(press, (rest_ms - waited_ms).max(0.0));
        late_ms = late_ms.max(self.send(&press).await?);
        let at_ms = way.duration_ms() + waited_ms;
        way.0.extend(later(press, at_ms).0);
        self.take_down(way, Some(ready.over), late_ms);
        Ok(None)
    }
}

/// The middle of a box, half as wide and half as high.
fn inner_half(over: Rect) -> Rect {
    let Rect { x, y, w, h } = over;
    Rect { x: x + w / 4.0, y: y + h / 4.0, w: w / 2.0, h: h / 2.0 }
}

/// A gesture up to its first press, the press from its own beginning on, and the time between.
fn parted(mut gesture: Gesture) -> (Gesture, Gesture, f64) {
    let is_press = |timed: &Timed| matches!(timed.input, Input::Down(_) | Input::TouchStart(_));
    let at = gesture.0.iter().position(is_press).unwrap_or(gesture.0.len());
    let press = gesture.0.split_off(at);
    let begins = press.first().map_or(0.0, |first| first.at_ms);
    let rest_ms = begins - gesture.duration_ms();
    (gesture, later(Gesture(press), -begins), rest_ms)
}

/// Where a gesture first presses.
fn pressed_at(gesture: &Gesture) -> Option<Point> {
    gesture.0.iter().find_map(|timed| match timed.input {
        Input::Down(at) | Input::TouchStart(at) => Some(at),
        _ => None,
    })
}

/// The same gesture so much later.
fn later(mut gesture: Gesture, by_ms: f64) -> Gesture {
    for timed in &mut gesture.0 {
        timed.at_ms += by_ms;
    }
    gesture
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_is_parted_before_its_press_and_loses_nothing() {
        let at = Point { x: 4.0, y: 5.0 };
        let all = [(0.0, Input::Move(at)), (8.0, Input::Move(at)), (90.0, Input::Down(at))];
        let all = all.into_iter().chain([(150.0, Input::Up(at))]);
        let gesture = Gesture(all.map(|(at_ms, input)| Timed { at_ms, input }).collect());
        let (mut way, press, rest_ms) = parted(gesture.clone());
        assert_eq!((way.0.len(), press.0.len(), rest_ms), (2, 2, 82.0));
        assert_eq!((press.0[0].at_ms, press.0[1].at_ms), (0.0, 60.0));
        let at_ms = way.duration_ms() + rest_ms;
        way.0.extend(later(press, at_ms).0);
        assert_eq!(way, gesture);
    }

    #[test]
    fn a_tap_has_no_way_to_its_press() {
        let touches = [(0.0, Input::TouchStart(Point::default())), (70.0, Input::TouchEnd)];
        let gesture = Gesture(touches.map(|(at_ms, input)| Timed { at_ms, input }).into());
        let (way, press, rest_ms) = parted(gesture.clone());
        assert_eq!((way, press, rest_ms), (Gesture::default(), gesture, 0.0));
    }
}
