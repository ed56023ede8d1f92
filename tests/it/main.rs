//! One binary of tests for the whole of Custody.
mod api;
mod app;
mod authorisation;
mod board;
mod crash;
mod cycle;
mod faults;
mod git_commits;
mod git_http;
mod git_safety;
mod git_verify;
mod given;
mod house;
mod http_server;
#[cfg(feature = "full-tests")]
mod needs_programs;
mod processes;
mod queries;
mod repository;
mod security;
mod statemachine;
mod version_strings;
