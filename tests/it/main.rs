//! One binary of tests for the whole of Custody.
mod git_commits;
mod git_http;
mod git_safety;
mod git_verify;
mod http_server;
#[cfg(feature = "full-tests")]
mod needs_programs;
mod processes;
mod repository;
mod version_strings;
