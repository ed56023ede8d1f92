//! When whoever has a session proved who they are: what is most dangerous asks for a proof of now (A31).

use super::SignedIn;
use crate::ports::identity::payload;
use chrono::{DateTime, Duration, Utc};

/// For so many minutes a proof is good for what is most dangerous.
pub const PROOF_MINUTES: i64 = 15;

/// No proof is older, whatever a provider says.
const OLDEST_SECONDS: i64 = 366 * 24 * 60 * 60;

impl SignedIn {
    /// When they proved who they are: as the session was opened, or earlier where their provider knew them from before.
    pub fn proved_at(&self) -> DateTime<Utc> {
        self.session.created_at - self.session.id_token.as_deref().and_then(proof_age).unwrap_or_default()
    }

    /// Whether that was just now.
    pub fn is_proved_now(&self, now: DateTime<Utc>) -> bool {
        now - self.proved_at() <= Duration::minutes(PROOF_MINUTES)
    }
}

/// How old a proof was when a token told of it; `None` where it does not say. Source: OpenID Connect Core 1.0, 2.
fn proof_age(token: &str) -> Option<Duration> {
    let said = payload(token)?;
    let second = |claim: &str| said.get(claim)?.as_f64();
    let age = second("iat")? - second("auth_time")?;
    Some(Duration::seconds((age as i64).clamp(0, OLDEST_SECONDS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    /// A31: a provider that knows somebody from before proves nothing of now; what it does not say it is not asked to.
    #[test]
    fn a31_a_provider_says_how_old_its_proof_is() {
        let age = |said: Value| proof_age(&format!("h.{}.s", BASE64_URL_SAFE_NO_PAD.encode(said.to_string())));
        assert_eq!(age(json!({ "iat": 10_000, "auth_time": 6_400 })), Some(Duration::hours(1)));
        assert_eq!(age(json!({ "iat": 10_000, "auth_time": 10_001 })), Some(Duration::zero()));
        assert_eq!(age(json!({ "iat": 1e300, "auth_time": 0 })), Some(Duration::seconds(OLDEST_SECONDS)));
        for silent in [json!({ "iat": 10_000 }), json!({ "iat": 10_000, "auth_time": "then" }), json!([])] {
            assert_eq!(age(silent), None);
        }
        assert_eq!(proof_age("no token"), None);
    }
}
