//! The faces that speak HTTP.
pub mod api;
pub mod desk;
