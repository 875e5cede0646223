//! How much memory an account's browser takes.

use std::time::Duration;

use super::stage::{self, OnPage};
use super::{Error, Ground};
use crate::driver::cdp::Packed;

/// How long after the last page has loaded: what a page does at its start is over then.
const SETTLE: Duration = Duration::from_secs(4);

/// Bytes an account; `None`: this system does not say.
pub(super) struct Density {
    pub(super) on_page: Option<f64>,
    pub(super) parked: Option<f64>,
}

/// Opens so many sessions side by side, each in a browser of its own or packed, and divides what
/// they take.
pub(super) async fn measure(
    ground: &Ground,
    accounts: usize,
    packed: bool,
) -> Result<Density, Error> {
    let mut open: Vec<OnPage> = Vec::new();
    for number in 0..accounts {
        open.push(stage::open(ground, number, packed).await?);
    }
    tokio::time::sleep(SETTLE).await;
    let on_page = each(&open).await;
    for one in &open {
        one.session.park().await?;
    }
    tokio::time::sleep(SETTLE).await;
    let at_rest = each(&open).await;
    leave(open).await;
    Ok(Density { on_page, parked: at_rest })
}

/// The others of a shared browser in which one account acts, all of them parked.
pub(super) async fn neighbours(ground: &Ground) -> Result<Vec<OnPage>, Error> {
    let mut open = Vec::new();
    for number in 1..Packed::default().accounts {
        open.push(stage::open(ground, number, true).await?);
    }
    for one in &open {
        one.session.park().await?;
    }
    Ok(open)
}

pub(super) async fn leave(open: Vec<OnPage>) {
    for one in open {
        one.session.close().await;
    }
}

async fn each(open: &[OnPage]) -> Option<f64> {
    let mut all = 0;
    for one in open {
        all += one.session.memory().await?;
    }
    Some(all as f64 / open.len().max(1) as f64)
}
