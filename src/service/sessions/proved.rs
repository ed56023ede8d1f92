//! When whoever has a session proved who they are: what is most dangerous asks for a proof of now (A31).

use super::SignedIn;
use chrono::{DateTime, Duration, Utc};

/// For so many minutes a proof is good for what is most dangerous.
pub const PROOF_MINUTES: i64 = 15;

impl SignedIn {
    /// Whether they proved just now who they are. What is not known to be a proof of now is none, and neither is one by a
    /// clock that was ahead (F10).
    pub fn is_proved_now(&self, now: DateTime<Utc>) -> bool {
        self.session.proved_at.is_some_and(|at| (now - at).abs() <= Duration::minutes(PROOF_MINUTES))
    }
}
