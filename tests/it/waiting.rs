//! Waiting for what comes by itself, however busy the machine is, and keeping back what is not to come yet.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;

/// How long anything may take: much longer than it does on a slow machine. Whoever waits in vain fails, and does not hang.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Told to stop, Custody is gone within ten seconds (F13); a machine that does other things as well gives it as long again.
pub const GONE_WITHIN: Duration = Duration::from_secs(20);

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An answer that is kept back until a test lets it go: before that nobody gets it, however long the test takes.
#[derive(Clone)]
pub struct Held(Arc<Semaphore>);

impl Held {
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    pub fn let_go(&self) {
        self.0.add_permits(1);
    }

    /// For whoever answers.
    pub async fn wait(&self) {
        let _ = self.0.acquire().await;
    }
}
