//! Custody: the registry of record for contributed devices.

pub mod api;
pub mod app;
pub mod cli;
pub mod conditional;
pub mod config;
pub mod domain;
pub mod figures;
pub mod http;
pub mod jobs;
pub mod kept;
mod limits;
mod memory;
pub mod ports;
pub mod projection;
pub mod service;
pub mod store;
pub mod streams;
pub mod traces;
pub mod web;
