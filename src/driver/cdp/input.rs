//! Carrying out a gesture: each event by its own absolute deadline, so that lateness never adds up.
//!
//! Nothing is awaited between events: the browser keeps their order. What must have arrived before
//! the next step (presses, keys, wheels) is awaited at the end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::input::{
    DispatchKeyEventParams, DispatchKeyEventType, DispatchMouseEventParams, DispatchMouseEventType,
    DispatchTouchEventParams, DispatchTouchEventReturns, DispatchTouchEventType, InsertTextParams,
    MouseButton, TouchPoint,
};
use chromiumoxide_types::{Command, Method, MethodId};
use futures_util::future::BoxFuture;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use walkon_core::gesture::{Gesture, Input, Point};

use super::keys::{self, SHIFT};
use super::session::CdpSession;
use super::wire::Wire;
use crate::driver::{CALL_MAX, Error, Fidelity};

type Answers = Vec<BoxFuture<'static, Result<(), Error>>>;

/// Carries out a gesture.
pub(super) async fn dispatch(session: &CdpSession, gesture: &Gesture) -> Result<Fidelity, Error> {
    let page = session.page()?;
    let (stamp, written) = mpsc::unbounded_channel();
    let wire = session.hub.wire.stamped(stamp);
    let begun = Instant::now();
    let mut hand = Hand { session, wire, page, pressed: false, answers: Vec::new() };
    let mut dues = Vec::with_capacity(gesture.0.len());
    for timed in &gesture.0 {
        let due = begun + Duration::from_secs_f64(timed.at_ms.max(0.0) / 1_000.0);
        sleep_until(due).await;
        if session.hub.wire.is_dead() {
            break;
        }
        hand.carry_out(&timed.input)?;
        dues.push(due);
    }
    let Hand { answers, wire, .. } = hand;
    drop(wire);
    for answer in answers {
        answer.await?;
    }
    let fidelity = fidelity(&dues, written).await;
    // A hand that only moved has nothing to wait for, but a dead browser must not pass unnoticed.
    if session.hub.wire.is_dead() { Err(Error::Dead("it ended".to_owned())) } else { Ok(fidelity) }
}

/// How late each event was, once all are written.
async fn fidelity(dues: &[Instant], mut written: mpsc::UnboundedReceiver<Instant>) -> Fidelity {
    let mut late_ms = Vec::with_capacity(dues.len());
    let all = async {
        // It ends with the last event: whoever writes one lets go of its stamp.
        while let Some(at) = written.recv().await {
            let due = dues.get(late_ms.len()).copied().unwrap_or(at);
            late_ms.push(at.saturating_duration_since(due).as_secs_f64() * 1_000.0);
        }
    };
    // A browser that reads nothing any more is found out by the next call.
    let _ = tokio::time::timeout(CALL_MAX, all).await;
    Fidelity { late_ms }
}

/// The hand that carries a gesture out.
struct Hand<'a> {
    session: &'a CdpSession,
    wire: Wire,
    page: String,
    pressed: bool,
    answers: Answers,
}

impl Hand<'_> {
    fn post<T: Command>(&self, command: &T) {
        self.wire.post(Some(&self.page), command);
    }

    fn begin<T: Command + Send + 'static>(&mut self, command: &T)
    where
        T::Response: Send,
    {
        let call = self.wire.begin(Some(&self.page), command);
        self.answers.push(Box::pin(async move { call.answer(CALL_MAX).await.map(|_| ()) }));
    }

    fn carry_out(&mut self, input: &Input) -> Result<(), Error> {
        use DispatchMouseEventType::{MouseMoved, MousePressed, MouseReleased, MouseWheel};
        use DispatchTouchEventType::{TouchMove, TouchStart};
        match input {
            Input::Move(point) => self.post(&self.mouse(&MouseMoved, *point)),
            Input::Down(point) => {
                self.pressed = true;
                self.begin(&self.mouse(&MousePressed, *point));
            }
            Input::Up(point) => {
                self.begin(&self.mouse(&MouseReleased, *point));
                self.pressed = false;
            }
            Input::Wheel { at, dy } => {
                let mut wheel = self.mouse(&MouseWheel, *at);
                (wheel.delta_x, wheel.delta_y) = (Some(0.0), Some(*dy));
                self.begin(&wheel);
            }
            Input::TouchStart(point) => self.begin(&touch(TouchStart, *point)),
            Input::TouchMove(point) => self.post(&touch(TouchMove, *point)),
            Input::TouchEnd => self.begin(&LIFTED),
            Input::KeyDown { key } => self.key(key, true)?,
            Input::KeyUp { key } => self.key(key, false)?,
            Input::Insert { text } => self.begin(&InsertTextParams::new(text)),
        }
        Ok(())
    }

    fn mouse(&self, kind: &DispatchMouseEventType, at: Point) -> DispatchMouseEventParams {
        let click = *kind == DispatchMouseEventType::MousePressed
            || *kind == DispatchMouseEventType::MouseReleased;
        let mut event = DispatchMouseEventParams::new(kind.clone(), at.x, at.y);
        event.modifiers = Some(self.session.modifiers.load(Ordering::Relaxed));
        event.button =
            Some(if click || self.pressed { MouseButton::Left } else { MouseButton::None });
        // The buttons that are down *after* the event.
        let down = self.pressed && *kind != DispatchMouseEventType::MouseReleased;
        event.buttons = Some(i64::from(down));
        event.click_count = click.then_some(1);
        event
    }

    fn key(&mut self, name: &str, down: bool) -> Result<(), Error> {
        let call = DispatchKeyEventParams::IDENTIFIER.to_owned();
        let missing = || Error::Protocol { call, why: format!("no key is called {name:?}") };
        let key = keys::key(name).ok_or_else(missing)?;
        let modifiers = &self.session.modifiers;
        if name == "Shift" {
            modifiers.store(if down { SHIFT } else { 0 }, Ordering::Relaxed);
        }
        let kind = match (down, &key.text) {
            (false, _) => DispatchKeyEventType::KeyUp,
            (true, Some(_)) => DispatchKeyEventType::KeyDown,
            (true, None) => DispatchKeyEventType::RawKeyDown,
        };
        let mut event = DispatchKeyEventParams::new(kind);
        event.modifiers = Some(modifiers.load(Ordering::Relaxed));
        event.key = Some(name.to_owned());
        event.code = Some(key.code);
        event.windows_virtual_key_code = Some(key.windows_code);
        if down {
            event.text.clone_from(&key.text);
            event.unmodified_text = key.text;
        }
        self.begin(&event);
        Ok(())
    }
}

fn touch(kind: DispatchTouchEventType, at: Point) -> DispatchTouchEventParams {
    DispatchTouchEventParams::new(kind, vec![TouchPoint::new(at.x, at.y)])
}

/// The last finger lifts: `Input.dispatchTouchEvent` with a list that is there and empty. The
/// protocol crate's own type leaves an empty list out, which the browser refuses.
#[derive(Debug, Serialize)]
struct Lifted {
    r#type: &'static str,
    #[serde(rename = "touchPoints")]
    touch_points: [TouchPoint; 0],
}

const LIFTED: Lifted = Lifted { r#type: "touchEnd", touch_points: [] };

impl Method for Lifted {
    fn identifier(&self) -> MethodId {
        DispatchTouchEventParams::IDENTIFIER.into()
    }
}

impl Command for Lifted {
    type Response = DispatchTouchEventReturns;
}
