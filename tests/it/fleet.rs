//! The fleet by its front door: real processes, real Redis, Plaza as the judge.

mod accounts;
mod behaviors;
mod clients;
mod front_door;
mod host;
mod operator;
mod proxies;
mod refusals;
mod settings;
mod site_faults;
mod stopping;
