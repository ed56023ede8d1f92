//! The sections of a policy, as they stand in the file.

mod delivery;

pub use delivery::*;

use super::Pattern;
use chrono::NaiveTime;
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

/// `[facility]`: who runs this registry, and where its people are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facility {
    /// The facility's name.
    pub name: String,
    /// What the operators on shift are called.
    pub doc_name: String,
    /// Their number, as people read it; `None` until the facility sets it.
    pub doc_phone: Option<String>,
    /// The facility's time zone.
    #[serde(serialize_with = "zone_name")]
    pub time_zone: Tz,
    /// The instruments to choose from; empty where people type them.
    pub instruments: Vec<String>,
}

pub(super) fn zone_name<S: Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(zone.name())
}

/// `[conduct]`: the rules each contributor accepts (L3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conduct {
    /// The text's version, from 1; a new one asks everybody again.
    pub version: u32,
    /// The text; an empty line parts paragraphs.
    pub text: String,
}

/// `[support]`: the contributors' contacts (L4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Support {
    /// Days after which a contact's confirmation is too old.
    pub contact_confirmation_days: u32,
    /// Days before that when the contact is reminded; 0 only when it is.
    pub remind_days_before: u32,
}

/// Whose word makes a change known to the shift (H8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumIter, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Acknowledge {
    /// One member speaks for the shift.
    PerShift,
    /// Every member of the DOC has to say it.
    PerPerson,
}

/// `[shift]`: the operators on shift, who are known to be informed (H8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shift {
    /// Whose word counts.
    pub acknowledge: Acknowledge,
    /// When shifts begin by the facility's clock: at least one, in order, none twice.
    #[serde(serialize_with = "hours")]
    pub begins: Vec<NaiveTime>,
    /// Minutes within which a change is to be acknowledged.
    pub within_minutes: u32,
    /// Days that what is new goes back for somebody who has not looked for longer.
    pub look_back_days: u32,
}

fn hours<S: Serializer>(begins: &[NaiveTime], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(begins.iter().map(|t| t.format("%H:%M").to_string()))
}

/// `[areas]`: where a device can hurt the whole facility (L7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Areas {
    /// The critical areas.
    pub critical: Vec<Area>,
}

/// A critical area (L7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Area {
    /// Kept with each device: never changed once in use.
    pub id: String,
    /// As pages show it.
    pub name: String,
}

/// `[intake]`: who takes a new request, and how soon (L6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Intake {
    /// The team first offered a request.
    pub first_team: String,
    /// Days within which a request is to be answered.
    pub answer_days: u32,
}

/// `[servers]`: servers for reduced support (H1, H2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Servers {
    /// What their names must match somewhere; ask [`super::Policy::name_shows_reduced`].
    pub reduced_name_rule: Pattern,
    /// The servers to assign from; empty where any may be named.
    pub pool: Vec<String>,
}

/// `[training]`: what contributors are trained in (H6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Training {
    /// The topics, at least one.
    pub topics: Vec<Topic>,
    /// Days for which a training counts.
    pub valid_days: u32,
}

/// A topic of the training (H6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Topic {
    /// Kept with each training: never changed once in use.
    pub id: String,
    /// As pages show it.
    pub name: String,
}

/// `[transfer]`: what a device must show before CTRL owns it (T3, T4, T10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// The requirements, at least one (T3).
    pub checklist: Vec<ChecklistItem>,
    /// Approvals a review needs, at least 1 (T4).
    pub approvals: u32,
    /// Approvals where a critical area is touched, at least `approvals` (L7, T4).
    pub approvals_critical: u32,
    /// Days after the transfer when "done" is asked for (T10).
    pub done_question_days: u32,
}

/// A requirement of the checklist (T3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChecklistItem {
    /// Kept with each piece of evidence: never changed once in use.
    pub id: String,
    /// As pages show it.
    pub name: String,
    /// What can serve as evidence, in the facility's words.
    pub evidence: String,
}

/// `[handback]`: hand-backs with an end date (B4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Handback {
    /// Days before the end when everybody is reminded.
    pub remind_days_before: u32,
}

/// `[board]`: how many boards stay open, and where their panels are shown (O3, O4, A35).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Board {
    /// Open boards that are kept current, in all.
    pub streams: u32,
    /// Those of one person, or of one address where nobody is signed in; at most `streams`.
    pub streams_each: u32,
    /// Origins of the pages that may frame a device's panel (O4, A34).
    pub embed_origins: Vec<String>,
}

/// `[telling]`: messages by mail and in chats (O5, A27).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Telling {
    /// Of `https` and `http-loopback`; at least one, none twice.
    pub protocols: Vec<String>,
    /// Host names in small letters, without port; `*.` before a domain means all below it. Empty admits any.
    pub hosts: Vec<String>,
    /// Whether a chat's host may lead to a private address (A27).
    pub private_addresses: bool,
    /// Days for which a message is tried again (F8).
    pub retry_days: u32,
}

/// `[imports]`: programs that are asked for what the facility has (E5, A18, A27).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imports {
    /// Of `https` and `http-loopback`; at least one, none twice.
    pub protocols: Vec<String>,
    /// Host names in small letters, without port; `*.` before a domain means all below it. Empty admits any.
    pub hosts: Vec<String>,
    /// Whether their host may lead to a private address (A27).
    pub private_addresses: bool,
}

/// `[sessions]`: how long somebody stays signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sessions {
    /// Hours without a click after which a session ends.
    pub idle_hours: u32,
    /// Hours after which it ends in any case, at least `idle_hours`.
    pub absolute_hours: u32,
}

/// `[retention]`: for how many days is kept what is no record (A37).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retention {
    /// Notices that somebody has seen.
    pub notices_days: u32,
    /// Messages in the outbox that were delivered or given up.
    pub outbox_days: u32,
    /// Deliveries of forges (A22).
    pub deliveries_days: u32,
    /// Links that ran out.
    pub links_days: u32,
    /// Up to which change somebody had looked.
    pub looked_days: u32,
    /// Where something ran that has stopped.
    pub stopped_days: u32,
}
