//! The few things outside.
