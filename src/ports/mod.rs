//! The few things outside.

pub mod clock;
pub mod git;
