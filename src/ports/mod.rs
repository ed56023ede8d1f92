//! The few things outside.
pub mod git;
