//! The fleet by its front door: real processes, real Redis, Plaza as the judge.

mod access;
mod accounts;
mod audit;
mod batch;
mod behaviors;
mod by_api;
mod clients;
mod databases;
mod erase;
mod forgets;
mod front_door;
mod hands;
mod host;
mod import;
mod operator;
mod pages;
mod people;
mod pools;
mod proxies;
mod refusals;
mod reload;
mod sealed;
mod settings;
mod site_faults;
mod stopping;
mod usage;
