//! What still runs: for tests that nothing is left behind (F9).

use std::time::{Duration, Instant};

/// Waits until no process has `words` among its arguments; fails after five seconds.
pub async fn assert_none_left(words: &str) {
    let start = Instant::now();
    loop {
        let left = running(words);
        if left.is_empty() {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(5), "left behind: {left:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until a process has `words` among its arguments; fails after five seconds.
pub async fn assert_some_run(words: &str) {
    let start = Instant::now();
    while running(words).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(5), "nothing runs with {words}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
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
