//! To be written: routing.
