//! The few things outside.

pub mod chat;
pub mod clock;
pub mod git;
pub mod mail;
pub mod signing;
