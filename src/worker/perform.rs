//! Walking the steps of a behavior on a live page.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;
use walkon_core::behavior::Behavior;
use walkon_core::bundle::Bundle;
use walkon_core::gesture::Point;
use walkon_core::motion::dwell;
use walkon_core::outcome::Finding;
use walkon_core::outline;
use walkon_core::persona::Persona;
use walkon_core::recorder::{Note, Recorder};
use walkon_core::rng::Rng;
use walkon_core::step::{Locator, Step, Verb};

use super::attempt::{Attempt, Trouble};
use crate::desk::Desk;
use crate::driver::{self, Arrival, Node, Read, Session};

/// How often a missing element is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Everything that is at hand while steps are walked.
pub(super) struct Performance<'a> {
    pub(super) attempt: &'a mut Attempt,
    pub(super) bundle: &'a Bundle,
    pub(super) session: &'a dyn Session,
    pub(super) recorder: &'a dyn Recorder,
    pub(super) desk: &'a dyn Desk,
    /// The account's own persona.
    pub(super) persona: &'a Persona,
    pub(super) rng: Rng,
    /// Where the pointer was left.
    pub(super) pointer: Point,
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

async fn located(
    session: &dyn Session,
    locator: &Locator,
    scope: Option<&Node>,
) -> Result<Vec<Node>, Trouble> {
    let found = match scope {
        Some(node) if *locator == Locator::default() => Ok(vec![node.clone()]),
        Some(node) => session.locate_in(node, locator).await,
        None => session.locate(locator).await,
    };
    match found {
        // The page was changing under our eyes: nothing is there yet.
        Err(driver::Error::Gone) => Ok(Vec::new()),
        found => Ok(found?),
    }
}

impl Performance<'_> {
    /// Walks a behavior's steps from first to last.
    pub(super) async fn walk(&mut self, behavior: &Behavior) -> Result<(), Trouble> {
        self.walk_list(&behavior.steps, behavior, None).await
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
            // A step may walk a list of its own: the future is boxed, for it holds itself.
            let done = Box::pin(self.walk_step(step, behavior, item)).await;
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

    async fn walk_step(
        &mut self,
        step: &Step,
        behavior: &Behavior,
        item: Option<&Node>,
    ) -> Result<(), Trouble> {
        let scope = if step.in_item { item } else { None };
        match &step.verb {
            Verb::Open(page) => self.open(page).await,
            Verb::Press(key) => {
                self.hesitate().await;
                self.before_commit(step).await?;
                self.press(key).await
            }
            Verb::Pause { from_ms, to_ms } => self.pause(*from_ms, *to_ms).await,
            Verb::Repeat { times, block } => {
                for _ in 0..*times {
                    self.walk_block(block, behavior, item).await?;
                }
                Ok(())
            }
            Verb::When { there, then, otherwise } => {
                let found = !self.matching(there, scope).await?.is_empty();
                match if found { then } else { otherwise } {
                    Some(block) => self.walk_block(block, behavior, item).await,
                    None => Ok(()),
                }
            }
            Verb::Each { of, block, limit } => self.each(of, block, *limit, step, behavior).await,
            _ => self.on_element(step, scope).await,
        }
    }

    /// The steps that work on one element.
    async fn on_element(&mut self, step: &Step, scope: Option<&Node>) -> Result<(), Trouble> {
        let locator = step.verb.locator().cloned().unwrap_or_default();
        if let Verb::ScrollUntil(_) = step.verb {
            return self.scroll_until(&locator, step.within_ms).await;
        }
        let node = self.one(&locator, scope, step.within_ms).await?;
        match &step.verb {
            Verb::Read(_) => self.read(&node).await,
            Verb::Click(_) => {
                self.hesitate().await;
                let over = self.bring_into_view(&node).await?;
                self.before_commit(step).await?;
                self.click(&node, over).await
            }
            Verb::Type { text, .. } => {
                let secret = text.contains("{secret.");
                let text = self.expand(text);
                let over = self.bring_into_view(&node).await?;
                self.click(&node, over).await?;
                self.type_text(&text, secret).await
            }
            Verb::Extract { name, attribute, .. } => {
                let what = match attribute {
                    Some(attribute) => Read::Attribute(node, attribute.clone()),
                    None => Read::Text(node),
                };
                let value = self.session.read(&what).await?.unwrap_or_default();
                self.extracted.insert(name.clone(), value);
                Ok(())
            }
            // It is there: that is all that was asked.
            _ => Ok(()),
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
    ) -> Result<(), Trouble> {
        let limit = limit as usize;
        for index in 0..limit {
            let mut nodes = self.matching(of, None).await?;
            let until = Instant::now() + Duration::from_millis(step.within_ms);
            while nodes.len() <= index && Instant::now() < until {
                self.scroll_a_screen().await?;
                self.sleep(LOOK_EVERY).await?;
                nodes = self.matching(of, None).await?;
            }
            let Some(node) = nodes.into_iter().nth(index) else { break };
            self.walk_block(block, behavior, Some(&node)).await?;
        }
        Ok(())
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
        let Attempt { claimed, .. } = &*self.attempt;
        let begin = self.desk.begin(&claimed.lease, &claimed.id);
        self.attempt.bound(async { Ok(begin.await?) }).await?;
        self.attempt.begun = true;
        Ok(())
    }

    /// Goes to a page; signs in on the way if the site has forgotten us.
    pub(super) async fn open(&mut self, page: &str) -> Result<(), Trouble> {
        let url = self.address(page)?;
        let arrival = self.arrive(&url).await?;
        match self.look_for_signs(&arrival).await {
            Err(Trouble::Account { finding: Finding::SignedOut, .. }) if self.can_sign_in() => {
                self.sign_in().await?;
                let arrival = self.arrive(&url).await?;
                self.look_for_signs(&arrival).await
            }
            other => other,
        }
    }

    async fn arrive(&mut self, url: &str) -> Result<Arrival, Trouble> {
        let arrival = self.attempt.bound(async { Ok(self.session.navigate(url).await?) }).await?;
        let site = || self.bundle.site.id.to_string();
        match arrival.status {
            Some(404 | 410) => {
                Err(Trouble::Never { code: "target_missing", why: format!("there is no {url}") })
            }
            Some(status) if status == 429 || status >= 500 => {
                let after = arrival.retry_after.map(Duration::from_secs);
                Err(Trouble::Site { site: site(), status, after })
            }
            _ => Ok(arrival),
        }
    }

    /// Whether the page says that the account may not go on.
    pub(super) async fn look_for_signs(&mut self, arrival: &Arrival) -> Result<(), Trouble> {
        self.look_for_headings().await?;
        let signs = &self.bundle.site.signs;
        let path = arrival.url.strip_prefix(&self.bundle.site.origin).unwrap_or_default();
        let signed_out = signs.signed_out_path.as_ref().is_some_and(|sign| path.starts_with(sign));
        if signed_out && !self.is_signing_in {
            let why = "the site asks to sign in".to_owned();
            return Err(Trouble::Account { finding: Finding::SignedOut, why });
        }
        match arrival.status {
            Some(status) if status >= 400 => {
                let site = self.bundle.site.id.to_string();
                Err(Trouble::Site { site, status, after: None })
            }
            _ => Ok(()),
        }
    }

    /// Whether the page asks for proof, or says that the account is blocked.
    async fn look_for_headings(&mut self) -> Result<(), Trouble> {
        let signs = &self.bundle.site.signs;
        let headings = [
            (&signs.challenge_heading, Finding::Challenged),
            (&signs.blocked_heading, Finding::Blocked),
        ];
        for (heading, finding) in headings {
            let Some(heading) = heading else { continue };
            if !self.matching(&Locator::role("heading", heading), None).await?.is_empty() {
                let why = format!("the site says: {heading}");
                return Err(Trouble::Account { finding, why });
            }
        }
        Ok(())
    }

    fn can_sign_in(&self) -> bool {
        !self.tried_sign_in
            && self.bundle.password.is_some()
            && self.bundle.behaviors.contains_key("sign_in")
    }

    async fn sign_in(&mut self) -> Result<(), Trouble> {
        self.tried_sign_in = true;
        let bundle = self.bundle;
        let Some(behavior) = bundle.behaviors.get("sign_in") else { return Ok(()) };
        self.is_signing_in = true;
        let done = Box::pin(self.walk(behavior)).await;
        self.is_signing_in = false;
        done
    }

    /// Every element that matches now.
    pub(super) async fn matching(
        &mut self,
        locator: &Locator,
        scope: Option<&Node>,
    ) -> Result<Vec<Node>, Trouble> {
        let locator = self.expand_locator(locator);
        let mut found = Vec::new();
        for way in locator.ways() {
            found = self.attempt.bound(located(self.session, way, scope)).await?;
            if !found.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    /// The one element that matches, waited for; two are as wrong as none.
    pub(super) async fn one(
        &mut self,
        locator: &Locator,
        scope: Option<&Node>,
        within_ms: u64,
    ) -> Result<Node, Trouble> {
        let until = Instant::now() + Duration::from_millis(within_ms);
        loop {
            let mut nodes = self.matching(locator, scope).await?;
            match nodes.len() {
                1 => return Ok(nodes.remove(0)),
                count if Instant::now() >= until => {
                    // A challenge may come in answer to a click, too.
                    self.look_for_headings().await?;
                    let why = match count {
                        0 => {
                            let hint = self.like(locator).await;
                            format!("no {locator} appeared within {within_ms} ms{hint}")
                        }
                        _ => format!("{count} elements are {locator}; a locator matches one"),
                    };
                    let code = if count == 0 { "element_missing" } else { "element_ambiguous" };
                    return Err(self.page_trouble(code, why));
                }
                _ => self.sleep(LOOK_EVERY).await?,
            }
        }
    }

    /// What of the page is like an element that is not there, behind a semicolon.
    async fn like(&self, locator: &Locator) -> String {
        let locator = self.expand_locator(locator);
        // A hint is worth no failure of its own.
        let page = self.session.outline().await.unwrap_or_default();
        outline::hint(&page, &locator).map(|hint| format!("; {hint}")).unwrap_or_default()
    }

    pub(super) fn page_trouble(&self, code: &'static str, why: String) -> Trouble {
        Trouble::Page { code, step: self.step, title: self.title.clone(), why }
    }

    pub(super) async fn sleep(&self, time: Duration) -> Result<(), Trouble> {
        self.attempt
            .bound(async {
                tokio::time::sleep(time).await;
                Ok(())
            })
            .await
    }

    /// Waits as long as a person takes before the next thing, at the fleet's pace.
    async fn hesitate(&mut self) {
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
        self.sleep(Duration::from_secs_f64((ms / 1000.0 / self.bundle.pace).clamp(0.0, 600.0)))
            .await
    }

    /// Takes a picture for the recording; without one the action goes on.
    pub(super) async fn picture(&self, label: &str) {
        match self.session.capture().await {
            Ok(jpeg) => self.recorder.picture(label, &jpeg),
            Err(error) => self.recorder.note(Note::Gap { why: format!("no picture: {error}") }),
        }
    }
}
