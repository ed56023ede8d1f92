//! Every rule of the process, pure: no clock, no randomness, no input or output.
pub mod network;
pub mod repository;
pub mod tag;
pub mod version;
