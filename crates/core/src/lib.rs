//! Walkon's words and rules: plain data and pure functions, no I/O.
//!
//! Three tiers, lowest first; a module imports only tiers below its own (`tests/tidy.rs` holds the
//! table and reads the tree):
//!
//! - **ground**: [`clock`], [`rng`], [`id`]. Nothing of ours underneath.
//! - **words**: what is acted on and by whom ([`site`], [`account`], [`hold`], [`persona`],
//!   [`device`], [`plan`], [`pool`]), what is asked ([`action`], [`kind`]), how it is done
//!   ([`behavior`], [`step`], [`effect`], [`gesture`]), how it goes ([`lease`], [`charge`],
//!   [`bundle`], [`outcome`], [`event`], [`receipt`], [`usage`], [`audit`], [`fault`],
//!   [`explain`], [`storage_state`]), how accounts are ([`health`], [`capacity`], [`onboarding`],
//!   [`alert`]) and workers ([`pressure`]),
//!   where it may be done ([`origin`], [`net`], [`grant`]), what a page holds ([`outline`]), and
//!   the ports that two doors share ([`dial`], [`gate`], [`recorder`]).
//! - **rules**: pure functions of facts and `now` ([`routing`], [`lifecycle`], [`motion`],
//!   [`grading`], [`alerting`], [`rounds`], [`signature`]).

pub mod clock;
pub mod id;
pub mod rng;

pub mod account;
pub mod action;
pub mod alert;
pub mod api_token;
pub mod audit;
pub mod behavior;
pub mod bundle;
pub mod capacity;
pub mod charge;
pub mod device;
pub mod dial;
pub mod effect;
pub mod event;
pub mod explain;
pub mod fault;
pub mod gate;
pub mod gesture;
pub mod grant;
pub mod health;
pub mod hold;
pub mod kind;
pub mod lease;
pub mod net;
pub mod onboarding;
pub mod one_time;
pub mod origin;
pub mod outcome;
pub mod outline;
pub mod persona;
pub mod plan;
pub mod pool;
pub mod pressure;
pub mod receipt;
pub mod recorder;
pub mod site;
pub mod step;
pub mod storage_state;
pub mod usage;

pub mod alerting;
pub mod grading;
pub mod lifecycle;
pub mod motion;
pub mod rounds;
pub mod routing;
pub mod signature;
