//! To be written: effect.
