//! To be written: persona.
