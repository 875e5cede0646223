//! A fake browser: the real practice site over plain HTTP, without Chromium.
//!
//! It reads a page's HTML as far as roles, names, forms and links go, so that the same behaviours
//! run on it, and a kill test runs fifty sessions in seconds with the site as the judge. No script
//! runs: the site's buttons are forms underneath, and those are what it submits. It has no jail and
//! no relay, and is in no image.
//!
//! Every element that is shown stands in a row of its own (`page::ROW` high), so that gestures hit
//! what they aim at and a far element must be scrolled to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use walkon_core::gate::{Departure, Turned, Verdict};
use walkon_core::gesture::{Gesture, Point, Rect};
use walkon_core::outline::Part;
use walkon_core::recorder::{Exchange, Note};
use walkon_core::step::Locator;
use walkon_core::storage_state::{OriginStorage, StorageState};

use super::{
    Arrival, Driver, Error, Fidelity, NAVIGATION_MAX, Node, Read, Session, SessionSpec, Upload,
};
use jar::Jar;
use page::{Deed, Page};

mod form;
mod hand;
mod jar;
mod page;
mod reading;

/// The most redirects followed.
const REDIRECTS_MAX: usize = 10;

/// Opens fake browsers.
#[derive(Debug, Clone, Default)]
pub struct FakeDriver;

impl FakeDriver {
    /// A driver.
    pub fn new() -> Self {
        // Two are linked in; whoever was first has chosen already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self
    }
}

#[async_trait]
impl Driver for FakeDriver {
    async fn open(&self, spec: SessionSpec) -> Result<Box<dyn Session>, Error> {
        let contact = spec.contact.as_deref().unwrap_or("fake");
        let agent = format!("Mozilla/5.0 (Fake) walkon/{} (+{contact})", env!("CARGO_PKG_VERSION"));
        let client = reqwest::Client::builder()
            .user_agent(agent)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(NAVIGATION_MAX)
            .no_proxy()
            .build()
            .map_err(|error| Error::Start(error.to_string()))?;
        let state = spec.state.clone().unwrap_or_default();
        let inside = Inside {
            jar: Jar::new(state.cookies),
            origins: state.origins,
            page: Page::empty(spec.device.width, spec.device.height),
            hand: hand::Hand::default(),
        };
        Ok(Box::new(FakeSession {
            client,
            spec,
            ended: CancellationToken::new(),
            born: tokio::time::Instant::now(),
            inside: Mutex::new(inside),
        }))
    }
}

/// One fake browser.
struct FakeSession {
    client: reqwest::Client,
    spec: SessionSpec,
    ended: CancellationToken,
    born: tokio::time::Instant,
    inside: Mutex<Inside>,
}

struct Inside {
    jar: Jar,
    origins: Vec<OriginStorage>,
    page: Page,
    hand: hand::Hand,
}

fn dead() -> Error {
    Error::Dead("it was killed".to_owned())
}

impl FakeSession {
    fn inside(&self) -> Result<MutexGuard<'_, Inside>, Error> {
        if self.ended.is_cancelled() {
            return Err(dead());
        }
        Ok(self.inside.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks the page something, if it is still the one that the node came from.
    fn of<T>(&self, node: &Node, ask: impl FnOnce(&Page, usize) -> T) -> Result<T, Error> {
        let inside = self.inside()?;
        let ordinal = inside.page.ordinal(node).ok_or(Error::Gone)?;
        Ok(ask(&inside.page, ordinal))
    }

    /// Does what a click or a key led to, redirects and all.
    async fn carry_out(&self, mut deed: Deed) -> Result<Arrival, Error> {
        for _ in 0..REDIRECTS_MAX {
            let visiting = self.visit(&deed);
            let visited = tokio::select! {
                () = self.ended.cancelled() => return Err(dead()),
                visited = visiting => visited?,
            };
            match visited {
                Ok(arrival) => return Ok(arrival),
                Err(next) => deed = next,
            }
        }
        Err(Error::Unreachable { url: deed.url, why: "too many redirects".to_owned() })
    }

    /// One request: where it ended, or where it sends on to.
    async fn visit(&self, deed: &Deed) -> Result<Result<Arrival, Deed>, Error> {
        let url = deed.url.clone();
        let unreachable = |why: String| Error::Unreachable { url: url.clone(), why };
        let method = if deed.form.is_some() { "POST" } else { "GET" };
        let departure = Departure { method, url: &url, is_navigation: true };
        let more = match self.spec.gate.judge(&departure) {
            Verdict::Refuse { why, .. } => return Err(Error::Refused { url, why }),
            Verdict::Pass => Vec::new(),
            Verdict::PassWith(more) => more,
        };
        if let Some(admission) = self.spec.gate.admit(&departure) {
            let turned = |Turned { why, .. }| Error::Refused { url: url.clone(), why };
            admission.await.map_err(turned)?;
        }
        let started = self.born.elapsed().as_secs_f64() * 1_000.0;
        let request = self.request(deed, method)?;
        let own = page::origin(&url).and_then(|origin| self.spec.gate.login(origin));
        let request = match own {
            Some(own) => request.basic_auth(own.username, Some(own.password.expose())),
            None => request,
        };
        let request = more.into_iter().fold(request, |r, (name, value)| r.header(name, value));
        let answer = request.send().await.map_err(|error| unreachable(error.to_string()))?;
        let status = answer.status().as_u16();
        let header = |name: &str| Some(answer.headers().get(name)?.to_str().ok()?.to_owned());
        let (location, retry_after) = (header("location"), header("retry-after"));
        let set = answer.headers().get_all("set-cookie").iter();
        let cookies: Vec<String> =
            set.filter_map(|value| Some(value.to_str().ok()?.into())).collect();
        let body = answer.text().await.map_err(|error| unreachable(error.to_string()))?;
        let exchange = Exchange {
            method: method.to_owned(),
            url: url.clone(),
            status: Some(status),
            mime: Some("text/html".to_owned()),
            resource: "document".to_owned(),
            start_ms: started,
            duration_ms: self.born.elapsed().as_secs_f64() * 1_000.0 - started,
            bytes: body.len() as u64,
            error: None,
        };
        let mut inside = self.inside()?;
        for cookie in &cookies {
            inside.jar.take(&url, cookie);
        }
        self.spec.recorder.note(Note::Request(Box::new(exchange)));
        if let Some(location) = location.filter(|_| (300..400).contains(&status)) {
            let next = page::absolute(&url, &location).ok_or_else(|| unreachable(location))?;
            return Ok(Err(Deed { url: next, form: None }));
        }
        inside.page.show(&url, body);
        self.spec.recorder.note(Note::Navigated { url: url.clone(), status: Some(status) });
        let retry_after = retry_after.and_then(|text| text.parse().ok());
        Ok(Ok(Arrival { url, status: Some(status), retry_after }))
    }

    /// A request as a browser on the present page makes it.
    fn request(&self, deed: &Deed, method: &str) -> Result<reqwest::RequestBuilder, Error> {
        let inside = self.inside()?;
        let request = match &deed.form {
            Some(form) if form.is_in_parts() => {
                let (sort, body) = form.parts();
                self.client.post(&deed.url).header("content-type", sort).body(body)
            }
            Some(form) => self.client.post(&deed.url).form(&form.fields),
            None => self.client.get(&deed.url),
        };
        let mut request = request
            .header("cookie", inside.jar.header(&deed.url))
            .header("accept-language", self.spec.device.languages.join(","))
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document");
        let here = page::origin(&inside.page.url);
        let same = here.is_some() && here == page::origin(&deed.url);
        request = request.header("sec-fetch-site", if same { "same-origin" } else { "none" });
        if let (Some(origin), "POST") = (here, method) {
            request = request.header("origin", origin);
        }
        if same {
            request = request.header("referer", &inside.page.url);
        }
        Ok(request)
    }
}

#[async_trait]
impl Session for FakeSession {
    async fn navigate(&self, url: &str) -> Result<Arrival, Error> {
        self.carry_out(Deed { url: url.to_owned(), form: None }).await
    }

    async fn locate(&self, locator: &Locator) -> Result<Vec<Node>, Error> {
        self.inside()?.page.locate(None, locator)
    }

    async fn locate_in(&self, node: &Node, locator: &Locator) -> Result<Vec<Node>, Error> {
        let inside = self.inside()?;
        let ordinal = inside.page.ordinal(node).ok_or(Error::Gone)?;
        inside.page.locate(Some(ordinal), locator)
    }

    async fn quad(&self, node: &Node) -> Result<Option<Rect>, Error> {
        self.of(node, Page::quad)
    }

    async fn hittable(&self, node: &Node) -> Result<bool, Error> {
        self.of(node, |page, ordinal| {
            page.quad(ordinal).is_some_and(|rect| page.sees(rect.center()))
        })
    }

    async fn hits(&self, node: &Node, at: Point) -> Result<bool, Error> {
        self.of(node, |page, ordinal| page.at(at) == Some(ordinal))
    }

    async fn enabled(&self, node: &Node) -> Result<bool, Error> {
        self.of(node, Page::enabled)
    }

    async fn upload(&self, node: &Node, file: &Upload) -> Result<(), Error> {
        let mut inside = self.inside()?;
        let ordinal = inside.page.ordinal(node).ok_or(Error::Gone)?;
        inside.page.upload(ordinal, file.clone());
        Ok(())
    }

    async fn dispatch(&self, gesture: &Gesture) -> Result<Fidelity, Error> {
        let begun = tokio::time::Instant::now();
        let mut fidelity = Fidelity::default();
        for timed in &gesture.0 {
            let due = begun + std::time::Duration::from_secs_f64(timed.at_ms.max(0.0) / 1_000.0);
            tokio::select! {
                () = self.ended.cancelled() => return Err(dead()),
                () = tokio::time::sleep_until(due) => {}
            }
            fidelity.late_ms.push(due.elapsed().as_secs_f64() * 1_000.0);
            let deed = {
                let mut inside = self.inside()?;
                let Inside { page, hand, .. } = &mut *inside;
                hand.carry_out(page, &timed.input)
            };
            if let Some(deed) = deed {
                self.carry_out(deed).await?;
            }
        }
        Ok(fidelity)
    }

    async fn read(&self, what: &Read) -> Result<Option<String>, Error> {
        Ok(match what {
            Read::Url => Some(self.inside()?.page.url.clone()),
            Read::Title => self.inside()?.page.title(),
            Read::Viewport => Some(self.inside()?.page.viewport()),
            Read::Text(node) => Some(self.of(node, Page::text)?),
            Read::Value(node) => self.of(node, Page::value)?,
            Read::Attribute(node, name) => self.of(node, |page, at| page.attribute(at, name))?,
        })
    }

    async fn outline(&self) -> Result<Vec<Part>, Error> {
        Ok(self.inside()?.page.outline())
    }

    async fn capture(&self) -> Result<Vec<u8>, Error> {
        self.inside().map(|_| BLANK_JPEG.to_vec())
    }

    async fn park(&self) -> Result<(), Error> {
        let device = &self.spec.device;
        self.inside()?.page = Page::empty(device.width, device.height);
        Ok(())
    }

    async fn state(&self) -> Result<StorageState, Error> {
        let inside = self.inside()?;
        let (cookies, origins) = (inside.jar.all(), inside.origins.clone());
        Ok(StorageState { cookies, origins, ..StorageState::default() })
    }

    async fn close(self: Box<Self>) {
        self.ended.cancel();
    }

    fn kill(&self) {
        self.ended.cancel();
    }

    fn is_dead(&self) -> bool {
        self.ended.is_cancelled()
    }
}

/// Where the middle of nothing is: a hand that has not moved yet.
const NOWHERE: Point = Point { x: -1.0, y: -1.0 };

/// One white pixel.
const BLANK_JPEG: &[u8] = include_bytes!("fake/blank.jpg");
