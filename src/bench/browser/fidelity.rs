//! How true inputs are to their plan, at the socket and as the page saw them.

use walkon_core::gesture::{Gesture, Input};
use walkon_core::motion::{pointer, typing};
use walkon_core::persona::Persona;
use walkon_core::rng::Seed;
use walkon_core::step::Locator;

use super::stage::{self, OnPage};
use super::{DEVICE, Error, Ground, PERSONA, p99};
use crate::driver::Read;

/// What each session types.
const TEXT: &str = "The light on the water was lovely this morning, and nobody was about yet.";

/// What was measured.
pub(super) struct Truth {
    /// 99 of 100 inputs are nearer to their moment, in milliseconds.
    pub(super) at_socket: f64,
    /// The same of presses and keys by the page's clock.
    pub(super) in_page: f64,
    pub(super) inputs: usize,
}

/// So many sessions click and type at once, at a person's pace.
pub(super) async fn measure(ground: &Ground, sessions: usize) -> Result<Truth, Error> {
    let device =
        ground.catalog.devices.get(DEVICE).ok_or(Error::Missing("device `desktop-laptop`"))?;
    let persona = ground.catalog.personas.get(PERSONA);
    let persona = persona.ok_or(Error::Missing("persona `casual`"))?;
    let mut open = Vec::new();
    for number in 0..sessions {
        let seed = Seed(number as u64);
        open.push((
            stage::open(ground, number, false).await?,
            persona.individual(seed).on(device),
            seed,
        ));
    }
    let all = open.iter().map(|(one, persona, seed)| act(one, persona, *seed));
    let all = futures_util::future::try_join_all(all).await?;
    let (mut late, mut errors) = (Vec::new(), Vec::new());
    for (socket, page) in all {
        late.extend(socket);
        errors.extend(page);
    }
    for (one, ..) in open {
        one.session.close().await;
    }
    let inputs = late.len();
    Ok(Truth { at_socket: p99(&mut late), in_page: p99(&mut errors), inputs })
}

/// Lateness at the socket, and errors in the page.
async fn act(one: &OnPage, persona: &Persona, chance: Seed) -> Result<(Vec<f64>, Vec<f64>), Error> {
    let rng = &mut chance.child("inputs").rng();
    let session = one.session.as_ref();
    let field = Locator { label: Some("Say something".to_owned()), ..Locator::default() };
    let missing = || Error::Action("the reference page has no field".to_owned());
    let field = session.locate(&field).await?.into_iter().next().ok_or_else(missing)?;
    let over = session.quad(&field).await?.ok_or_else(missing)?;
    let gestures = [
        pointer::click(over.center(), over, persona, rng),
        typing::type_text(TEXT, persona, rng),
        pointer::click(over.center(), over, persona, rng),
    ];
    let inputs = session.locate(&Locator::css("#inputs")).await?.into_iter().next();
    let inputs = inputs.ok_or_else(missing)?;
    let (mut late, mut errors, mut before) = (Vec::new(), Vec::new(), 0);
    for gesture in &gestures {
        late.extend(session.dispatch(gesture).await?.late_ms);
        let asked = Read::Attribute(inputs.clone(), "data-seen".to_owned());
        let told = session.read(&asked).await?.unwrap_or_default();
        let seen: Vec<(String, f64)> = serde_json::from_str(&told).unwrap_or_default();
        errors.extend(compare(gesture, &seen[before.min(seen.len())..])?);
        before = seen.len();
    }
    Ok((late, errors))
}

/// What the page should have seen of a gesture, and when.
fn planned(gesture: &Gesture) -> Vec<(&'static str, f64)> {
    let word = |input: &Input| match input {
        Input::Down(_) => Some("mousedown"),
        Input::Up(_) => Some("mouseup"),
        Input::KeyDown { .. } => Some("keydown"),
        Input::KeyUp { .. } => Some("keyup"),
        _ => None,
    };
    gesture.0.iter().filter_map(|timed| Some((word(&timed.input)?, timed.at_ms))).collect()
}

/// How far each is from its moment, the middle one's delay apart: two clocks have no common zero.
fn compare(gesture: &Gesture, seen: &[(String, f64)]) -> Result<Vec<f64>, Error> {
    let planned = planned(gesture);
    let same = planned.iter().map(|(word, _)| *word).eq(seen.iter().map(|(word, _)| word.as_str()));
    if !same {
        let what = format!("the page saw {} inputs of {}", seen.len(), planned.len());
        return Err(Error::Action(what));
    }
    let mut delays: Vec<f64> =
        seen.iter().zip(&planned).map(|((_, at), (_, due))| at - due).collect();
    delays.sort_by(f64::total_cmp);
    let middle = delays.get(delays.len() / 2).copied().unwrap_or_default();
    Ok(delays.into_iter().map(|delay| (delay - middle).abs()).collect())
}
