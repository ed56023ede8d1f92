//! Whoever asks the same of a repository at the same time shares a look that begins after all of them asked: it is as
//! fresh for each as one of its own, and thirty deploy tools at once cost a server two looks.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::OnceCell;

/// Looks under way and about to begin, by what they look at.
pub struct Together<K, V>(Mutex<HashMap<K, Arc<Lane<V>>>>);

struct Lane<V> {
    turn: tokio::sync::Mutex<()>,
    /// What has not begun yet: still open to others.
    next: Mutex<Arc<OnceCell<V>>>,
}

impl<V> Lane<V> {
    /// Whoever asks from now on waits for another one.
    fn closes(&self, begins: &Arc<OnceCell<V>>) {
        let mut next = held(&self.next);
        if Arc::ptr_eq(&next, begins) {
            *next = Arc::default();
        }
    }
}

impl<V> Default for Lane<V> {
    fn default() -> Self {
        Self { turn: tokio::sync::Mutex::default(), next: Mutex::default() }
    }
}

impl<K, V> Default for Together<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K, V> fmt::Debug for Together<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Together")
    }
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Eq + Hash + Clone, V: Clone> Together<K, V> {
    /// What `look` finds, or what another one found that began after this was asked.
    pub async fn look(&self, at: K, look: impl Future<Output = V>) -> V {
        let lane = held(&self.0).entry(at.clone()).or_default().clone();
        let _leaves = Leaves { all: self, at, lane: lane.clone() };
        let shared = held(&lane.next).clone();
        let _turn = lane.turn.lock().await;
        let found = shared.get_or_init(|| async {
            lane.closes(&shared);
            look.await
        });
        found.await.clone()
    }
}

/// Clears up behind the last one, also where it hung up.
struct Leaves<'a, K: Eq + Hash, V> {
    all: &'a Together<K, V>,
    at: K,
    lane: Arc<Lane<V>>,
}

impl<K: Eq + Hash, V> Drop for Leaves<'_, K, V> {
    fn drop(&mut self) {
        let mut all = held(&self.all.0);
        // The map's own, this one's, and the local one of whoever asked.
        if Arc::strong_count(&self.lane) <= 3 {
            all.remove(&self.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::Semaphore;

    /// A3: whoever asks while a look is under way is not answered with it, for the tag may have moved since; all of
    /// them share the next. Nothing is kept afterwards.
    #[tokio::test]
    async fn a3_a_look_is_shared_by_those_who_asked_before_it_began() {
        let all = Arc::new(Together::<&str, u32>::default());
        let (begun, go) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
        let ask = || {
            let (all, begun, go) = (all.clone(), begun.clone(), go.clone());
            tokio::spawn(async move {
                all.look("1.0.0", async {
                    let this = begun.fetch_add(1, Ordering::SeqCst) + 1;
                    go.acquire().await.unwrap().forget();
                    this
                })
                .await
            })
        };
        let first = ask();
        while begun.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let hangs_up = ask();
        let later: Vec<_> = (0..20).map(|_| ask()).collect();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        hangs_up.abort();
        go.add_permits(2);
        assert_eq!(first.await.unwrap(), 1);
        for one in later {
            assert_eq!(one.await.unwrap(), 2);
        }
        assert_eq!(begun.load(Ordering::SeqCst), 2);
        assert!(held(&all.0).is_empty());
    }
}
