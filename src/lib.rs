//! Custody: the registry of record for contributed devices.
//!
//! A request goes one way: [`http`] puts the doors [`web`] (pages) and [`api`] (programs) behind common layers; a door
//! parses, [`service`] gathers what is known, [`domain`] judges, [`store`] saves, and the door shows what came of it.
//! [`domain::lifecycle`] is where to begin to read: its table of rules is the process. What operators read is kept in
//! memory by [`projection`], and what lies outside (clock, git, mail, chats) behind [`ports`]. [`cli`] has the commands,
//! [`app`] what every door is handed. The README's map says more, and how to add a gate, a page or an address.

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
pub mod not_proved;
pub mod ports;
pub mod projection;
pub mod service;
pub mod store;
pub mod streams;
pub mod traces;
pub mod web;
