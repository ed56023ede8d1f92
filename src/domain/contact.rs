//! Whom the shift calls, and what it may do itself (L4, O6).

use super::{id::PersonId, person::People, policy::Policy};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// When a contact answers, in their own time zone.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumIter, strum::IntoStaticStr, strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
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

    /// What about the word that they gave they are to be reminded of now.
    pub fn reminder(&self, policy: &Policy, now: DateTime<Utc>) -> Option<Reminder> {
        let until = self.confirmed_until(policy)?;
        let soon = until - Duration::days(policy.support.remind_days_before.into());
        match now {
            now if until <= now => Some(Reminder::Aged),
            now if soon <= now => Some(Reminder::Soon),
            _ => None,
        }
    }

    /// Whether a call would reach a person: account open, a number, a confirmation that has not aged.
    pub fn reachable(&self, people: &People, policy: &Policy, now: DateTime<Utc>) -> bool {
        people.get(self.person).is_some_and(|p| p.active && p.phone.is_some()) && self.is_confirmed(policy, now)
    }
}

/// What a contact is reminded of (L4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reminder {
    /// Their word soon counts no longer.
    Soon,
    /// It counts no longer.
    Aged,
}

/// What to enter where a number cannot be called.
pub const ENTER_A_NUMBER: &str = "Enter a telephone number with country code, like +49 40 66969 214";

/// Whether this is a telephone number that can be called from anywhere: a plus, then 7 to 15 digits.
pub fn is_phone(typed: &str) -> bool {
    let typed = typed.trim();
    let digits = typed.chars().filter(char::is_ascii_digit).count();
    typed.len() <= 40
        && (7..=15).contains(&digits)
        && typed.strip_prefix('+').is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || " ()-./".contains(c)))
}

/// What operators may do when the device stops (O6).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumIter, strum::IntoStaticStr, strum::EnumString,
)]
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

/// The longest note to the shift, in characters: it is read at night, and goes out with every answer about the device.
pub const NOTE_MAX: usize = 1000;

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

#[cfg(test)]
mod tests {
    use super::*;

    /// L4: a confirmation ages, and its contact is reminded before and after.
    #[test]
    fn a_confirmation_ages() {
        let policy = Policy::parse("[support]\ncontact_confirmation_days = 10\nremind_days_before = 3").unwrap();
        let day = |n: i64| DateTime::UNIX_EPOCH + Duration::days(n);
        let contact = |confirmed| Contact {
            person: PersonId(uuid::Uuid::from_u128(1)),
            hours: Hours::Always,
            time_zone: "Europe/Berlin".to_owned(),
            deputy: None,
            confirmed,
        };
        let c = contact(Some(day(100)));
        let on = |n: i64| c.reminder(&policy, day(n));
        assert_eq!([on(100), on(106), on(107), on(109)], [None, None, Some(Reminder::Soon), Some(Reminder::Soon)]);
        assert_eq!(c.reminder(&policy, day(110) - Duration::seconds(1)), Some(Reminder::Soon));
        assert_eq!(on(110), Some(Reminder::Aged));
        assert!(!c.is_confirmed(&policy, day(110)), "aged and counting exclude each other");
        assert_eq!(contact(None).reminder(&policy, day(200)), None);
    }

    /// L4: a number that rings, from wherever it is called.
    #[test]
    fn a_number_has_its_country_code() {
        for good in ["+49 40 66969 214", "+4940669692", "+49 (0)40 66969-214"] {
            assert!(is_phone(good), "{good}");
        }
        for bad in ["66969214", "", "+49", "+49 40 CALL-ME", "+1234567890123456", "0049 40 66969", "+49 40 1234567\n1"]
        {
            assert!(!is_phone(bad), "{bad:?}");
        }
    }
}
