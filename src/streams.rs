//! How many streams are open at once: in all, and for one person (A35).

use crate::domain::policy::Board;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Streams {
    most: usize,
    most_each: usize,
    open: Arc<Mutex<HashMap<String, usize>>>,
}

impl Streams {
    pub fn new(policy: &Board) -> Self {
        let of = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        Self { most: of(policy.streams), most_each: of(policy.streams_each), open: Arc::default() }
    }

    /// A place for one more stream of this person, or of this address where nobody is signed in; it is given back by
    /// dropping it.
    pub fn take(&self, whom: &str) -> Option<Ticket> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let theirs = open.get(whom).copied().unwrap_or_default();
        if all >= self.most || theirs >= self.most_each {
            return None;
        }
        open.insert(whom.to_owned(), theirs + 1);
        Some(Ticket { streams: self.clone(), whom: whom.to_owned() })
    }
}

/// A stream's place.
pub struct Ticket {
    streams: Streams,
    whom: String,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = open.get_mut(&self.whom) {
            *n -= 1;
            if *n == 0 {
                open.remove(&self.whom);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A35: so many in all, so many each, and what is closed is free again.
    #[test]
    fn a35_streams_are_counted() {
        let streams = Streams::new(&Board { streams: 3, streams_each: 2, embed_origins: Vec::new() });
        let first = streams.take("ilse").unwrap();
        let _second = streams.take("ilse").unwrap();
        assert!(streams.take("ilse").is_none());
        let _third = streams.take("marek").unwrap();
        assert!(streams.take("noor").is_none());
        drop(first);
        assert!(streams.take("noor").is_some());
    }
}
