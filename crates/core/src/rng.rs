//! Seeded chance, handed down.
//!
//! Every draw in Walkon comes from a [`Seed`], so that a run repeats from it. A seed is split by
//! name rather than by order: adding a new use of chance does not change the old ones.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The generator behind every draw.
pub type Rng = ChaCha8Rng;

/// Where a stream of chance begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// The seed of a named part, for example one account's or one attempt's.
    ///
    /// The same parent and name give the same child on every machine.
    #[must_use]
    pub fn child(self, name: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0.to_le_bytes());
        hash.update(name.as_bytes());
        let digest = hash.finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        Self(u64::from_le_bytes(first))
    }

    /// A generator that starts here.
    pub fn rng(self) -> Rng {
        Rng::seed_from_u64(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng as _;

    #[test]
    fn a_child_depends_on_its_name_and_on_nothing_else() {
        let parent = Seed(7);
        assert_eq!(parent.child("ada"), parent.child("ada"));
        assert_ne!(parent.child("ada"), parent.child("ben"));
        assert_ne!(parent.child("ada"), Seed(8).child("ada"));
    }

    #[test]
    fn the_same_seed_draws_the_same_numbers() {
        assert_eq!(Seed(1).rng().next_u64(), Seed(1).rng().next_u64());
    }
}
