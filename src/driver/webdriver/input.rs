//! Carrying out a gesture by the Actions of WebDriver: each event by its own absolute deadline, so
//! that lateness never adds up.
//!
//! The server takes one command at a time and answers when the page has it, which may take longer
//! than the next event's moment. What is due by then goes together, and of moves in a row the last:
//! a mouse, too, tells where it is, not where it has been.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use walkon_core::gesture::{Gesture, Input, Point, Timed};

use super::session::WebSession;
use super::talk::Command;
use super::{keys, navigate, vendor};
use crate::driver::{CALL_MAX, Error, Fidelity};

/// Where the hand is between gestures: WebDriver keeps a pointer where it was left.
#[derive(Debug, Default)]
pub(super) struct Hand {
    at: Option<Point>,
    /// What of a wheel's turn was less than a pixel: the Actions know whole ones.
    turned: f64,
}

/// Who does something: the Actions keep them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Mouse,
    Keys,
    Wheel,
    /// Texts without keys, which no source of the Actions has.
    Text,
}

fn source(input: &Input) -> Result<Source, Error> {
    Ok(match input {
        Input::Move(_) | Input::Down(_) | Input::Up(_) => Source::Mouse,
        Input::Wheel { .. } => Source::Wheel,
        Input::KeyDown { .. } | Input::KeyUp { .. } => Source::Keys,
        Input::Insert { .. } => Source::Text,
        Input::TouchStart(_) | Input::TouchMove(_) | Input::TouchEnd => {
            return Err(Error::Unable("a finger touches".to_owned()));
        }
    })
}

/// Carries out a gesture.
pub(super) async fn dispatch(session: &WebSession, gesture: &Gesture) -> Result<Fidelity, Error> {
    let mut hand = session.hand.lock().await;
    let begun = Instant::now();
    let due = |timed: &Timed| begun + Duration::from_secs_f64(timed.at_ms.max(0.0) / 1_000.0);
    let mut fidelity = Fidelity::default();
    let mut rest = gesture.0.as_slice();
    while let Some(first) = rest.first() {
        sleep_until(due(first)).await;
        let now = Instant::now();
        let count = together(rest, |timed| due(timed) <= now)?;
        let (batch, later) = rest.split_at(count);
        let kept = without_passed_moves(batch);
        let late = |timed: &&Timed| now.duration_since(due(timed)).as_secs_f64() * 1_000.0;
        fidelity.late_ms.extend(kept.iter().map(late));
        hand.carry_out(session, &kept).await?;
        rest = later;
    }
    drop(hand);
    navigate::close_others(session).await?;
    Ok(fidelity)
}

/// How many of the first events go together: those of one source that are due; one at least.
fn together(events: &[Timed], is_due: impl Fn(&Timed) -> bool) -> Result<usize, Error> {
    let Some(first) = events.first() else { return Ok(0) };
    let own = source(&first.input)?;
    let mut count = 1;
    for timed in &events[1..] {
        if own == Source::Text || !is_due(timed) || source(&timed.input)? != own {
            break;
        }
        count += 1;
    }
    Ok(count)
}

/// The same without moves that another one follows at once.
fn without_passed_moves(batch: &[Timed]) -> Vec<&Timed> {
    let is_move =
        |timed: Option<&Timed>| matches!(timed, Some(Timed { input: Input::Move(_), .. }));
    let passed = |at: usize| is_move(batch.get(at)) && is_move(batch.get(at + 1));
    batch.iter().enumerate().filter(|(at, _)| !passed(*at)).map(|(_, timed)| timed).collect()
}

impl Hand {
    /// Has the browser do these, all of one source.
    async fn carry_out(&mut self, session: &WebSession, batch: &[&Timed]) -> Result<(), Error> {
        let Some(first) = batch.first() else { return Ok(()) };
        if let Input::Insert { text } = &first.input {
            return vendor::insert(&session.talk, text).await;
        }
        let mut ticks = Vec::new();
        for timed in batch {
            self.ticks(&timed.input, &mut ticks)?;
        }
        let source = match source(&first.input)? {
            Source::Keys => json!({ "type": "key", "id": "keys", "actions": ticks }),
            Source::Wheel => json!({ "type": "wheel", "id": "wheel", "actions": ticks }),
            Source::Mouse | Source::Text => json!({
                "type": "pointer", "id": "mouse",
                "parameters": { "pointerType": "mouse" }, "actions": ticks,
            }),
        };
        let command = Command::post("actions", json!({ "actions": [source] }));
        session.talk.ask("dispatch", CALL_MAX, &command).await.map(drop)
    }

    fn ticks(&mut self, input: &Input, into: &mut Vec<Value>) -> Result<(), Error> {
        match input {
            Input::Move(point) => into.push(self.go(*point)),
            Input::Down(point) | Input::Up(point) => {
                if self.at != Some(*point) {
                    into.push(self.go(*point));
                }
                let down = matches!(input, Input::Down(_));
                let kind = if down { "pointerDown" } else { "pointerUp" };
                into.push(json!({ "type": kind, "button": 0 }));
            }
            Input::Wheel { at, dy } => {
                self.turned += dy;
                let whole = self.turned.trunc();
                self.turned -= whole;
                into.push(json!({
                    "type": "scroll", "origin": "viewport", "duration": 0,
                    "x": at.x.round() as i64, "y": at.y.round() as i64,
                    "deltaX": 0, "deltaY": whole as i64,
                }));
            }
            Input::KeyDown { key } | Input::KeyUp { key } => {
                let down = matches!(input, Input::KeyDown { .. });
                let kind = if down { "keyDown" } else { "keyUp" };
                let sign = keys::key(key).ok_or_else(|| Error::Protocol {
                    call: "dispatch".to_owned(),
                    why: format!("no key is called {key:?}"),
                })?;
                into.push(json!({ "type": kind, "value": sign }));
            }
            // `source` has refused these, and `carry_out` has typed that.
            Input::TouchStart(_) | Input::TouchMove(_) | Input::TouchEnd | Input::Insert { .. } => {
            }
        }
        Ok(())
    }

    fn go(&mut self, to: Point) -> Value {
        self.at = Some(to);
        json!({
            "type": "pointerMove", "origin": "viewport", "duration": 0,
            "x": to.x.max(0.0), "y": to.y.max(0.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at_ms: f64, input: Input) -> Timed {
        Timed { at_ms, input }
    }

    fn point(x: f64) -> Point {
        Point { x, y: 0.0 }
    }

    #[test]
    fn what_is_due_goes_together_and_of_moves_in_a_row_the_last() {
        let key = Input::KeyDown { key: "a".to_owned() };
        let all = [
            at(0.0, Input::Move(point(1.0))),
            at(1.0, Input::Move(point(2.0))),
            at(2.0, Input::Down(point(2.0))),
            at(3.0, Input::Move(point(3.0))),
            at(4.0, key),
            at(5.0, Input::Move(point(4.0))),
        ];
        let by = |now: f64| together(&all, |timed| timed.at_ms <= now).unwrap();
        assert_eq!((by(0.0), by(1.5), by(9.0)), (1, 2, 4));
        let kept: Vec<i64> =
            without_passed_moves(&all[..4]).iter().map(|timed| timed.at_ms as i64).collect();
        assert_eq!(kept, [1, 2, 3]);
    }

    #[test]
    fn no_part_of_a_wheels_turn_is_lost() {
        let (mut hand, mut ticks) = (Hand::default(), Vec::new());
        for _ in 0..10 {
            hand.ticks(&Input::Wheel { at: point(0.0), dy: 12.7 }, &mut ticks).unwrap();
        }
        let sum: i64 = ticks.iter().map(|tick| tick["deltaY"].as_i64().unwrap()).sum();
        assert!((126..=127).contains(&sum), "{sum}");
    }

    #[test]
    fn a_press_goes_to_its_own_place_first() {
        let (mut hand, mut ticks) = (Hand::default(), Vec::new());
        hand.ticks(&Input::Down(point(5.0)), &mut ticks).unwrap();
        hand.ticks(&Input::Up(point(5.0)), &mut ticks).unwrap();
        let kinds: Vec<_> = ticks.iter().map(|tick| tick["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["pointerMove", "pointerDown", "pointerUp"]);
    }

    #[test]
    fn a_finger_is_refused_rather_than_played_by_a_mouse() {
        let refused = source(&Input::TouchStart(point(1.0)));
        assert!(matches!(refused, Err(Error::Unable(_))), "{refused:?}");
    }
}
