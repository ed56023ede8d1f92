//! Every rule of the process, pure: no clock, no randomness, no input or output.

pub mod nearest;
pub mod policy;
