//! The fleet by its front door: real processes, real Redis, Plaza as the judge.

mod accounts;
mod alerts;
mod audit;
mod batch;
mod behaviors;
mod by_api;
mod clients;
mod databases;
mod forgets;
mod front_door;
mod hands;
mod health;
mod host;
mod onboarding;
mod operator;
mod pages;
mod pools;
mod proxies;
mod refusals;
mod sealed;
mod settings;
mod site_faults;
mod stopping;
mod usage;
