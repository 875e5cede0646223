//! What every driver must do alike: each sentence is held against the fake browser, Chromium's
//! headless shell and the full Chromium by Chromium's own protocol, and the same by WebDriver.
//!
//! What a driver cannot do by its nature stands in [`CANNOT`], and nowhere else; a sentence says
//! what happens instead. A browser that is not installed is a skipped test, told loudly.

use std::sync::Arc;

use walkon::driver::cdp::{CdpDriver, Options};
#[cfg(feature = "demo")]
use walkon::driver::fake::FakeDriver;
use walkon::driver::webdriver::WebDriver;
use walkon::driver::{Driver, Session};
use walkon_core::gate::{Departure, Gate, Need, Verdict};
use walkon_core::step::Locator;

use crate::support::fixture::{Stand, TestGate, driver_with, webdriver_with};
use site::Site;

mod acting;
mod ending;
mod finding;
mod going;
mod keeping;
mod site;

/// What not every driver can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Can {
    /// Pages run their scripts.
    RunScripts,
    /// Pages are laid out as on a screen: elements have sizes, and may cover each other.
    LayOut,
    /// It is a process in a jail, whose one way out is the relay.
    BeJailed,
    /// Each request is judged before it leaves.
    JudgeRequests,
    /// It is another device than the host's: a phone, which is touched.
    Emulate,
    /// It tells `Retry-After`.
    TellWhenToReturn,
}

/// Who cannot what, and why.
const CANNOT: [(&str, Can, &str); 9] = [
    ("fake", Can::RunScripts, "it reads HTML and follows forms and links"),
    ("fake", Can::LayOut, "every element stands in a row of its own"),
    ("fake", Can::BeJailed, "it is part of the worker: its gate is its way out"),
    ("webdriver_shell", Can::JudgeRequests, "the standard has no eye on requests: it refuses"),
    ("webdriver_shell", Can::Emulate, "the standard knows no device: it refuses"),
    ("webdriver_shell", Can::TellWhenToReturn, "no page can read the headers it came with"),
    ("webdriver_full", Can::JudgeRequests, "as the shell"),
    ("webdriver_full", Can::Emulate, "as the shell"),
    ("webdriver_full", Can::TellWhenToReturn, "as the shell"),
];

/// The full browser; the headless shell is what is found first.
const FULL: &str = "/usr/lib/chromium/chromium";

/// A gate that says that it needs no more than hosts and ports. The addresses that a driver opens
/// it judges all the same.
struct OfOpenings;

impl Gate for OfOpenings {
    fn judge(&self, departure: &Departure<'_>) -> Verdict {
        TestGate.judge(departure)
    }

    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }
}

/// A driver that is held to a sentence.
struct Subject {
    name: &'static str,
    driver: Box<dyn Driver>,
}

impl Subject {
    #[cfg(feature = "demo")]
    #[expect(clippy::unnecessary_wraps, reason = "the others may not be installed")]
    fn fake() -> Option<Self> {
        Some(Self { name: "fake", driver: Box::new(FakeDriver::new()) })
    }

    fn cdp(name: &'static str, set: impl FnOnce(&mut Options)) -> Option<Self> {
        let driver: CdpDriver = driver_with(set)?;
        Some(Self { name, driver: Box::new(driver) })
    }

    fn cdp_shell() -> Option<Self> {
        Self::cdp("cdp_shell", |_| {})
    }

    fn cdp_full() -> Option<Self> {
        Self::cdp("cdp_full", |options| options.path = Some(FULL.into()))
    }

    fn webdriver(name: &'static str, set: impl FnOnce(&mut Options)) -> Option<Self> {
        let driver: WebDriver = webdriver_with(set)?;
        Some(Self { name, driver: Box::new(driver) })
    }

    fn webdriver_shell() -> Option<Self> {
        Self::webdriver("webdriver_shell", |_| {})
    }

    fn webdriver_full() -> Option<Self> {
        Self::webdriver("webdriver_full", |options| options.path = Some(FULL.into()))
    }

    fn can(&self, what: Can) -> bool {
        !CANNOT.iter().any(|(name, cannot, _)| *name == self.name && *cannot == what)
    }

    /// A browser that may go to the site, and to nothing else.
    async fn enter(&self, site: &Site) -> (Stand, Box<dyn Session>) {
        let stand = self.stand(&[&site.origin]);
        let session = self.open(&stand).await;
        (stand, session)
    }

    /// What a session stands in, with a gate that the driver can keep to.
    fn stand(&self, origins: &[&str]) -> Stand {
        let mut stand = Stand::new(origins);
        if !self.can(Can::JudgeRequests) {
            stand.spec.gate = Arc::new(OfOpenings);
        }
        stand
    }

    async fn open(&self, stand: &Stand) -> Box<dyn Session> {
        stand.open(&*self.driver).await
    }

    /// The same, on the page that has everything.
    async fn on_page(&self, site: &Site) -> (Stand, Box<dyn Session>) {
        let (stand, session) = self.enter(site).await;
        session.navigate(&site.url("/page")).await.unwrap();
        (stand, session)
    }
}

fn by(set: impl FnOnce(&mut Locator)) -> Locator {
    let mut locator = Locator::default();
    set(&mut locator);
    locator
}

fn label(text: &str) -> Locator {
    by(|locator| locator.label = Some(text.to_owned()))
}

fn text(text: &str) -> Locator {
    by(|locator| locator.text = Some(text.to_owned()))
}

fn button(name: &str) -> Locator {
    Locator::role("button", name)
}

/// Each sentence against one driver, in a module of the driver's name.
macro_rules! held_by {
    ($driver:ident: $($theme:ident::$sentence:ident,)+) => {
        mod $driver {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $sentence() {
                    if let Some(subject) = super::Subject::$driver() {
                        super::$theme::$sentence(subject).await;
                    }
                }
            )+
        }
    };
}

/// The suite: each sentence against every driver.
macro_rules! all_hold {
    ($($sentences:tt)+) => {
        #[cfg(feature = "demo")]
        held_by!(fake: $($sentences)+);
        held_by!(cdp_shell: $($sentences)+);
        held_by!(cdp_full: $($sentences)+);
        held_by!(webdriver_shell: $($sentences)+);
        held_by!(webdriver_full: $($sentences)+);
    };
}

all_hold! {
    going::an_arrival_tells_status_redirect_and_when_to_come_back,
    going::what_cannot_be_reached_is_told,
    going::what_the_gate_refuses_never_leaves_and_the_error_names_it,
    going::a_gate_that_judges_each_request_is_kept_to_or_the_browser_does_not_open,
    going::what_the_relay_refuses_never_leaves_and_the_error_names_it,
    going::a_page_hears_who_comes,
    going::a_parked_browser_is_on_an_empty_page,
    finding::each_way_of_naming_finds_what_it_names_and_nothing_else,
    finding::what_is_inside_an_element_is_found_there,
    finding::an_outline_tells_what_a_screen_reader_would_announce,
    finding::a_page_is_read_without_touching_it,
    finding::an_element_is_hit_only_in_view_and_where_nothing_covers_it,
    finding::an_element_that_went_is_gone,
    acting::a_click_presses_the_one_button_it_aims_at,
    acting::a_finger_taps_where_the_device_is_touched_or_the_browser_does_not_open,
    acting::whatever_is_typed_arrives,
    acting::a_list_is_chosen_from_by_keys,
    acting::a_file_is_given_under_its_name,
    keeping::a_storage_state_goes_from_one_browser_into_the_next,
    keeping::two_browsers_share_nothing,
    ending::a_picture_is_a_picture,
    ending::a_killed_browser_is_dead_for_the_call_in_flight_and_for_later_ones,
    ending::a_close_leaves_nothing_behind,
}
