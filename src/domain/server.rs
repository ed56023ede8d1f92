//! Device servers and the hosts under them. The support class is what the record says, never what a name pretends (A23).

use super::{deployment::Environment, id::ServerName};
use serde::{Deserialize, Serialize};

/// Whether what runs there is in development or fully supported.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SupportClass {
    Reduced,
    Full,
}

impl SupportClass {
    pub fn words(self) -> &'static str {
        match self {
            Self::Reduced => "reduced-support server",
            Self::Full => "full-support server",
        }
    }
}

/// A device server on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub name: ServerName,
    pub class: SupportClass,
    /// The one on its record, or else the one of its class (G5).
    pub environment: Environment,
    pub host: String,
    pub instrument: String,
}
