//! What a sign-in proves, and why it does not (A32).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::Duration;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Why somebody's identity is not proved, in a sentence without a secret. Each begins after the provider's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// It does not answer, or not now.
    #[error("{0}")]
    Away(String),
    /// Something is set wrongly, here or there.
    #[error("{0}")]
    Misset(String),
    /// What came is no answer to what this browser asked (A32).
    #[error("{0}")]
    Foreign(String),
    /// It was told to have it proved anew, and does not.
    #[error("{0}")]
    NotAnew(String),
    /// It said no.
    #[error("{0}")]
    Denied(String),
}

impl Unproved {
    /// By the word that a provider sends in the place of a code; `anew` where it was told to have it proved anew. Sources:
    /// RFC 6749, 4.1.2.1; OpenID Connect Core 1.0, 3.1.2.1 and 3.1.2.6.
    pub fn by(error: &str, anew: bool) -> Self {
        let word = plain(error);
        match error {
            "access_denied" => Self::Denied("did not let you in, or you said no there.".to_owned()),
            "temporarily_unavailable" | "server_error" => {
                Self::Away("cannot sign anybody in at the moment.".to_owned())
            }
            // Some know no such request, or have no way to ask again.
            "invalid_request" | "login_required" | "interaction_required" if anew => {
                Self::NotAnew(format!("did not have you prove anew who you are ({word})."))
            }
            "login_required" | "interaction_required" | "account_selection_required" | "consent_required" => {
                Self::Denied(format!("wants an answer of yours first ({word}). Sign in there, then try again here."))
            }
            "invalid_request" | "invalid_scope" | "unauthorized_client" | "unsupported_response_type" => {
                Self::Misset(format!("does not take what Custody asks of it ({word})."))
            }
            _ => Self::Denied(format!("refused to sign you in ({word}).")),
        }
    }
}

/// What makes one sign-in unlike any other, all of it from one secret that the browser keeps: the provider sees no part
/// from which the others follow.
#[derive(Clone)]
pub struct Proof {
    pub state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

impl Proof {
    pub fn of(secret: &str) -> Self {
        let of = |what: &str| format!("{:x}", Sha256::digest(format!("custody sign-in {what} {secret}")));
        Self { state: of("state"), nonce: of("nonce"), verifier: of("verifier") }
    }
}

/// What a provider proved of somebody.
#[derive(Clone, Debug)]
pub struct Proved {
    pub issuer: String,
    pub subject: String,
    /// All claims: those of the signed token, and those of the provider's user info that it lacks.
    pub claims: Map<String, Value>,
    /// What is shown to the provider when signing out; `None` where it is too long to keep.
    pub id_token: Option<String>,
    /// How old the proof was when the token told of it; `None` where it does not say.
    pub age: Option<Duration>,
}

/// The longest token that is kept for signing out, in bytes: it becomes part of an address.
pub(super) const HINT_MOST: usize = 4096;

/// No proof is older, whatever a provider says.
const OLDEST_SECONDS: i64 = 366 * 24 * 60 * 60;

/// A word of a provider's, as far as it is one.
pub(super) fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-').take(60).collect()
}

/// What a token says, after its signature was found to be right.
pub(super) fn payload(token: &str) -> Option<Map<String, Value>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// How old a proof was when a token with these claims told of it. Source: OpenID Connect Core 1.0, 2.
pub(super) fn age(claims: &Map<String, Value>) -> Option<Duration> {
    let second = |claim: &str| claims.get(claim)?.as_f64();
    let age = second("iat")? - second("auth_time")?;
    Some(Duration::seconds((age as i64).clamp(0, OLDEST_SECONDS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A32: no part of a sign-in follows from another, and each sign-in has its own.
    #[test]
    fn a32_each_part_is_its_own() {
        let (a, again, b) = (Proof::of("a"), Proof::of("a"), Proof::of("b"));
        assert_eq!(a.state, again.state);
        let all = [&a.state, &a.nonce, &a.verifier, &b.state, &b.nonce, &b.verifier];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 6);
        // Source: RFC 7636, 4.1.
        assert!((43..=128).contains(&a.verifier.len()));
    }

    /// A31: a provider that knows somebody from before proves nothing of now, and neither does one that does not say.
    #[test]
    fn a31_a_provider_says_how_old_its_proof_is() {
        let age = |said: Value| {
            let token = format!("h.{}.s", BASE64_URL_SAFE_NO_PAD.encode(said.to_string()));
            age(&payload(&token).unwrap())
        };
        assert_eq!(age(json!({ "iat": 10_000, "auth_time": 6_400 })), Some(Duration::hours(1)));
        assert_eq!(age(json!({ "iat": 10_000, "auth_time": 10_001 })), Some(Duration::zero()));
        assert_eq!(age(json!({ "iat": 1e300, "auth_time": 0 })), Some(Duration::seconds(OLDEST_SECONDS)));
        for silent in [json!({ "iat": 10_000 }), json!({ "iat": 10_000, "auth_time": "then" }), json!({})] {
            assert_eq!(age(silent), None);
        }
        assert_eq!(payload("no token"), None);
        assert_eq!(payload(&format!("h.{}.s", BASE64_URL_SAFE_NO_PAD.encode("[]"))), None);
    }

    /// A31, A32: a refusal says what to do. Where it is of the request to prove it anew, signing in may go on all the same;
    /// where it is of what Custody asks of everybody, it is an administrator's to mend.
    #[test]
    fn a31_a_refusal_says_what_is_refused() {
        type Kind = fn(String) -> Unproved;
        let kinds: [(&str, Kind, Kind); 7] = [
            ("login_required", Unproved::Denied, Unproved::NotAnew),
            ("interaction_required", Unproved::Denied, Unproved::NotAnew),
            ("invalid_request", Unproved::Misset, Unproved::NotAnew),
            ("invalid_scope", Unproved::Misset, Unproved::Misset),
            ("consent_required", Unproved::Denied, Unproved::Denied),
            ("access_denied", Unproved::Denied, Unproved::Denied),
            ("server_error", Unproved::Away, Unproved::Away),
        ];
        for (error, plainly, anew) in kinds {
            for (kind, asked) in [(plainly, false), (anew, true)] {
                let by = Unproved::by(error, asked);
                assert_eq!(by, kind(by.to_string()), "{error}, {asked}");
            }
        }
        let said = Unproved::by("<b>odd", true);
        assert_eq!(said, Unproved::Denied("refused to sign you in (bodd).".to_owned()));
    }

    #[test]
    fn a_word_of_a_provider_is_plain() {
        assert_eq!(plain("access_denied"), "access_denied");
        assert_eq!(plain("<b>no\n"), "bno");
    }
}
