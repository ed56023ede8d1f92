//! What still runs: for tests that nothing is left behind (F9).

use crate::waiting::{PATIENCE, until};
use std::time::{Duration, Instant};

/// Waits until no process has `words` among its arguments. They have to be words of no other test's: a mere number may stand
/// in a browser's.
pub async fn assert_none_left(words: &str) {
    let start = Instant::now();
    loop {
        let left = running(words);
        if left.is_empty() {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "left behind: {left:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until a process has `words` among its arguments.
pub async fn assert_some_run(words: &str) {
    until("something runs with these words", async || !running(words).is_empty()).await;
}

fn running(words: &str) -> Vec<String> {
    let own = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let id = entry.file_name().to_string_lossy().into_owned();
        if id == own || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let arguments = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&arguments).replace('\0', " ");
        if arguments.contains(words) {
            found.push(format!("{id} {arguments}"));
        }
    }
    found
}
