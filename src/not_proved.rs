//! Forges that send what does not prove itself: when each did last. In memory and for each replica by itself; that a forge
//! was heard since, which makes up for it, is on record.

use chrono::{DateTime, Utc};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// What came last that was not proved, by the id of the hook that it came to.
#[derive(Debug, Default)]
pub struct NotProved(Mutex<BTreeMap<String, Last>>);

/// When it came, and when the forge had been heard last before.
#[derive(Clone, Copy, Debug)]
struct Last {
    at: DateTime<Utc>,
    heard: Option<DateTime<Utc>>,
}

impl NotProved {
    /// Notes that something came; true where it is the first since the forge was heard.
    pub fn note(&self, hook: &str, heard: Option<DateTime<Utc>>, at: DateTime<Utc>) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = all.insert(hook.to_owned(), Last { at, heard });
        before.is_none_or(|last| last.heard != heard)
    }

    /// When something came last, where the forge has not been heard since.
    pub fn last(&self, hook: &str, heard: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(hook).filter(|last| last.heard == heard).map(|last| last.at)
    }
}
