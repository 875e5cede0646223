//! The planners against the published figures: each test is named by its letter and number in the
//! motion reference (P pointing, V speed and path, C click, K keys, D dwell, G gaps, S scrolling).
//!
//! All of them judge the plan, as a pure function of seed, persona and geometry, for five seeds
//! (`WALKON_SEEDS` for more); pointer paths are taken at 125 Hz behind a Gaussian low-pass of 7 Hz,
//! peaks by 5 % of the highest. What a page records is another matter: it sees moves by frames.

mod click;
mod dwell;
mod gaps;
mod keys;
mod pointing;
mod scrolling;
mod speed;
