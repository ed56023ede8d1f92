//! What the board tells of a device; the rest of it stays in the database.

use crate::domain::{
    contact::{Contact, OperatorRules},
    device::{Device, Placement, ShutDown},
    drift::{Incident, Terms},
    forge::same_repository,
    id::{DeviceId, PersonId},
    lifecycle::StateName,
    moving_on::Hold,
    observation::Known,
    overrides::Override,
    support::{Verdict, is_misplaced},
    tag::{CommitId, TagName},
};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;

/// Something that happened, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub at: DateTime<Utc>,
    /// The whole sentence.
    pub text: String,
}

/// A device as the board knows it: what operators are shown, without a look at the database.
#[derive(Clone, Debug)]
pub struct Card {
    pub id: DeviceId,
    pub revision: u64,
    pub name: String,
    pub summary: String,
    pub group: String,
    pub classes: Vec<String>,
    pub instruments: Vec<String>,
    /// Where its code is, as [`same_repository`] has it.
    pub repository: String,
    pub state: StateName,
    pub state_since: Option<DateTime<Utc>>,
    /// When its cycle began.
    pub opened: DateTime<Utc>,
    /// `None` where nobody supports anything yet or any more.
    pub verdict: Option<Verdict>,
    pub support_since: DateTime<Utc>,
    pub contributors: Vec<PersonId>,
    pub contacts: Vec<Contact>,
    pub operators: OperatorRules,
    pub ctrl_contact: Option<PersonId>,
    pub shut_down: Option<Box<ShutDown>>,
    pub placements: Vec<Placement>,
    /// The moments from which what differs has some time to be mended (G10).
    pub graces: Vec<DateTime<Utc>>,
    /// Overrides that are asked for or count, or did when this was read (G12).
    pub overrides: Vec<Override>,
    /// Releases on record whose tag still stands, each with its commit.
    pub releases: Vec<(TagName, CommitId)>,
    /// What keeps it from moving on by itself (G5).
    pub hold: Option<Box<Hold>>,
    /// The last day of the review's timeline.
    pub promised: Option<NaiveDate>,
    /// What happened last, newest first.
    pub latest: Vec<Told>,
    /// The number of its last change of support status.
    pub changed: Option<i64>,
    /// Changes of its support status that the shift has not acknowledged, by their numbers (H8).
    pub unacknowledged: BTreeMap<i64, DateTime<Utc>>,
    /// In what it differs from its record now, the oldest first (G10).
    pub incidents: Vec<Incident>,
}

/// What stands beside a device in the database.
#[derive(Clone, Debug)]
pub struct Beside {
    pub verdict: Option<Verdict>,
    pub support_since: DateTime<Utc>,
    pub latest: Vec<Told>,
    pub changed: Option<i64>,
    pub unacknowledged: BTreeMap<i64, DateTime<Utc>>,
    pub incidents: Vec<Incident>,
}

impl Card {
    pub fn new(device: Device, beside: Beside) -> Self {
        let Beside { verdict, support_since, latest, changed, unacknowledged, incidents } = beside;
        let timeline = device.review().and_then(|r| r.timeline.as_ref());
        let releases = device.releases.iter().filter(|r| r.stands());
        Self {
            graces: device.graces().collect(),
            promised: timeline.and_then(|t| t.milestones.last()).map(|m| m.due),
            state: device.state.name(),
            state_since: device.state.since(),
            opened: device.cycle.opened,
            hold: device.moving_on.hold.map(Box::new),
            releases: releases.map(|r| (r.tag().clone(), r.commit().clone())).collect(),
            id: device.id,
            revision: device.revision,
            repository: same_repository(&device.request.repository),
            name: device.request.name,
            summary: device.request.summary,
            group: device.request.group,
            classes: device.request.classes,
            instruments: device.request.instruments,
            contributors: device.contributors.into_iter().collect(),
            contacts: device.contacts,
            operators: device.operators,
            ctrl_contact: device.ctrl_contact,
            shut_down: device.shut_down.map(Box::new),
            placements: device.placements,
            overrides: device.overrides.into_iter().filter(|o| o.ended.is_none()).collect(),
            verdict,
            support_since,
            latest,
            changed,
            unacknowledged,
            incidents,
        }
    }

    /// How urgent its status is; -1 where it has none.
    pub fn urgency(&self) -> i32 {
        self.verdict.as_ref().map_or(-1, |v| v.support.urgency())
    }

    /// The status of one of its instances, and since when. While it runs that is its own; what is shut down is so
    /// wherever it runs, and what has stopped counts as the device does, unless it must not be started there.
    pub fn verdict_of<'a>(&'a self, place: &'a Known) -> (Option<&'a Verdict>, DateTime<Utc>) {
        let misplaced = self.verdict.is_some() && is_misplaced(self.state, place.seen.support_class);
        match self.shut_down.is_none() && (place.seen.runs() || misplaced) {
            true => (Some(&place.verdict), place.support_since),
            false => (self.verdict.as_ref(), self.support_since),
        }
    }

    /// What bears on the remedy of what differs.
    pub fn terms(&self) -> Terms {
        let support = self.verdict.as_ref().map(|v| v.support);
        Terms::of(self.state, self.shut_down.is_some(), &self.operators, support)
    }

    /// Everybody through whom it is found (O2).
    pub fn people(&self) -> impl Iterator<Item = PersonId> + '_ {
        self.contributors.iter().copied().chain(self.contacts.iter().map(|c| c.person)).chain(self.ctrl_contact)
    }

    /// By what its version strings may begin.
    pub fn packages(&self) -> Vec<String> {
        std::iter::once(&self.name).chain(&self.classes).cloned().collect()
    }

    /// Whether this very version is a release on record whose tag still stands.
    pub fn verified(&self, place: &Known) -> bool {
        let version = &place.seen.version;
        self.releases.iter().any(|(tag, commit)| version.is_build_of(tag.as_str(), commit.as_str()))
    }
}
