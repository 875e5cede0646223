//! How far and how long a page glides after a finger has let it go.
//!
//! Three curves of speed at release: Android's (a spline, which Chromium's Android builds took
//! over), iOS's (exponential) and the one of Chromium on a desktop, which is what an emulated phone
//! in a desktop browser really gets (`tests/it/flings.rs` looks).

/// Android's deceleration rate: `ln .78 / ln .9` (Chromium, `ui/events/android/scroller.cc`, from
/// AOSP's `OverScroller`).
const RATE: f64 = 2.358_201_815_259_443;
/// Share of the time at which the spline bends; the same.
const INFLEXION: f64 = 0.35;
/// Tensions of the spline at its start and its end; the same.
const TENSIONS: (f64, f64) = (0.5, 1.0);
/// Friction .015 times gravity in a 160 dpi screen's pixels, 9.80665 × 39.37 × 160 × .84; the same.
const FRICTION: f64 = 0.015 * 9.806_65 * 39.37 * 160.0 * 0.84;
/// iOS's share of speed kept each millisecond, `.998` (`UIScrollView.DecelerationRate.normal`,
/// WWDC 2018 session 803).
const KEPT: f64 = 0.998;
/// What is left of an exponential glide when it counts as over, in pixels. Chosen: none is seen.
const REST_PX: f64 = 0.5;
/// What slows a page on a desktop, in pixels a second a second: 2.7559e-5 inches a millisecond a
/// millisecond at 96 pixels an inch (Chromium, `ui/events/gestures/physics_based_fling_curve.cc`).
const BRAKE: f64 = 2.755_9e-5 * 96.0 * 1e6;
/// How long that takes: so many pixels a second are lost each second, and two seconds at most; the
/// same.
const LOSS: f64 = 2300.0;
const DESKTOP_MAX_S: f64 = 2.0;
/// Where its cubic bends: the first point's time, the second point; the same.
const BENDS: (f64, (f64, f64)) = (0.2, (0.55, 1.0));

/// Who decides how a page glides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glide {
    /// Android and its Chromium.
    Android,
    /// iOS.
    Ios,
    /// Chromium on a desktop.
    Desktop,
}

impl Glide {
    /// Every curve.
    pub const ALL: [Self; 3] = [Self::Android, Self::Ios, Self::Desktop];

    /// How far a release at `speed` pixels a second goes.
    pub fn distance_px(self, speed: f64) -> f64 {
        match self {
            Self::Android if speed > 0.0 => FRICTION * (RATE * android_log(speed)).exp(),
            Self::Android => 0.0,
            Self::Ios => speed.max(0.0) * KEPT / (1.0 - KEPT) / 1000.0,
            Self::Desktop => speed.max(0.0).powi(2) / (2.0 * BRAKE),
        }
    }

    /// How long it takes.
    pub fn duration_ms(self, speed: f64) -> f64 {
        match self {
            Self::Android if speed > 0.0 => android_log(speed).exp() * 1000.0,
            Self::Android => 0.0,
            Self::Ios => {
                let way = self.distance_px(speed);
                if way > REST_PX { (REST_PX / way).ln() / KEPT.ln() } else { 0.0 }
            }
            Self::Desktop => (speed.max(0.0) / LOSS).min(DESKTOP_MAX_S) * 1000.0,
        }
    }

    /// How far it has gone `since_ms` after the release.
    pub fn position_px(self, speed: f64, since_ms: f64) -> f64 {
        let whole = self.duration_ms(speed);
        if whole <= 0.0 || since_ms >= whole {
            return self.distance_px(speed);
        }
        let since_ms = since_ms.max(0.0);
        match self {
            Self::Android => self.distance_px(speed) * spline(since_ms / whole),
            Self::Ios => self.distance_px(speed) * (1.0 - KEPT.powf(since_ms)),
            Self::Desktop => {
                let way = self.distance_px(speed);
                way * bezier(since_ms / whole, first_bend(speed * whole / 1000.0 / way), BENDS.1)
            }
        }
    }

    /// The speed at release that goes so far.
    pub fn speed_for(self, distance: f64) -> f64 {
        match self {
            Self::Android if distance > 0.0 => {
                let log = (distance / FRICTION).ln() / RATE;
                (log * (RATE - 1.0)).exp() * FRICTION / INFLEXION
            }
            Self::Android => 0.0,
            Self::Ios => distance.max(0.0) * 1000.0 * (1.0 - KEPT) / KEPT,
            Self::Desktop => (2.0 * BRAKE * distance.max(0.0)).sqrt(),
        }
    }
}

/// `ln(.35 v / (.015 C)) / (R - 1)`: seconds of a glide, as their logarithm.
fn android_log(speed: f64) -> f64 {
    (INFLEXION * speed / FRICTION).ln() / (RATE - 1.0)
}

/// Android's place at a share of its time.
fn spline(share: f64) -> f64 {
    let (start, end) = TENSIONS;
    bezier(share, (start * INFLEXION, start), (1.0 - end * (1.0 - INFLEXION), 1.0))
}

/// The desktop's first bend, which lets the page go on as fast as the finger was: `slope` is the
/// time of the glide at that speed as a share of its way.
fn first_bend(slope: f64) -> (f64, f64) {
    if slope * BENDS.0 < 1.0 { (BENDS.0, BENDS.0 * slope) } else { (1.0 / slope, 1.0) }
}

/// The place at a share of the time of a cubic that bends at these two: its parameter is searched
/// for.
fn bezier(share: f64, first: (f64, f64), second: (f64, f64)) -> f64 {
    let cubic =
        |x: f64, one: f64, two: f64| 3.0 * x * (1.0 - x) * ((1.0 - x) * one + x * two) + x * x * x;
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        if cubic(middle, first.0, second.0) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    cubic(high, first.1, second.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glides_go_as_far_and_as_long_as_the_sources_formulas_say() {
        let table = [
            (500.0, (0.33, 58.0), 249.0, (0.22, 47.0)),
            (1000.0, (0.56, 194.0), 499.0, (0.43, 189.0)),
            (2000.0, (0.92, 647.0), 998.0, (0.87, 756.0)),
            (4000.0, (1.54, 2157.0), 1996.0, (1.74, 3024.0)),
            (8000.0, (2.57, 7186.0), 3992.0, (2.00, 12095.0)),
        ];
        let near = |value: f64, wanted: f64, within: f64| {
            assert!((value - wanted).abs() <= within, "{value} for {wanted}");
        };
        for (speed, android, ios, desktop) in table {
            near(Glide::Android.duration_ms(speed) / 1000.0, android.0, 0.0051);
            near(Glide::Android.distance_px(speed), android.1, 0.51);
            near(Glide::Ios.distance_px(speed), ios, 0.51);
            near(Glide::Desktop.duration_ms(speed) / 1000.0, desktop.0, 0.0051);
            near(Glide::Desktop.distance_px(speed), desktop.1, 0.51);
        }
    }

    #[test]
    fn a_glide_starts_at_its_speed_never_goes_back_and_can_be_asked_for() {
        for glide in Glide::ALL {
            for speed in [60.0, 300.0, 1500.0, 6000.0] {
                let begin = glide.position_px(speed, 1.0) * 1000.0;
                assert!((begin / speed - 1.0).abs() < 0.05, "{glide:?} {speed}: {begin}");
                let whole = glide.duration_ms(speed);
                let at = |share: f64| glide.position_px(speed, whole * share);
                assert!((1..=50).all(|n| at(f64::from(n) / 50.0) >= at(f64::from(n - 1) / 50.0)));
                let way = glide.distance_px(speed);
                assert!(
                    (at(1.0) - way).abs() < 0.001 && (at(0.999) - way).abs() < 1.0 + 0.01 * way
                );
                assert!((glide.speed_for(way) / speed - 1.0).abs() < 1e-6, "{glide:?} {speed}");
            }
            assert!(glide.distance_px(0.0).abs() < 1e-9 && glide.duration_ms(0.0).abs() < 1e-9);
        }
    }
}
