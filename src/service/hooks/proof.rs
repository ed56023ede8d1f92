//! Whether a delivery comes from whom it says: compared in constant time (A21).
//!
//! Sources: GitLab's `X-Gitlab-Token`, and its signing tokens by the Standard Webhooks specification 1.0; HMAC-SHA256 of
//! the body with Gitea, Forgejo and GitHub.

use crate::domain::forge::Forge;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What GitLab's signing tokens begin with.
const SIGNING: &str = "whsec_";
/// A signed delivery may be so old, or so far ahead of our clock.
const TOLERANCE: Duration = Duration::minutes(5);

/// What a delivery proves itself by: the headers of it that may.
#[derive(Clone, Copy, Debug, Default)]
pub struct Proof<'a> {
    /// `X-Gitlab-Token`.
    pub token: Option<&'a str>,
    /// `webhook-id`, `webhook-timestamp` and `webhook-signature`.
    pub signed: Option<(&'a str, &'a str, &'a str)>,
    /// `X-Hub-Signature-256`, `X-Gitea-Signature` or `X-Forgejo-Signature`.
    pub signature: Option<&'a str>,
}

/// It is not proved; why is no sender's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unproved;

impl Proof<'_> {
    /// Whether it is proved by this secret.
    pub fn check(&self, forge: Forge, secret: &str, body: &[u8], now: DateTime<Utc>) -> Result<(), Unproved> {
        if secret.is_empty() {
            return Err(Unproved);
        }
        match forge {
            Forge::Gitlab if secret.starts_with(SIGNING) => self.check_signed(secret, body, now),
            Forge::Gitlab => {
                // Of equal length whatever was sent.
                let sent = mac(secret.as_bytes(), &[self.token.ok_or(Unproved)?.as_bytes()]).finalize().into_bytes();
                mac(secret.as_bytes(), &[secret.as_bytes()]).verify_slice(&sent).map_err(|_| Unproved)
            }
            Forge::Gitea | Forge::Forgejo | Forge::Github => {
                let sent = self.signature.ok_or(Unproved)?;
                let sent = bytes(sent.strip_prefix("sha256=").unwrap_or(sent)).ok_or(Unproved)?;
                mac(secret.as_bytes(), &[body]).verify_slice(&sent).map_err(|_| Unproved)
            }
        }
    }

    fn check_signed(&self, secret: &str, body: &[u8], now: DateTime<Utc>) -> Result<(), Unproved> {
        let (id, at, signatures) = self.signed.ok_or(Unproved)?;
        let sent = at.parse().ok().and_then(|s| DateTime::from_timestamp(s, 0)).ok_or(Unproved)?;
        if (now - sent).abs() > TOLERANCE {
            return Err(Unproved);
        }
        let key = STANDARD.decode(&secret[SIGNING.len()..]).map_err(|_| Unproved)?;
        // Several while keys are changed.
        let one = signatures.split(' ').filter_map(|s| STANDARD.decode(s.strip_prefix("v1,")?).ok());
        let mut proved = false;
        for signature in one {
            let whole = mac(&key, &[id.as_bytes(), b".", at.as_bytes(), b".", body]);
            proved |= whole.verify_slice(&signature).is_ok();
        }
        if proved { Ok(()) } else { Err(Unproved) }
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    for part in parts {
        mac.update(part);
    }
    mac
}

/// Bytes from hexadecimal.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || digits.len() > 128 {
        return None;
    }
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    digits.chunks(2).map(|pair| Some(digit(pair[0])? * 16 + digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const SECRET: &str = "custody-test-secret";

    fn file(name: &str) -> (BTreeMap<String, String>, Vec<u8>) {
        let at = |part: &str| format!("{}/tests/fixtures/webhooks/{name}.{part}.json", env!("CARGO_MANIFEST_DIR"));
        let headers: BTreeMap<String, String> = serde_json::from_slice(&std::fs::read(at("headers")).unwrap()).unwrap();
        let lower = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        (lower, std::fs::read(at("body")).unwrap())
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// A21: by the token, and by nothing that is nearly it.
    #[test]
    fn a21_gitlabs_token() {
        let (headers, body) = file("gitlab_tag_push_create");
        let check = |token: Option<&str>, secret: &str| {
            Proof { token, ..Proof::default() }.check(Forge::Gitlab, secret, &body, at(0))
        };
        let token = headers["x-gitlab-token"].as_str();
        assert_eq!(check(Some(token), SECRET), Ok(()));
        for wrong in
            [None, Some(""), Some("custody-test-secre"), Some("custody-test-secret "), Some("Custody-test-secret")]
        {
            assert_eq!(check(wrong, SECRET), Err(Unproved), "{wrong:?}");
        }
        assert_eq!(check(Some(""), ""), Err(Unproved), "a revoked one has no secret");
    }

    /// A21, A22: by a signature over id, time and body; not one of another body, id or time, and not a late one.
    #[test]
    fn a21_a22_gitlabs_signature() {
        let (headers, body) = file("gitlab_tag_push_create");
        let secret = format!("{SIGNING}{}", STANDARD.encode("custody-test-signing-key-32bytes"));
        let (id, time, signature) = (
            headers["webhook-id"].as_str(),
            headers["webhook-timestamp"].as_str(),
            headers["webhook-signature"].as_str(),
        );
        let now = at(time.parse().unwrap());
        let check = |signed: Option<(&str, &str, &str)>, body: &[u8], now| {
            Proof { signed, token: Some(SECRET), ..Proof::default() }.check(Forge::Gitlab, &secret, body, now)
        };
        assert_eq!(check(Some((id, time, signature)), &body, now), Ok(()));
        let several = format!("v1,AAAA v2,xyz {signature}");
        assert_eq!(check(Some((id, time, &several)), &body, now), Ok(()), "while keys are changed there are two");
        assert_eq!(check(Some((id, time, signature)), b"{}", now), Err(Unproved));
        assert_eq!(check(Some(("another", time, signature)), &body, now), Err(Unproved));
        assert_eq!(check(Some((id, "1795229001", signature)), &body, now), Err(Unproved));
        assert_eq!(check(Some((id, "now", signature)), &body, now), Err(Unproved));
        assert_eq!(check(Some((id, time, "v1,")), &body, now), Err(Unproved));
        assert_eq!(check(None, &body, now), Err(Unproved), "the token alone is not enough then");
        for far in [-301, 301] {
            assert_eq!(check(Some((id, time, signature)), &body, now + Duration::seconds(far)), Err(Unproved));
        }
        let forever = i64::MAX.to_string();
        assert_eq!(check(Some((id, &forever, signature)), &body, now), Err(Unproved));
    }

    /// A21: by the HMAC of the body.
    #[test]
    fn a21_signatures_of_the_others() {
        for (forge, name, header) in [
            (Forge::Gitea, "gitea_create", "x-gitea-signature"),
            (Forge::Forgejo, "forgejo_push", "x-forgejo-signature"),
            (Forge::Github, "github_push", "x-hub-signature-256"),
        ] {
            let (headers, body) = file(name);
            let check = |signature: &str, secret: &str, body: &[u8]| {
                Proof { signature: Some(signature), ..Proof::default() }.check(forge, secret, body, at(0))
            };
            let signature = headers[header].as_str();
            assert_eq!(check(signature, SECRET, &body), Ok(()), "{name}");
            assert_eq!(check(signature, "custody-test-secreT", &body), Err(Unproved), "{name}");
            assert_eq!(check(signature, SECRET, b"{}"), Err(Unproved), "{name}");
            for wrong in ["", "sha256=", "sha256=zz", "sha1=aa", &signature[..signature.len() - 2], "é", "abc"] {
                assert_eq!(check(wrong, SECRET, &body), Err(Unproved), "{name} {wrong}");
            }
        }
    }
}
