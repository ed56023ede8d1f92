//! Tests that need programs beside Rust and git (feature `full-tests`); each says which package has what it misses.
mod browser;
mod journeys;
mod pages;
mod ssh;
