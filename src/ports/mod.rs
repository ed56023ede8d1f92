//! The few things outside.

pub mod ansible;
pub mod chat;
pub mod checkpoints;
pub mod clock;
pub mod collectors;
pub mod files;
pub mod git;
mod group;
pub mod identity;
pub mod karabo;
pub mod mail;
pub mod netbox;
pub mod route;
pub mod signing;
pub mod tango;
