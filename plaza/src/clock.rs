//! The time, as an argument: the one place of Plaza that may ask the system for it.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// Tells the time. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::from_fn(now)
    }

    /// A clock that asks `now` each time, for tests that set the time themselves.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now, in whole milliseconds, which is what pages and ledger write.
    pub fn now(&self) -> Timestamp {
        let exact = (self.0)();
        Timestamp::from_millisecond(exact.as_millisecond()).unwrap_or(exact)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

#[expect(clippy::disallowed_methods, reason = "the system clock is read here and nowhere else")]
fn now() -> Timestamp {
    Timestamp::now()
}
