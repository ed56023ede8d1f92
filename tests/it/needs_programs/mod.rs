//! Tests that need programs beside Rust and git (feature `full-tests`); each says which package has what it misses.
mod ansible;
mod board_use;
mod browser;
mod deploy_engineer;
mod gitlab;
mod identity_provider;
mod journeys;
mod live;
mod losing;
mod open_page;
mod pages;
mod pre_receive;
mod python_client;
mod schemathesis;
mod sign_in;
mod ssh;
mod tango;
