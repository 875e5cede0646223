//! To be written: persona.
use serde::{Deserialize, Serialize};
/// Stand-in until the motion branch lands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Persona {}
