//! The leak page twice at once, in one browser, as two accounts.

use std::sync::{Arc, Mutex};

use walkon::driver::{Pack, Session};
use walkon::worker::gate::SiteGate;
use walkon_core::clock::SystemClock;
use walkon_core::gate::{Departure, Gate, Need, Verdict};

use super::{CHANNELS, Other, Own, bundle, stand, tried};
use crate::support::fixture::{Stand, driver, ground};
use crate::support::processes;

/// Judges as another gate does, and keeps what it was asked.
struct Overheard {
    judge: SiteGate,
    asked: Mutex<Vec<String>>,
}

impl Gate for Overheard {
    fn judge(&self, departure: &Departure<'_>) -> Verdict {
        self.asked.lock().unwrap().push(departure.url.to_owned());
        self.judge.judge(departure)
    }

    fn needs(&self) -> Vec<Need> {
        // As on loopback without a grant, where alone sessions are packed.
        Vec::new()
    }
}

/// A stand in a shared browser whose gate is overheard.
fn packed_stand(origin: &str, ground: &tempfile::TempDir) -> (Stand, Arc<Overheard>) {
    let mut stand = stand(origin);
    let judge = SiteGate::new(&bundle(origin), Arc::new(SystemClock));
    let gate = Arc::new(Overheard { judge, asked: Mutex::default() });
    stand.spec.gate = gate.clone();
    let folder = ground.path().to_owned();
    stand.spec.pack = Some(Pack { site: "site".parse().unwrap(), folder });
    (stand, gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_in_one_browser_are_each_judged_by_their_own_gate_on_every_way_out() {
    let Some(driver) = driver() else { return };
    let ground = ground();
    let sites = [Own::start().await, Own::start().await];
    let others = [Other::start().await, Other::start().await];
    let (first, gate) = packed_stand(&sites[0].origin(), &ground);
    let (second, gate_too) = packed_stand(&sites[1].origin(), &ground);
    let (one, two) = tokio::join!(first.open(&driver), second.open(&driver));
    let leak = async |session: &dyn Session, own: &Own, other: &Other| {
        let url = format!("{}/leak?b={}", own.origin(), other.address);
        session.navigate(&url).await.unwrap();
        tried(session).await;
        own.asked_by_all().await;
    };
    tokio::join!(leak(&*one, &sites[0], &others[0]), leak(&*two, &sites[1], &others[1]));
    assert_eq!(processes::naming(&ground.path().join("_packed-1")), [0; 0], "they share one");
    tokio::join!(one.close(), two.close());
    for (number, (stand, gate)) in [(first, gate), (second, gate_too)].iter().enumerate() {
        let (own, other) = (&sites[number], &others[number]);
        assert_eq!(other.heard(), Vec::<String>::new());
        // The one hole that is known: no account whose requests a grant judges is packed.
        own.all_signed_but("/download");
        let ports = [own.address, other.address].map(|address| format!(":{}", address.port()));
        let mut asked = gate.asked.lock().unwrap().clone();
        for path in CHANNELS.iter().filter(|path| !path.starts_with("/socket")) {
            assert!(asked.iter().any(|url| url.contains(path)), "{path} was not judged");
        }
        asked.retain(|url| !ports.iter().any(|port| url.contains(port)));
        assert_eq!(asked, Vec::<String>::new(), "it was asked of another account's requests");
        let told = stand.notes.sentences();
        assert!(!told.iter().any(|text| text.contains("no account is known")), "{told:?}");
    }
}
