//! What chance alone would seldom bring about, one operation after the other. Whom it meets, and
//! what becomes of each, is still open.

use rand::RngExt as _;
use walkon_core::rng::Rng;

use super::Op;

/// Kinds, as an operation numbers them.
const LIKE: u8 = 0;
const COMMENT: u8 = 2;
const SIGN_IN: u8 = 5;
/// Endings, likewise.
const DONE: u8 = 0;
const RETRY: u8 = 4;
const FATAL: u8 = 6;
const UNKNOWN: u8 = 7;
const NOT_THERE: u8 = 8;
/// The account whose caps roll.
const DAN: u8 = 3;

fn claim(worker: u8) -> Op {
    Op::Claim { worker, classes: 5, repeat: false }
}

fn begin(hand: u8) -> Op {
    Op::Begin { hand }
}

fn finish(hand: u8, ending: u8) -> Op {
    Op::Finish { hand, ending, keep: false, repeat: false }
}

fn wait(seconds: u32) -> Op {
    Op::Pass { tenths: seconds * 10 }
}

fn add(account: u8, kind: u8, expires: u32, api: bool) -> Op {
    Op::Enqueue { account, kind, priority: 0, later: 0, expires, key: 0, api }
}

fn like(account: u8) -> Op {
    add(account, LIKE, 0, false)
}

/// An account that nobody holds.
fn free(account: u8, api: bool) -> Op {
    Op::Account { account, held: 11, fence: false, zone: 0, api }
}

pub(super) fn any(rng: &mut Rng) -> Vec<Op> {
    let (account, ending) = (rng.random(), rng.random());
    match rng.random_range(0..6) {
        0 => hour_ends(),
        1 => made_and_expired(account, ending),
        2 => paused(account),
        3 => site_fails(account, ending, rng.random()),
        4 => rolling_hour(),
        _ => gone_and_back(account),
    }
}

/// An hour ends under the hands of those who have claimed and not begun.
fn hour_ends() -> Vec<Op> {
    let early = [Op::Edge, claim(0), claim(1), wait(6)];
    let late = [claim(2), claim(3), begin(3), begin(2), begin(1), begin(0)];
    early.into_iter().chain(late).collect()
}

/// What may have been made expires before somebody makes it again.
fn made_and_expired(account: u8, ending: u8) -> Vec<Op> {
    let like = add(account, LIKE, 60, false);
    let made = [like, claim(0), claim(1), begin(0), begin(1), begin(2)];
    let lost = [finish(0, UNKNOWN), finish(0, UNKNOWN), wait(61), Op::Reap, claim(2), claim(3)];
    let read = [finish(0, NOT_THERE), finish(0, ending), wait(13), Op::Reap, claim(4)];
    made.into_iter().chain(lost).chain(read).collect()
}

/// A person pauses the fleet when work is in hand that has not begun.
fn paused(account: u8) -> Vec<Op> {
    let pause = |on| Op::Pause { on };
    let claimed = [like(account), claim(0), claim(1), claim(2)];
    let shut = [pause(true), begin(0), begin(1), begin(2), pause(false)];
    claimed.into_iter().chain(shut).collect()
}

/// A site fails, for everybody but one that was there before; it rests, and one tries.
fn site_fails(account: u8, ending: u8, has_begun: bool) -> Vec<Op> {
    let sign_in = |account| add(account, SIGN_IN, 0, false);
    let clear = (0..12).map(|_| Op::Vanish { hand: 0 }).chain([wait(34), Op::Reap]);
    let free = (0..5).map(|account| free(account, true));
    let early = [add(account, COMMENT, 0, true), claim(0)];
    let early = early.into_iter().chain(has_begun.then(|| begin(0)));
    let work = (0..5).flat_map(|account| [sign_in(account), sign_in(account)]);
    let failed = (0..8).flat_map(|_| [claim(0), begin(1), finish(1, RETRY)]);
    let late = [begin(0), finish(0, DONE), claim(1), wait(61), claim(1), claim(2), begin(0)];
    let ending = [DONE, RETRY, RETRY, FATAL][usize::from(ending) % 4];
    let tried = [finish(0, ending), claim(3), wait(34), claim(4), wait(31), claim(4)];
    let all = clear.chain(free).chain(early).chain(work).chain(failed).chain(late).chain(tried);
    all.chain([wait(60), claim(4)]).collect()
}

/// All that an account may in any hour; the last is claimed in one hour and done in the next.
fn rolling_hour() -> Vec<Op> {
    let done = [like(DAN), claim(0), begin(0), finish(0, DONE)];
    let over = [like(DAN), claim(0), wait(6), begin(0), finish(0, DONE)];
    let early = [Op::Edge].into_iter().chain((0..4).flat_map(|_| done.clone()));
    let late = [wait(3601)].into_iter().chain((0..5).flat_map(|_| done.clone()));
    early.chain(over).chain(late).collect()
}

/// An account leaves with work in hand and is back before anybody has let go.
fn gone_and_back(account: u8) -> Vec<Op> {
    let work = [like(account), claim(0), claim(1), claim(2)];
    let back = [Op::Remove { account }, free(account, false)];
    work.into_iter().chain(back).chain([like(account), claim(3), claim(4)]).collect()
}
