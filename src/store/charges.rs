//! The queue's books: what Redis must not forget, kept where it survives Redis itself.
//!
//! Kept are each charge that was taken from the limits, as long as it counts; which actions have
//! not ended; what a person has paused; and the queue's epoch. From these a Redis that was emptied,
//! or set back to an older state, gets its counters again before anything is claimed
//! (`coordinator/restore.rs`).
//!
//! A charge is here before what it was taken for may happen: [`Books::charge`] returns when it is
//! written. What is waiting to be written shares one transaction, whoever asked for it, so that
//! many claims cost one write of the disk. That an attempt ended, or gave its charge back, is not
//! waited for: lost, it leaves a charge that counts too long, never one that counts too little.

use async_trait::async_trait;
use jiff::Timestamp;
use walkon_core::charge::Charge;
use walkon_core::event::Event;
use walkon_core::lease::Token;
use walkon_core::receipt::Receipt;

use super::Error;

mod pending;
mod sql;
pub(super) mod tables;

pub(super) use pending::Pending;
pub(super) use tables::Migration;

/// The code of the events of an action that Redis lost.
pub const LOST: &str = "redis_lost";

/// How far the books go: what a queue must remember to be as new as they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// The latest epoch in which the queue was open; `None`: it never was.
    pub epoch: Option<u64>,
    /// The greatest token that took a charge.
    pub token: Option<Token>,
    /// When the latest charge was taken.
    pub at: Option<Timestamp>,
}

/// An action that had not ended when it was last heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAction {
    /// Its id.
    pub action: String,
    /// Its account.
    pub account: String,
    /// Its kind.
    pub kind: String,
    /// What it is done to.
    pub target: Option<String>,
}

/// What is kept for a Redis that forgets.
#[async_trait]
pub trait Books: Send + Sync {
    /// Writes a charge, or what is new about one of the same token; it is kept when this returns.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it is written with the next.
    async fn charge(&self, charge: &Charge) -> Result<(), Error>;
    /// Notes when a charge's attempt had ended; written with the next charge.
    fn settle(&self, token: &Token, at: Timestamp);
    /// Notes that a charge was given back; written with the next charge.
    fn refund(&self, token: &Token);
    /// Writes what was only noted so far.
    async fn catch_up(&self) -> Result<(), Error>;
    /// Learns from the queue's events which actions are open and what is paused. The same again
    /// changes nothing.
    async fn follow(&self, events: &[Event]) -> Result<(), Error>;
    /// How far the books go.
    async fn reach(&self) -> Result<Reach, Error>;
    /// Keeps the epoch in which the queue is about to open.
    async fn keep_epoch(&self, epoch: u64) -> Result<(), Error>;
    /// Charges of accounts after this one, whole accounts at a time, by account; at least one
    /// account where there is one, and about so many charges.
    async fn charges(&self, after: &str, about: u64) -> Result<Vec<Charge>, Error>;
    /// Charges with a greater token, by token, at most so many.
    async fn charges_since(&self, token: &Token, most: u64) -> Result<Vec<Charge>, Error>;
    /// Open actions with a greater id, by id, at most so many.
    async fn open_actions(&self, after: &str, most: u64) -> Result<Vec<OpenAction>, Error>;
    /// Which of these actions took a charge that was not given back: they may have been done.
    async fn charged(&self, actions: &[&str]) -> Result<Vec<String>, Error>;
    /// What a person has paused: site (empty: the fleet), who, why.
    async fn pauses(&self) -> Result<Vec<(String, String, String)>, Error>;
    /// The action of that id, where it is over for good.
    async fn ended(&self, action: &str) -> Result<Option<Receipt>, Error>;
    /// Receipts of what ended for good from then on: those after this action, by action.
    async fn ended_since(
        &self,
        from: Timestamp,
        after: &str,
        most: u64,
    ) -> Result<Vec<Receipt>, Error>;
    /// Takes out the charges that no longer count: all their windows are over, and a later one of
    /// the same account and kind says when it was last used. Returns how many.
    async fn forget_charges(&self, now: Timestamp) -> Result<u64, Error>;
}
