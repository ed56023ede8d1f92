//! What somebody decided by (A4): a mark of a thing as they read it. A change that names one is made while the thing is
//! still just so, and refused with what is there now where it is not. Devices have revisions instead.

use super::{Caller, Error, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Stands for everything that is to be seen of a thing.
pub fn mark(of: &Value) -> String {
    let mut sorted = of.clone();
    // The mark must not depend on how maps are kept in this build.
    sorted.sort_all_objects();
    let digest = format!("{:x}", Sha256::digest(sorted.to_string()));
    digest[..32].to_owned()
}

impl Caller {
    /// Acts by what was read: one of these marks.
    pub fn by(self, seen: Option<Vec<String>>) -> Self {
        Self { seen, ..self }
    }

    /// Refuses what was decided by something else than what is there now. To be asked inside the transaction.
    pub(super) fn must_have_seen(&self, now: Value) -> Result<()> {
        match &self.seen {
            Some(seen) if !seen.contains(&mark(&now)) => Err(Error::Changed(Box::new(now))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A4: whatever is to be seen of a thing counts, in whatever order it stands; who says nothing of it is not asked.
    #[test]
    fn a4_a_mark_is_of_all_that_is_seen() {
        let (one, same, other) =
            (json!({ "a": 1, "b": [2] }), json!({ "b": [2], "a": 1 }), json!({ "a": 1, "b": [2, 3] }));
        assert_eq!((mark(&one), mark(&one).len()), (mark(&same), 32));
        assert_ne!(mark(&one), mark(&other));
        let by = |seen: Option<Vec<String>>| Caller::custody().by(seen).must_have_seen(one.clone());
        assert!(by(None).is_ok() && by(Some(vec!["x".to_owned(), mark(&same)])).is_ok());
        for seen in [vec![], vec![mark(&other)]] {
            assert!(matches!(by(Some(seen)), Err(Error::Changed(now)) if *now == one));
        }
    }
}
