//! The device: what the registry keeps about one contributed piece of control software.

use super::{
    contact::{Contact, OperatorRules, WhenStopped},
    cycle::{Cycle, Discussion, Mark, Remark, Setup},
    framework::Built,
    id::{DeviceId, PersonId, ServerName},
    lifecycle::state::State,
    moving_on::MovingOn,
    overrides::Override,
    person::People,
    policy::Policy,
    release::Release,
    request::{LevelOfSupport, Request},
    review::Review,
    server::SupportClass,
    tag::{CommitId, TagName},
    version::Classified,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One contributed piece of control software as it stands: what its events add up to, and what the next command is
/// judged by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub id: DeviceId,
    /// Counts its events; a page that shows an older one is out of date (A4).
    pub revision: u64,
    pub request: Request,
    pub contributors: BTreeSet<PersonId>,
    pub contacts: Vec<Contact>,
    pub operators: OperatorRules,
    /// The CTRL member who takes care of it (L6).
    pub ctrl_contact: Option<PersonId>,
    pub state: State,
    pub cycle: Cycle,
    /// CTRL has stopped it; an overlay on any running state (N5).
    pub shut_down: Option<ShutDown>,
    pub placements: Vec<Placement>,
    /// Where it was placed until lately: what ran there may take a while to stop (G10).
    #[serde(default)]
    pub vacated: Vec<Vacated>,
    /// When its last shut-down ended (N6).
    #[serde(default)]
    pub restarted: Option<DateTime<Utc>>,
    pub releases: Vec<Release>,
    /// How it comes from development to production (G5).
    #[serde(default)]
    pub moving_on: MovingOn,
    /// What two people of CTRL let through in an emergency, the oldest first (G12).
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// The devices that it depends on, by their names, which stay (G8).
    #[serde(default)]
    pub depends_on: BTreeMap<String, DeviceId>,
    /// Which version of the framework it is built against (G6).
    #[serde(default)]
    pub built: Built,
    /// The last reading of its repository (H3).
    pub repository: Option<RepositoryState>,
    /// People who offer to adopt it while it is orphaned (N4).
    pub offers: Vec<Remark>,
    /// What contributors and users answered when asked whether "done" was reached (T10).
    pub done_answers: Vec<DoneAnswer>,
}

/// Why CTRL stopped it, and what has to be true before it is started again (N5, N6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShutDown {
    pub reason: Remark,
    pub affected: String,
    /// Who is responsible for the restart (N6).
    pub responsible: PersonId,
    pub conditions: String,
}

/// A device server it is to run on. All of a device's placements are of one class (N2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    pub server: ServerName,
    pub class: SupportClass,
    /// The release deployed there; always set on a full server (G1).
    pub release: Option<TagName>,
    #[serde(flatten)]
    pub mark: Mark,
    /// When the permit for it was redeemed; `None` where a person placed it by hand, or nothing was redeemed yet (G9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<DateTime<Utc>>,
}

/// A server on which it is placed no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vacated {
    pub server: ServerName,
    pub at: DateTime<Utc>,
}

/// What came of reading its repository: the trunk's commit, or why it could not be read (H3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryState {
    pub at: DateTime<Utc>,
    pub reached: Result<CommitId, String>,
}

/// One person's word on whether what the request called done was reached (T10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoneAnswer {
    pub reached: bool,
    #[serde(flatten)]
    pub remark: Remark,
}

impl Placement {
    /// Whether it is the placement that somebody asked for at that moment.
    pub fn is_of(&self, tag: &TagName, asked: Mark) -> bool {
        self.release.as_ref() == Some(tag) && self.mark == asked
    }
}

impl Device {
    /// A device before its first event. `at` opens its first cycle.
    pub fn draft(id: DeviceId, at: DateTime<Utc>) -> Self {
        Self {
            id,
            revision: 0,
            request: Request {
                name: String::new(),
                classes: Vec::new(),
                instruments: Vec::new(),
                group: String::new(),
                summary: String::new(),
                repository: String::new(),
                trunk: String::new(),
                folder: String::new(),
                why: String::new(),
                done: String::new(),
                assumptions: String::new(),
                hardware: String::new(),
                connectivity: String::new(),
                special: String::new(),
                level: LevelOfSupport::RecurrentReview,
                areas: Vec::new(),
                failures: String::new(),
            },
            contributors: Default::default(),
            contacts: Vec::new(),
            operators: OperatorRules { when_stopped: WhenStopped::CallFirst, may_stop: false, note: String::new() },
            ctrl_contact: None,
            state: State::Draft,
            cycle: Cycle::open(1, at),
            shut_down: None,
            placements: Vec::new(),
            vacated: Vec::new(),
            restarted: None,
            releases: Vec::new(),
            moving_on: MovingOn::default(),
            overrides: Vec::new(),
            depends_on: BTreeMap::new(),
            built: Built::default(),
            repository: None,
            offers: Vec::new(),
            done_answers: Vec::new(),
        }
    }

    /// Whether this version is a release on record whose tag still stands.
    pub fn has_released(&self, version: &Classified) -> bool {
        self.releases.iter().any(|r| r.stands() && r.is_built(version))
    }

    pub fn name(&self) -> &str {
        &self.request.name
    }

    pub fn is_contributor(&self, person: PersonId) -> bool {
        self.contributors.contains(&person)
    }

    /// Its contributors, then whoever else still has access to its development host (H4).
    pub fn developers(&self) -> Vec<PersonId> {
        let others = self.cycle.setup.has_access().filter(|p| !self.is_contributor(*p));
        self.contributors.iter().copied().chain(others).collect()
    }

    /// Whether they are a contributor, or were one earlier in this cycle: nobody leaves in order to approve (A1).
    pub fn has_contributed(&self, person: PersonId) -> bool {
        self.is_contributor(person) || self.cycle.left.contains(&person)
    }

    pub fn review(&self) -> Option<&Review> {
        match &self.state {
            State::UnderReview { review, .. } => Some(review),
            _ => None,
        }
    }

    /// The class of server it may be placed on, where it is placed at all (N2).
    pub fn placed_class(&self) -> Option<SupportClass> {
        self.placements.first().map(|p| p.class)
    }

    pub fn placed_on(&self, server: &ServerName) -> Option<&Placement> {
        self.placements.iter().find(|p| p.server == *server)
    }

    /// The moments from which what differs has some time to be mended (G10).
    pub fn graces(&self) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        let placed = self.placements.iter().map(|p| p.mark.at);
        let stopped = self.shut_down.iter().map(|s| s.reason.mark.at);
        placed.chain(self.vacated.iter().map(|v| v.at)).chain(stopped).chain(self.restarted)
    }

    pub fn release(&self, tag: &TagName) -> Option<&Release> {
        self.releases.iter().find(|r| r.tag() == tag)
    }

    /// The release that a version printed on this server names. Of several that are spelled alike, or are of the commit
    /// that it names, it is the one that is placed there, else the newest of this name.
    pub fn release_built(&self, version: &Classified, server: &ServerName) -> Option<&Release> {
        let named = |r: &&Release| version.is_clean_build_of(r.tag().as_str());
        let placed = self.placed_on(server).and_then(|p| self.release(p.release.as_ref()?));
        placed.filter(|r| named(r) || r.is_built(version)).or_else(|| self.releases.iter().rev().find(named))
    }

    /// Whether the review stands in for what a release has to pass: it is the one that CTRL took over (T8, G3). What was
    /// imported as CTRL's was reviewed by nobody here.
    pub fn was_reviewed(&self, tag: &TagName) -> bool {
        matches!(&self.state, State::CtrlOwned { owned, .. } if owned.release == *tag && !owned.approved.is_empty())
    }

    /// The newest release that is the given commit and whose tag still stands.
    pub fn release_of(&self, commit: &CommitId) -> Option<&Release> {
        self.releases.iter().rev().find(|r| r.commit() == commit && r.stands())
    }

    /// Everybody whom rules or pages about this device may name.
    pub fn people(&self) -> BTreeSet<PersonId> {
        let mut all = self.contributors.clone();
        all.extend(self.ctrl_contact);
        for c in &self.contacts {
            all.insert(c.person);
            all.extend(c.deputy);
        }
        all.extend(&self.cycle.left);
        let d = &self.cycle.discussion;
        all.extend(d.invited.iter());
        for p in &d.points {
            all.insert(p.raised.mark.by);
            all.extend(p.answers.iter().map(|a| a.mark.by));
            all.extend(p.signed_off.map(|m| m.by));
        }
        for r in &d.reservations {
            all.insert(r.raised.mark.by);
            all.extend(r.answer.as_ref().map(|a| a.mark.by));
            all.extend(r.accepted.map(|m| m.by));
        }
        all.extend(d.areas.values().map(|r| r.mark.by));
        let s = &self.cycle.setup;
        all.extend(s.committed.map(|m| m.by));
        for a in &s.access {
            all.insert(a.person);
            all.insert(a.granted.by);
        }
        for h in &self.cycle.help {
            all.extend(h.asked.as_ref().map(|r| r.mark.by));
            all.extend(h.scheduled.map(|(_, m)| m.by));
            all.extend(h.given.as_ref().map(|r| r.mark.by));
        }
        if let Some(o) = &self.cycle.operated {
            all.insert(o.stated.mark.by);
            all.extend(o.countersigned.map(|m| m.by));
        }
        if let Some(s) = &self.shut_down {
            all.insert(s.reason.mark.by);
            all.insert(s.responsible);
        }
        all.extend(self.placements.iter().map(|p| p.mark.by));
        all.extend(self.moving_on.people());
        all.extend(self.overrides.iter().flat_map(Override::people));
        all.extend(self.offers.iter().map(|o| o.mark.by));
        all.extend(self.done_answers.iter().map(|a| a.remark.mark.by));
        all.extend(self.state.people());
        all
    }

    /// Whether nobody of its contributors can be reached (N4). Only what runs its course can be orphaned.
    pub fn is_orphaned(&self, people: &People, policy: &Policy, now: DateTime<Utc>) -> bool {
        self.state.is_developed()
            && (self.contributors.iter().all(|c| !people.active(*c))
                || !self.contacts.iter().any(|c| c.reachable(people, policy, now)))
    }
}

impl Cycle {
    pub fn open(number: u32, at: DateTime<Utc>) -> Self {
        Self {
            number,
            opened: at,
            base: None,
            loan_until: None,
            left: BTreeSet::new(),
            discussion: Discussion::default(),
            setup: Setup::default(),
            help: Vec::new(),
            operated: None,
        }
    }
}
