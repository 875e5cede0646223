//! What the pages say, as plain data: no request, no queue, no disk.
//!
//! Each page has a file; [`say`] has the words they share. The templates are in `templates/`.

pub mod accounts;
pub mod alerts;
pub mod health;
pub mod overview;
pub mod queue;
pub mod reason;
pub mod review;
pub mod say;
pub mod sessions;
pub mod usage;
