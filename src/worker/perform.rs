//! Walking the steps of a behavior on a live page.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until, timeout_at};
use walkon_core::behavior::Behavior;
use walkon_core::bundle::Bundle;
use walkon_core::gesture::Point;
use walkon_core::motion::dwell;
use walkon_core::persona::Persona;
use walkon_core::recorder::{Note, Recorder};
use walkon_core::rng::Rng;
use walkon_core::step::{Locator, Step, Verb};

use super::attempt::{Attempt, Trouble};
use super::gate::SiteGate;
use super::ready::{FRAME, Ready, Wants};
use crate::desk::Desk;
use crate::driver::{self, Node, Read, Session};

/// How often the page is asked for the next item of a list.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Who waits so long lets the browser give memory back: that takes some 10 ms of its time.
const LULL: Duration = Duration::from_secs(3);

/// Everything that is at hand while steps are walked.
pub(super) struct Performance<'a> {
    pub(super) attempt: &'a mut Attempt,
    pub(super) bundle: &'a Bundle,
    pub(super) session: &'a dyn Session,
    pub(super) recorder: &'a dyn Recorder,
    pub(super) desk: &'a dyn Desk,
    pub(super) gate: &'a SiteGate,
    /// The account's own persona.
    pub(super) persona: &'a Persona,
    pub(super) rng: Rng,
    /// Where the pointer was left.
    pub(super) pointer: Point,
    /// How many times as fast as a person it moves and reads.
    pub(super) pace: f64,
    /// When it began: a code that came to the account before is another's.
    pub(super) since: Timestamp,
    /// What the page shows where there is nothing more to wait for.
    pub(super) unless: Option<Locator>,
    /// What `extract` kept.
    pub(super) extracted: BTreeMap<String, String>,
    /// The number of the step that is being walked, over all lists.
    pub(super) step: usize,
    /// What that step does, in words.
    pub(super) title: String,
    /// A sign-in was tried in this attempt already.
    pub(super) tried_sign_in: bool,
    /// The steps of signing in are being walked: the sign-in page is where we want to be.
    pub(super) is_signing_in: bool,
}

/// One of several blocks, by weight.
fn drawn<'a>(among: &'a BTreeMap<String, u32>, rng: &mut Rng) -> Option<&'a str> {
    use rand::RngExt as _;
    let sum: u64 = among.values().map(|weight| u64::from(*weight)).sum();
    let mut left = rng.random_range(0..sum.max(1));
    for (name, weight) in among {
        match left.checked_sub(u64::from(*weight)) {
            Some(rest) => left = rest,
            None => return Some(name),
        }
    }
    None
}

async fn picture(session: &dyn Session, recorder: &dyn Recorder, label: &str) {
    if !recorder.wants_pictures() {
        return;
    }
    match session.capture().await {
        Ok(jpeg) => recorder.picture(label, &jpeg),
        Err(error) => recorder.note(Note::Gap { why: format!("no picture: {error}") }),
    }
}

impl Performance<'_> {
    /// Walks a behavior's steps from first to last.
    pub(super) async fn walk(&mut self, behavior: &Behavior) -> Result<(), Trouble> {
        match self.walk_list(&behavior.steps, behavior, None).await {
            Err(trouble) if self.is_signing_in => Err(self.turned_away(behavior, trouble).await),
            walked => walked,
        }
    }

    async fn walk_list(
        &mut self,
        steps: &[Step],
        behavior: &Behavior,
        item: Option<&Node>,
    ) -> Result<(), Trouble> {
        for step in steps {
            self.step += 1;
            self.title = step.to_string();
            let (number, title) = (self.step, self.title.clone());
            self.recorder.note(Note::StepBegin { step: number, title });
            let done = self.walk_in_time(step, behavior, item).await;
            let done = done.map_err(|trouble| match trouble {
                Trouble::Driver(driver::Error::Gone) => {
                    self.page_trouble("element_gone", "it is gone from the page".to_owned())
                }
                trouble => trouble,
            });
            let error = done.as_ref().err().map(ToString::to_string);
            self.recorder.note(Note::StepEnd { step: number, error });
            done?;
        }
        Ok(())
    }

    /// Walks a step, if the behavior's budget and the step's own deadline allow it.
    async fn walk_in_time(
        &mut self,
        step: &Step,
        behavior: &Behavior,
        item: Option<&Node>,
    ) -> Result<(), Trouble> {
        if self.step > behavior.budget as usize {
            let why = format!("the budget of {} steps is spent", behavior.budget);
            return Err(self.page_trouble("budget_spent", why));
        }
        self.let_go().await?;
        // A step may walk a list of its own: the future is boxed, for it holds itself.
        let (number, title) = (self.step, self.title.clone());
        let walking = Box::pin(self.walk_step(step, behavior, item));
        let Some(most) = step.deadline_ms else { return walking.await };
        let done = tokio::time::timeout(Duration::from_millis(most), walking).await;
        done.unwrap_or_else(|_| {
            // What its block was at is not what took too long.
            (self.step, self.title) = (number, title);
            let why = format!("it was not done within {most} ms");
            Err(self.page_trouble("step_too_long", why))
        })
    }

    async fn walk_step(
        &mut self,
        step: &Step,
        behavior: &Behavior,
        item: Option<&Node>,
    ) -> Result<(), Trouble> {
        let scope = if step.in_item { item } else { None };
        match &step.verb {
            Verb::Open(page) => self.open_within(page, Duration::from_millis(step.within_ms)).await,
            Verb::Press(key) => {
                self.hesitate().await;
                self.before_commit(step).await?;
                self.press(key).await
            }
            Verb::Pause { from_ms, to_ms } => self.pause(*from_ms, *to_ms).await,
            Verb::Repeat { times, block, ends } => {
                for _ in 0..*times {
                    if let Some(ends) = ends {
                        let there = !self.matching(ends.locator(), scope).await?.is_empty();
                        if ends.ends(there) {
                            break;
                        }
                    }
                    self.walk_block(block, behavior, item).await?;
                }
                Ok(())
            }
            Verb::Pick(among) => {
                let mut rng = self.attempt.seed.child("pick").child(&self.step.to_string()).rng();
                match drawn(among, &mut rng) {
                    Some(block) => self.walk_block(block, behavior, item).await,
                    None => Ok(()),
                }
            }
            Verb::Use(block) => self.walk_block(block, behavior, item).await,
            Verb::When { there, then, otherwise } => {
                let found = !self.matching(there, scope).await?.is_empty();
                match if found { then } else { otherwise } {
                    Some(block) => self.walk_block(block, behavior, item).await,
                    None => Ok(()),
                }
            }
            Verb::Each { of, block, limit } => {
                self.each(of, block, *limit, step, behavior, item).await
            }
            _ => self.on_element(step, scope).await,
        }
    }

    /// The steps that work on one element.
    async fn on_element(&mut self, step: &Step, scope: Option<&Node>) -> Result<(), Trouble> {
        let locator = step.verb.locator().cloned().unwrap_or_default();
        let within_ms = step.within_ms;
        match &step.verb {
            Verb::ScrollUntil(_) => self.scroll_until(&locator, within_ms).await,
            Verb::Read(_) => {
                let there = self.ready(&locator, scope, within_ms, Wants::There).await?;
                self.read(&there.node).await
            }
            Verb::Click(_) => {
                let there = self.ready(&locator, scope, within_ms, Wants::There).await?;
                let found = Instant::now();
                self.hesitate().await;
                // Whoever does not hesitate has only just found it.
                let there = (found.elapsed() < FRAME).then_some(there);
                let ready = self.ready_to_press(step, &locator, scope, there).await?;
                self.press_on(ready, Some((&locator, scope, within_ms))).await
            }
            Verb::Type { text, .. } => {
                let secret = text.contains("{secret.");
                let ready = self.ready(&locator, scope, within_ms, Wants::Pressable).await?;
                self.press_on(ready, Some((&locator, scope, within_ms))).await?;
                // Now, and not before the field was ready: a one-time code lives half a minute.
                let text = self.filled(text, within_ms).await?;
                self.type_text(&text, secret).await
            }
            Verb::Select { option, .. } => self.select(step, &locator, scope, option).await,
            Verb::Upload { file, .. } => {
                let field = self.ready(&locator, scope, within_ms, Wants::Usable).await?;
                self.give(&field.node, file).await
            }
            Verb::Extract { name, attribute, .. } => {
                let node = self.ready(&locator, scope, within_ms, Wants::There).await?.node;
                let what = match attribute {
                    Some(attribute) => Read::Attribute(node, attribute.clone()),
                    None => Read::Text(node),
                };
                let value = self.session.read(&what).await?.unwrap_or_default();
                self.extracted.insert(name.clone(), value);
                Ok(())
            }
            // It is there: that is all that is asked.
            _ => self.ready(&locator, scope, within_ms, Wants::There).await.map(drop),
        }
    }

    async fn walk_block(
        &mut self,
        block: &str,
        behavior: &Behavior,
        item: Option<&Node>,
    ) -> Result<(), Trouble> {
        let steps = behavior.blocks.get(block).map_or(&[][..], Vec::as_slice);
        self.walk_list(steps, behavior, item).await
    }

    /// Does a block for each item, scrolling on while there are more.
    async fn each(
        &mut self,
        of: &Locator,
        block: &str,
        limit: u32,
        step: &Step,
        behavior: &Behavior,
        item: Option<&Node>,
    ) -> Result<(), Trouble> {
        let limit = limit as usize;
        let scope = if step.in_item { item } else { None };
        for index in 0..limit {
            let mut nodes = self.matching(of, scope).await?;
            let until = Instant::now() + Duration::from_millis(step.within_ms);
            while nodes.len() <= index && Instant::now() < until {
                self.scroll_a_screen().await?;
                self.sleep(LOOK_EVERY).await?;
                nodes = self.matching(of, scope).await?;
            }
            let Some(node) = nodes.into_iter().nth(index) else { break };
            self.walk_block(block, behavior, Some(&node)).await?;
        }
        Ok(())
    }

    /// Waits until an element may be pressed; where that makes the effect, writes `begin`. The
    /// picture before it is taken meanwhile: it waits for frames of the page, as that does.
    async fn ready_to_press(
        &mut self,
        step: &Step,
        locator: &Locator,
        scope: Option<&Node>,
        there: Option<Ready>,
    ) -> Result<Ready, Trouble> {
        let (session, recorder) = (self.session, self.recorder);
        let before = async {
            if step.commit {
                picture(session, recorder, "before").await;
            }
        };
        let ready = async {
            if let Some(Ready { node, .. }) = there
                && let Ok(ready) = self.look_at(node, Wants::Pressable).await?
            {
                return Ok(ready);
            }
            self.ready(locator, scope, step.within_ms, Wants::Pressable).await
        };
        let (ready, ()) = tokio::join!(ready, before);
        let ready = ready?;
        if step.commit {
            self.begin().await?;
        }
        Ok(ready)
    }

    /// Writes `begin` if this is the step that makes the effect.
    async fn before_commit(&mut self, step: &Step) -> Result<(), Trouble> {
        if step.commit {
            self.picture("before").await;
            self.begin().await?;
        }
        Ok(())
    }

    pub(super) async fn begin(&mut self) -> Result<(), Trouble> {
        // Even a call without an answer may have been carried out: from here on, nothing is sure.
        self.attempt.begins = true;
        let asked = Instant::now();
        let Attempt { claimed, .. } = &*self.attempt;
        let begin = self.desk.begin(&claimed.lease, &claimed.id);
        self.attempt.bound(async { Ok(begin.await?) }).await?;
        self.attempt.begun = true;
        self.gate.begun(asked);
        Ok(())
    }

    pub(super) fn page_trouble(&self, code: &'static str, why: String) -> Trouble {
        Trouble::Page { code, step: self.step, title: self.title.clone(), why }
    }

    pub(super) async fn sleep(&self, time: Duration) -> Result<(), Trouble> {
        self.until(tokio::time::sleep(time)).await
    }

    /// Waits for something, as long as the attempt may go on.
    pub(super) async fn until(&self, that: impl Future<Output = ()>) -> Result<(), Trouble> {
        self.attempt
            .bound(async {
                that.await;
                Ok(())
            })
            .await
    }

    /// Waits as long as a person takes before the next thing, at the fleet's pace.
    pub(super) async fn hesitate(&mut self) {
        let ms = dwell::hesitate_ms(self.persona, &mut self.rng);
        // A stop is noticed by the step that follows.
        let _ = self.wait_ms(ms).await;
    }

    async fn pause(&mut self, from_ms: u64, to_ms: u64) -> Result<(), Trouble> {
        use rand::RngExt as _;
        let ms = self.rng.random_range(from_ms as f64..=to_ms as f64);
        self.wait_ms(ms).await
    }

    pub(super) async fn wait_ms(&mut self, ms: f64) -> Result<(), Trouble> {
        let wait = Duration::from_secs_f64((ms / 1000.0 / self.pace).clamp(0.0, 600.0));
        let until = Instant::now() + wait;
        let waited = async {
            if wait >= LULL {
                // It must not make the wait longer.
                let _ = timeout_at(until, self.session.trim()).await;
            }
            sleep_until(until).await;
        };
        self.until(waited).await
    }

    /// Takes a picture for the recording; without one the action goes on.
    pub(super) async fn picture(&self, label: &str) {
        picture(self.session, self.recorder, label).await;
    }
}
