//! What is kept of a person: each line of their record in words, without a name or a number (A37).

/// What a line of a person's record is of. The journal keeps its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PersonEntry {
    Added,
    FirstAdministrator,
    Invited,
    AccountOpened,
    AccountLinked,
    AccountTaken,
    AccountRemoved,
    PasswordSet,
    PasswordChanged,
    Changed,
    PhoneChanged,
    Closed,
    Reopened,
    Erased,
    DataRead,
    ConductAccepted,
    Agreed,
    AbsenceAdded,
    AbsenceChanged,
    AbsenceRemoved,
    CalendarMade,
    CalendarRemoved,
    ChannelAdded,
    ChannelChanged,
    ChannelRemoved,
    SignedIn,
    SignedOut,
    SignedOutElsewhere,
    SignedOutEverywhere,
}

impl PersonEntry {
    /// What somebody did, after their name.
    pub fn words(self) -> &'static str {
        match self {
            Self::Added => "put them on record",
            Self::FirstAdministrator => "opened the first account",
            Self::Invited => "made a link for them",
            Self::AccountOpened => "opened the account",
            Self::AccountLinked => "linked another sign-in name",
            Self::AccountTaken => "moved a sign-in name to another record",
            Self::AccountRemoved => "removed a way to sign in",
            Self::PasswordSet => "set a password by a link",
            Self::PasswordChanged => "changed the password",
            Self::Changed => "changed the details",
            Self::PhoneChanged => "changed the telephone number",
            Self::Closed => "closed the account",
            Self::Reopened => "reopened the account",
            Self::Erased => "erased them: they asked to be forgotten",
            Self::DataRead => "read what is on record of them",
            Self::ConductAccepted => "accepted the rules of conduct",
            Self::Agreed => "agreed to what a request asks of its sender",
            Self::AbsenceAdded => "entered when they are away",
            Self::AbsenceChanged => "changed when they are away",
            Self::AbsenceRemoved => "removed when they are away",
            Self::CalendarMade => "made an address for their calendar",
            Self::CalendarRemoved => "removed the address of their calendar",
            Self::ChannelAdded => "added a channel that they are told through",
            Self::ChannelChanged => "changed what they are told",
            Self::ChannelRemoved => "removed a channel that they were told through",
            Self::SignedIn => "signed in",
            Self::SignedOut => "signed out",
            Self::SignedOutElsewhere => "ended other sessions",
            Self::SignedOutEverywhere => "ended every session",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use strum::IntoEnumIterator;

    /// E2: every entry is read back by its name, and says something that no other says.
    #[test]
    fn e2_every_entry_has_words_of_its_own() {
        let mut said = BTreeSet::new();
        for entry in PersonEntry::iter() {
            assert_eq!(<&str>::from(entry).parse(), Ok(entry));
            assert!(!entry.words().is_empty() && said.insert(entry.words()), "{entry:?}");
        }
        // As they were written from the first day on.
        for name in ["first_administrator", "phone_changed", "agreed", "calendar_made", "signed_out_elsewhere"] {
            assert!(name.parse::<PersonEntry>().is_ok(), "{name}");
        }
    }
}
