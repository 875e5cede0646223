//! To be written: motion.
