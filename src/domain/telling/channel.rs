//! Channels: how somebody is told, and what of all that happens.

use crate::domain::id::{GroupId, PersonId};
use chrono::NaiveTime;

/// Where a channel leads.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::EnumIter,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::Display,
)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    Mail,
    Mattermost,
    Slack,
    Zulip,
}

impl Kind {
    pub fn label(self) -> &'static str {
        match self {
            Self::Mail => "E-mail",
            Self::Mattermost => "Mattermost",
            Self::Slack => "Slack",
            Self::Zulip => "Zulip",
        }
    }
}

/// What of all that somebody hears of comes through a channel.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::IntoStaticStr, strum::EnumString, strum::Display,
)]
#[strum(serialize_all = "snake_case")]
pub enum Wanted {
    Everything,
    /// What waits for its owner, and what is urgent.
    Mine,
    Nothing,
}

impl Wanted {
    pub fn takes(self, urgent: bool, my_turn: bool) -> bool {
        match self {
            Self::Everything => true,
            Self::Mine => urgent || my_turn,
            Self::Nothing => false,
        }
    }
}

/// What opens something; it never shows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Whose channel it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    Person(PersonId),
    Team(GroupId),
}

/// What comes through a channel, and when. Times of day are in the owner's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preferences {
    pub wanted: Wanted,
    /// Once a day in one message; `None`: at once.
    pub digest: Option<NaiveTime>,
    /// From and to: held back in between, also over midnight.
    pub quiet: Option<(NaiveTime, NaiveTime)>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { wanted: Wanted::Everything, digest: None, quiet: None }
    }
}
