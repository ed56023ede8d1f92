//! Custody: the registry of record for contributed devices.
pub mod cli;
pub mod config;
pub mod domain;
pub mod ports;
pub mod store;
pub mod web;
