//! A finger that lets go in motion: what the page does then is what was planned.

use walkon::catalog::Catalog;
use walkon::driver::Read;
use walkon_core::gesture::Rect;
use walkon_core::motion::glide::Glide;
use walkon_core::motion::scroll::fling;
use walkon_core::rng::Seed;

use crate::browser::phone;
use crate::support::fixture::{Stand, driver, until};
use crate::support::site::Site;

/// So many flings are judged. One whose events were late was another than the planned one: it is
/// made anew.
const JUDGED: usize = 3;
const SEEDS: u64 = 60;
const LATE_MAX_MS: f64 = 6.0;

#[tokio::test(flavor = "multi_thread")]
async fn a_flung_page_glides_on_as_far_as_was_planned() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let mut stand = Stand::new(&[&site.origin]);
    stand.spec.device = phone();
    let session = stand.open(&driver).await;
    let catalog = Catalog::load("behaviors".as_ref(), "profiles".as_ref()).unwrap();
    let persona = &catalog.personas["casual"];
    let view = Rect { x: 0.0, y: 0.0, w: 412.0, h: 915.0 };
    let mut shares = Vec::new();
    for seed in 1..=SEEDS {
        session.navigate(&site.url("/tall")).await.unwrap();
        let flung = fling(view, 900.0, Glide::Desktop, persona, &mut Seed(seed).rng());
        let fidelity = session.dispatch(&flung.gesture).await.unwrap();
        let rests = until(&*session, &Read::Title, |title| title.starts_with("rests")).await;
        let places: Vec<f64> = rests.split(' ').skip(1).map(|n| n.parse().unwrap()).collect();
        let (lifted, rest) = (places[0], places[1]);
        let late = fidelity.late_ms_max();
        eprintln!("of {:.0}: lifted {lifted}, rests {rest}; {late:.1} ms late", flung.way_px);
        if late > LATE_MAX_MS {
            continue;
        }
        assert!(rest > lifted + 200.0, "it glides: lifted at {lifted}, rests at {rest}");
        shares.push(rest / flung.way_px);
        if shares.len() == JUDGED {
            break;
        }
    }
    session.close().await;
    shares.sort_by(f64::total_cmp);
    assert_eq!(shares.len(), JUDGED, "this host is never on time");
    // The browser feels a finger's speed by the moments at which its frames have it.
    assert!((0.75..1.3).contains(&shares[JUDGED / 2]), "{shares:.2?}");
}
