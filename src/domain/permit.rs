//! What a permit says, and whether it permits what is about to be done (G9, A9 to A11, F10). Its form, RFC 7519 signed
//! by RFC 8037, is read elsewhere; here it is judged.

use super::id::{DeploymentId, DeviceId, PersonId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What the header has to call it: a token of another kind is none (RFC 8725, 3.11).
pub const TYPE: &str = "custody-permit+jwt";

/// The longest that a permit may live, in seconds, whoever signed it (A9).
pub const LONGEST_SECONDS: i64 = 300;

/// By so many seconds a host's clock may be behind Custody's.
pub const CLOCKS_DIFFER_SECONDS: i64 = 30;

/// Moments that a permit can speak of: this century, in seconds since 1970.
const SANE: std::ops::Range<i64> = 1_700_000_000..4_102_444_800;

/// The claims, every one of them needed. A claim that is not listed, or listed twice, makes it no permit (A12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Custody's public address.
    pub iss: String,
    /// The server's name: nothing else takes it.
    pub aud: String,
    /// The device's name.
    pub sub: String,
    /// Used once.
    pub jti: String,
    /// Seconds since 1970, whole.
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
    pub deployment: DeploymentId,
    pub device: DeviceId,
    /// The device's revision when it was permitted (A10).
    pub revision: u64,
    pub tag: String,
    /// The object that the tag names.
    pub object: String,
    pub commit: String,
    pub tree: String,
    pub environment: String,
    /// Who asked for it.
    pub asked_by: PersonId,
    pub asker: String,
}

/// What is about to be done, as far as whoever verifies knows.
#[derive(Clone, Copy, Debug)]
pub struct Intent<'a> {
    pub now: DateTime<Utc>,
    pub server: &'a str,
    pub issuer: Option<&'a str>,
    pub device: Option<&'a str>,
    pub tag: Option<&'a str>,
    pub commit: Option<&'a str>,
}

/// Why a permit does not permit this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPermitted {
    #[error("it is for {permitted}, not for {server}")]
    OtherServer { permitted: String, server: String },
    #[error("it is of {issuer}, not of {wanted}")]
    OtherIssuer { issuer: String, wanted: String },
    #[error("it is for the device {permitted}, not for {device}")]
    OtherDevice { permitted: String, device: String },
    #[error("it is for {permitted}, not for {tag}")]
    OtherTag { permitted: String, tag: String },
    #[error("it is for the commit {permitted}, not for {commit}")]
    OtherCommit { permitted: String, commit: String },
    #[error("its times make no sense")]
    Times,
    #[error("it would count for {0} seconds, and none counts for more than {LONGEST_SECONDS}")]
    TooLong(i64),
    #[error("it expired {0} seconds ago: ask for a new one")]
    Expired(i64),
    #[error("it does not count for {0} seconds yet: set the clock right")]
    Early(i64),
    #[error("one of its claims is empty")]
    Empty,
}

impl Claims {
    /// Whether it permits this, now. Every doubt says no.
    pub fn permits(&self, intent: &Intent) -> Result<(), NotPermitted> {
        let texts = [&self.jti, &self.tag, &self.object, &self.commit, &self.tree, &self.sub, &self.aud, &self.iss];
        if texts.iter().any(|t| t.trim().is_empty()) {
            return Err(NotPermitted::Empty);
        }
        if self.aud != intent.server {
            return Err(NotPermitted::OtherServer { permitted: self.aud.clone(), server: intent.server.to_owned() });
        }
        if let Some(wanted) = intent.issuer.filter(|i| *i != self.iss) {
            return Err(NotPermitted::OtherIssuer { issuer: self.iss.clone(), wanted: wanted.to_owned() });
        }
        if let Some(device) = intent.device.filter(|d| *d != self.sub) {
            return Err(NotPermitted::OtherDevice { permitted: self.sub.clone(), device: device.to_owned() });
        }
        if let Some(tag) = intent.tag.filter(|t| *t != self.tag) {
            return Err(NotPermitted::OtherTag { permitted: self.tag.clone(), tag: tag.to_owned() });
        }
        if let Some(commit) = intent.commit.filter(|c| *c != self.commit) {
            return Err(NotPermitted::OtherCommit { permitted: self.commit.clone(), commit: commit.to_owned() });
        }
        if ![self.iat, self.nbf, self.exp].iter().all(|t| SANE.contains(t))
            || self.nbf > self.iat
            || self.iat >= self.exp
        {
            return Err(NotPermitted::Times);
        }
        if self.exp - self.iat > LONGEST_SECONDS || self.iat - self.nbf > CLOCKS_DIFFER_SECONDS {
            return Err(NotPermitted::TooLong(self.exp - self.nbf));
        }
        let now = intent.now.timestamp();
        if now >= self.exp {
            return Err(NotPermitted::Expired(now - self.exp));
        }
        if now < self.nbf {
            return Err(NotPermitted::Early(self.nbf - now));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    fn noon() -> DateTime<Utc> {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn claims() -> Claims {
        let iat = noon().timestamp();
        let text = |t: &str| t.to_owned();
        Claims {
            iss: text("https://custody.example.org"),
            aud: text("cppServer/ctrl_scs_01"),
            sub: text("magnet"),
            jti: text("1"),
            iat,
            nbf: iat - 30,
            exp: iat + 300,
            deployment: DeploymentId(uuid::Uuid::nil()),
            device: DeviceId(uuid::Uuid::nil()),
            revision: 7,
            tag: text("1.0.0"),
            object: text("a"),
            commit: text("b"),
            tree: text("c"),
            environment: text("production"),
            asked_by: PersonId(uuid::Uuid::nil()),
            asker: text("Lena Brandt"),
        }
    }

    fn at(seconds: i64) -> Result<(), NotPermitted> {
        let now = noon() + Duration::seconds(seconds);
        let server = "cppServer/ctrl_scs_01";
        claims().permits(&Intent { now, server, issuer: None, device: None, tag: None, commit: None })
    }

    /// A9, F10: it counts from a little before it was signed until it expires, by whatever clock, and never outside.
    #[test]
    fn f10_a_permit_counts_between_its_times_only() {
        for (seconds, expected) in [
            (0, Ok(())),
            (299, Ok(())),
            (300, Err(NotPermitted::Expired(0))),
            (86_400, Err(NotPermitted::Expired(86_100))),
            (-30, Ok(())),
            (-31, Err(NotPermitted::Early(1))),
            (-86_400, Err(NotPermitted::Early(86_370))),
        ] {
            assert_eq!(at(seconds), expected, "{seconds}");
        }
    }

    /// A10, A11, A12: each claim that is not what is about to be done is enough to say no.
    #[test]
    fn a11_a_permit_is_for_one_thing() {
        type Change = fn(&mut Claims);
        let changes: [(&str, Change); 14] = [
            ("server", |c| c.aud = "cppServer/ctrl_scs_02".into()),
            ("server, other case", |c| c.aud = c.aud.to_uppercase()),
            ("issuer", |c| c.iss = "https://custody.example.org/".into()),
            ("device", |c| c.sub = "camera".into()),
            ("tag", |c| c.tag = "1.0.1".into()),
            ("commit", |c| c.commit = "b1".into()),
            ("no id", |c| c.jti = " ".into()),
            ("too long", |c| c.exp += 1),
            ("far too early", |c| c.nbf -= 1),
            ("backwards", |c| c.exp = c.iat),
            ("for ever", |c| c.exp = i64::MAX),
            ("negative", |c| c.nbf = i64::MIN),
            ("in milliseconds", |c| (c.iat, c.nbf, c.exp) = (c.iat * 1000, c.nbf * 1000, c.exp * 1000)),
            ("not yet begun", |c| c.nbf = c.iat + 1),
        ];
        let intent = Intent {
            now: noon(),
            server: "cppServer/ctrl_scs_01",
            issuer: Some("https://custody.example.org"),
            device: Some("magnet"),
            tag: Some("1.0.0"),
            commit: Some("b"),
        };
        assert_eq!(claims().permits(&intent), Ok(()));
        for (what, change) in changes {
            let mut c = claims();
            change(&mut c);
            assert!(c.permits(&intent).is_err(), "{what}");
        }
    }
}
