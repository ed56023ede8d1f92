//! Tests that need programs beside Rust and git (feature `full-tests`); each says which package has what it misses.
mod board_use;
mod browser;
mod journeys;
mod live;
mod open_page;
mod pages;
mod ssh;
mod tango;
