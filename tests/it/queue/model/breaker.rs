//! The breaker: who fails again and again rests, longer each time, and then tries one at a time.

use walkon_core::outcome::Outcome;
use walkon_core::plan::Breaker as Rules;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Closed,
    /// Until some time between these two.
    Open((i64, i64)),
    HalfOpen,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Breaker {
    pub(crate) state: State,
    failures: u32,
    opened: u32,
    successes: u32,
}

impl Breaker {
    /// Whether it keeps the account shut at `at`; for certain, or perhaps.
    pub(crate) fn is_shut(&self, at: i64, is_acting: bool, is_sure: bool) -> bool {
        match self.state {
            State::Closed => false,
            State::HalfOpen => is_acting,
            State::Open((soonest, latest)) => at < if is_sure { latest } else { soonest },
        }
    }

    /// The attempt that is claimed now is the one that tries.
    pub(crate) fn claimed(&mut self) {
        if self.state != State::Closed {
            self.state = State::HalfOpen;
        }
    }

    /// An attempt to perform has ended; whether that opens it.
    pub(crate) fn judge(&mut self, rules: &Rules, outcome: &Outcome, now: i64) -> bool {
        if rules.failures == 0 {
            return false;
        }
        match outcome {
            Outcome::Done { .. } if self.state == State::Closed => self.failures = 0,
            Outcome::Done { .. } => {
                self.successes += 1;
                if self.successes >= rules.successes.max(1) {
                    *self = Self::default();
                }
            }
            Outcome::Retry { .. } | Outcome::Unknown { .. } => {
                self.failures += 1;
                if self.state != State::Closed || self.failures >= rules.failures {
                    self.open(rules, now);
                    return true;
                }
            }
            Outcome::NotRun { .. } | Outcome::Fatal { .. } => {}
        }
        false
    }

    fn open(&mut self, rules: &Rules, now: i64) {
        let twice = 1 << self.opened.min(20);
        self.opened += 1;
        self.successes = 0;
        let rest = (rules.rest.as_millis() as i64 * twice).min(rules.longest.as_millis() as i64);
        let (least, most) = (rest as f64 * 0.9, rest as f64 * 1.1);
        self.state = State::Open((now + least as i64 - 1, now + most as i64 + 1));
    }
}
