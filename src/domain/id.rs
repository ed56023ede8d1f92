//! Names of things, each a type of its own so that one cannot be handed in for another.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    };
}

id!(/// A registered device, for its whole life and over all its cycles.
    DeviceId);
id!(/// A person: however many accounts or tokens they hold, they are one (A2).
    PersonId);
id!(/// A deployment: one release on its way onto one server.
    DeploymentId);
id!(/// A re-test: one dependent with one new release of what it depends on.
    RetestId);
id!(/// A group of people: a team of CTRL, the experts of an area, the shift, the administrators.
    GroupId);

id!(/// A rollout: one release on its way to many targets (R1).
    RolloutId);
id!(/// A run: one step of a rollout, carried out once on one target by the engine (R3).
    RunId);
id!(/// A hotfix or a local change on an instrument (R7).
    LocalChangeId);

/// A device server's name as the control system knows it, such as `cppServer/contrib_scs_01`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerName(pub String);

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl From<&str> for ServerName {
    fn from(s: &str) -> Self {
        Self(s.to_owned())
    }
}

/// An instrument or a test stand that releases are rolled out to, as the policy names it (R1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TargetName(pub String);

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl From<&str> for TargetName {
    fn from(s: &str) -> Self {
        Self(s.to_owned())
    }
}
