//! Rows, one for each table, and nothing else.

pub mod device;
pub mod device_class;
pub mod device_instrument;
pub mod device_person;
pub mod draft;
pub mod host;
pub mod idempotency;
pub mod identity;
pub mod instance;
pub mod invitation;
pub mod journal;
pub mod membership;
pub mod notice;
pub mod person;
pub mod placement;
pub mod release;
pub mod server;
pub mod session;
pub mod team;
pub mod token;
pub mod training;
