//! Whom the shift calls, and what it may do itself (L4, O6).

use super::{id::PersonId, person::People, policy::Policy};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// When a contact answers, in their own time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// At any hour while beam is scheduled.
    WhileBeam,
    /// Monday to Friday, 08:00 to 18:00.
    Working,
    /// Every day, 08:00 to 22:00.
    Daytime,
    /// Every night and weekend too.
    Always,
}

impl Hours {
    pub fn words(self) -> &'static str {
        match self {
            Self::WhileBeam => "always while beam is scheduled",
            Self::Working => "Monday to Friday, 08:00 to 18:00",
            Self::Daytime => "every day, 08:00 to 22:00",
            Self::Always => "day and night",
        }
    }
}

/// One support contact; their place in the list is the order of calling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    pub person: PersonId,
    pub hours: Hours,
    /// IANA name, such as `Europe/Berlin`: the hours are theirs, not the facility's.
    pub time_zone: String,
    /// Who answers when they cannot.
    pub deputy: Option<PersonId>,
    /// When they last said themselves that this is right.
    #[serde(default)]
    pub confirmed: Option<DateTime<Utc>>,
}

impl Contact {
    /// When the confirmation stops counting (L4).
    pub fn confirmed_until(&self, policy: &Policy) -> Option<DateTime<Utc>> {
        self.confirmed.map(|at| at + Duration::days(policy.support.contact_confirmation_days.into()))
    }

    pub fn is_confirmed(&self, policy: &Policy, now: DateTime<Utc>) -> bool {
        self.confirmed_until(policy).is_some_and(|until| now < until)
    }

    /// Whether a call would reach a person: account open, a number, a confirmation that has not aged.
    pub fn reachable(&self, people: &People, policy: &Policy, now: DateTime<Utc>) -> bool {
        people.get(self.person).is_some_and(|p| p.active && p.phone.is_some()) && self.is_confirmed(policy, now)
    }
}

/// What operators may do when the device stops (O6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumIter, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WhenStopped {
    RestartAnyTime,
    RestartOnceThenCall,
    CallFirst,
    DoNotRestart,
}

impl WhenStopped {
    pub fn words(self) -> &'static str {
        match self {
            Self::RestartAnyTime => "Restart any time",
            Self::RestartOnceThenCall => "Restart once, then call",
            Self::CallFirst => "Call first",
            Self::DoNotRestart => "Do not restart",
        }
    }
}

/// The contributor's word to the shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorRules {
    pub when_stopped: WhenStopped,
    pub may_stop: bool,
    /// In the contributor's own words; may be empty.
    #[serde(default)]
    pub note: String,
}
