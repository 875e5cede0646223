//! The fake browser's hand: what gestures do to a page without scripts.

use walkon_core::gesture::{Input, Point};

use super::NOWHERE;
use super::page::{Deed, Page};

/// How far a finger may stray and still tap, in CSS pixels: Chromium's.
const TOUCH_SLOP_PX: f64 = 15.0;

/// Where the hand is and what it holds.
#[derive(Debug)]
pub(super) struct Hand {
    pressed_at: Point,
    touched_at: Point,
}

impl Default for Hand {
    fn default() -> Self {
        Self { pressed_at: NOWHERE, touched_at: NOWHERE }
    }
}

impl Hand {
    /// Carries out one input; it may lead to another page.
    pub(super) fn carry_out(&mut self, page: &mut Page, input: &Input) -> Option<Deed> {
        match input {
            Input::Move(_) | Input::KeyUp { .. } => {}
            Input::Down(point) => self.pressed_at = *point,
            Input::Up(point) => {
                let (down, up) = (page.at(self.pressed_at), page.at(*point));
                if let Some(ordinal) = up.filter(|_| down == up) {
                    return page.click(ordinal);
                }
            }
            Input::Wheel { dy, .. } => page.scroll(*dy),
            Input::TouchStart(point) => {
                (self.pressed_at, self.touched_at) = (*point, *point);
            }
            Input::TouchMove(point) => {
                page.scroll(self.touched_at.y - point.y);
                self.touched_at = *point;
            }
            Input::TouchEnd => {
                if let Some(ordinal) = page.at(self.pressed_at).filter(|_| self.has_not_moved()) {
                    return page.click(ordinal);
                }
            }
            Input::KeyDown { key } => return press(page, key),
            Input::Insert { text } => page.type_text(text),
        }
        None
    }

    fn has_not_moved(&self) -> bool {
        let (from, to) = (self.pressed_at, self.touched_at);
        (to.x - from.x).hypot(to.y - from.y) < TOUCH_SLOP_PX
    }
}

fn press(page: &mut Page, key: &str) -> Option<Deed> {
    match key {
        "Enter" => return page.enter(),
        "Backspace" => page.erase(),
        "ArrowDown" => page.choose_next(true),
        "ArrowUp" => page.choose_next(false),
        _ if key.chars().count() == 1 => page.type_text(key),
        _ => {}
    }
    None
}
