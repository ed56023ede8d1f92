//! The program: everything is in the library.

use std::process::ExitCode;

/// Pages are thousands of small texts, drawn by several threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    custody::cli::run()
}
