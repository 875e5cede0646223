//! To be written: behavior.
