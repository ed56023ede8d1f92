//! What was signed of the journal and is kept elsewhere. Whoever edits, cuts or rebuilds the journal in the database
//! contradicts it (A36), and so does an older back-up that was restored (F12).

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// What the header has to call it: a statement of another kind is none (RFC 8725, 3.11).
pub const TYPE: &str = "custody-checkpoint+jwt";

/// The claims, every one of them needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Custody's public address.
    pub iss: String,
    /// When it was signed, in whole seconds since 1970.
    pub iat: i64,
    /// The number of the journal's last entry then.
    pub seq: i64,
    /// Its hash, which stands for all before it.
    pub hash: String,
}

/// How a journal contradicts a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    #[error(
        "the journal ends at {end}, and a checkpoint of {at} says {seq}: an older back-up was restored, or the end was \
         cut off"
    )]
    Ends { end: i64, seq: i64, at: String },
    #[error(
        "entry {seq} is not the one that a checkpoint of {at} saw: the journal was written anew, or went on from an older \
         back-up"
    )]
    Other { seq: i64, at: String },
}

impl Checkpoint {
    /// When it was signed, in words.
    pub fn at(&self) -> String {
        let at = DateTime::<Utc>::from_timestamp(self.iat, 0);
        at.map_or_else(|| "no time".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    /// By what it is known among others: in order of numbers, and two of one number are two.
    pub fn name(&self) -> String {
        format!("{:012}-{}", self.seq, self.hash.get(..12).unwrap_or(&self.hash))
    }

    /// Whether a journal that ends at `end`, and whose entry of this number has this hash, is the one that was seen.
    pub fn judge(&self, end: i64, hash: Option<&str>) -> Result<(), Contradiction> {
        let (seq, at) = (self.seq, self.at());
        match hash {
            Some(hash) if hash == self.hash => Ok(()),
            None if end < seq => Err(Contradiction::Ends { end, seq, at }),
            _ => Err(Contradiction::Other { seq, at }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A36, F12: what was seen is there with the same hash, or the journal is another one.
    #[test]
    fn a36_a_checkpoint_is_met_or_contradicted() {
        let seen = Checkpoint {
            iss: "https://custody.example.org".to_owned(),
            iat: 1_795_251_600,
            seq: 57,
            hash: "ab".repeat(32),
        };
        let said = |end, hash: Option<&str>| seen.judge(end, hash).err().map(|e| e.to_string());
        assert_eq!(said(57, Some(&seen.hash)), None);
        assert_eq!(said(99, Some(&seen.hash)), None);
        let back = "the journal ends at 41, and a checkpoint of 2026-11-21T09:00:00Z says 57";
        assert!(said(41, None).unwrap().starts_with(back));
        assert!(said(57, Some("cd")).unwrap().starts_with("entry 57 is not the one"));
        assert!(said(99, None).unwrap().starts_with("entry 57 is not the one"));
        assert_eq!(seen.name(), "000000000057-abababababab");
    }
}
