//! Keeps: rows, queries, hydration. No rules.

pub mod absences;
pub mod accounts;
pub mod answers;
pub mod backup;
pub mod cadence;
pub mod calendar;
pub mod changes;
pub mod channels;
pub mod collectors;
pub mod confirmations;
pub mod connection;
pub mod delivery;
pub mod deployments;
pub mod devices;
pub mod doors;
pub mod drafts;
pub mod entity;
pub mod erasure;
pub mod frameworks;
pub mod guesses;
pub mod hooks;
pub mod imports;
pub mod incidents;
pub mod instances;
pub mod jobs;
pub mod journal;
pub mod keys;
pub mod local_changes;
pub mod moving_on;
pub mod notices;
pub mod outbox;
pub mod overrides;
pub mod own_keys;
pub mod people;
pub mod protection;
pub mod replicas;
pub mod retests;
pub mod rollouts;
pub mod roster;
pub mod servers;
pub mod shift;
pub mod stages;
pub mod standing;
pub mod tags_met;
pub mod teams;
mod text;
pub mod whole;
pub mod work;

pub use connection::{Db, Tx};

/// Clocks of replicas differ by less: what is said to be of a later time was written by one that was ahead (F10).
pub const AHEAD: chrono::TimeDelta = chrono::TimeDelta::minutes(2);

/// Whatever the database said.
pub type Result<T> = std::result::Result<T, sea_orm::DbErr>;

/// A row that cannot be what this program wrote: the file was edited, or is of a newer version.
pub(crate) fn corrupt(what: &str, why: impl std::fmt::Display) -> sea_orm::DbErr {
    sea_orm::DbErr::Custom(format!("{what} cannot be read: {why}"))
}
