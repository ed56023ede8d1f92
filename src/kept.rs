//! Answers that are given again as they are, as long as nothing changes and the second lasts.

use crate::app::App;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::Mutex;

/// What an answer from memory depends on besides what was asked for: the state, and the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(u64, i64);

impl Moment {
    pub fn now(app: &App) -> Self {
        Self(app.projection.version(), app.clock.now().timestamp())
    }
}

/// Marks an answer that depends on nothing but its address, the headers `If-None-Match` and `Authorization`, and this
/// moment: whoever asks for the same in the same moment may be given it again.
#[derive(Clone, Copy, Debug)]
pub struct Again(pub Moment);

/// The answers of one moment, by what was asked for. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Kept<T> {
    most: usize,
    all: Arc<RwLock<HashMap<String, Slot<T>>>>,
}

/// An answer, of which moment, and whose turn it is to work out the next one.
struct Slot<T> {
    at: Moment,
    answer: T,
    turn: Arc<Mutex<()>>,
}

impl<T: Clone> Kept<T> {
    /// Keeps at most so many.
    pub fn new(most: usize) -> Self {
        Self { most, all: Arc::default() }
    }

    pub fn get(&self, asked: &str, at: Moment) -> Option<T> {
        self.give(asked, at, T::clone)
    }

    /// The same without a copy of what is not needed; whatever is done with it is done quickly.
    pub fn give<R>(&self, asked: &str, at: Moment, draw: impl FnOnce(&T) -> R) -> Option<R> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.get(asked).filter(|slot| slot.at == at).map(|slot| draw(&slot.answer))
    }

    /// Whose turn it is to work out anew what was kept of another moment; `None` where nothing was.
    pub fn turn(&self, asked: &str) -> Option<Arc<Mutex<()>>> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.get(asked).map(|slot| slot.turn.clone())
    }

    pub fn put(&self, asked: String, at: Moment, answer: T) {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= self.most {
            all.retain(|_, slot| slot.at == at);
        }
        if let Some(slot) = all.get_mut(&asked) {
            (slot.at, slot.answer) = (at, answer);
        } else if all.len() < self.most {
            all.insert(asked, Slot { at, answer, turn: Arc::default() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A35: what is kept is bounded, and nothing of another moment is given.
    #[test]
    fn a35_only_this_moment_is_kept() {
        let kept = Kept::new(2);
        let (now, later) = (Moment(1, 10), Moment(2, 10));
        for n in 0..5 {
            kept.put(n.to_string(), now, n);
        }
        assert_eq!((kept.get("0", now), kept.get("1", now), kept.get("2", now)), (Some(0), Some(1), None));
        assert_eq!((kept.get("0", later), kept.get("0", Moment(1, 11))), (None, None));
        kept.put("4".to_owned(), later, 4);
        assert_eq!((kept.get("4", later), kept.get("0", now)), (Some(4), None));
    }
}
