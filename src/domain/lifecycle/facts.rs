//! What the world said: gathered by a service before it asks the domain to judge.

use super::{
    command::CommandKind,
    table::{Who, rule},
};
use crate::domain::{
    device::Device,
    framework::Reading,
    id::{DeviceId, PersonId, ServerName},
    observation::Seen,
    person::{AuthorKey, People, Person, Role},
    policy::Policy,
    release::{CommitFacts, VerifiedTag},
    request::Taken,
    server::Server,
    stage::Way,
    tag::{CommitId, TagName},
};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    Person(PersonId),
    /// Custody's own regular checks.
    Custody,
}

impl Actor {
    pub fn person(self) -> Option<PersonId> {
        match self {
            Self::Person(id) => Some(id),
            Self::Custody => None,
        }
    }
}

/// A fresh reading of the repository, made before the transaction; `None` where the command needs none.
#[derive(Clone, Debug, Default)]
pub struct Readings {
    /// The head of the trunk, or why it could not be read.
    pub reach: Option<Result<CommitId, String>>,
    /// The tag that is to be verified, or why it is no release.
    pub tag: Option<Result<VerifiedTag, String>>,
    /// The object that a recorded tag names now; `Ok(None)` when it is gone.
    pub tag_now: Option<Result<Option<CommitId>, String>>,
    /// Whether a branch has that tag's name by now, so that a checkout could take either (A19).
    pub tag_is_branch: bool,
    pub commit: Option<Result<CommitFacts, String>>,
    /// The framework's version that a release's file says, or why it could not be read (G6).
    pub framework: Option<Result<Reading, String>>,
    /// The commit that is at hand where it is to be deployed, as whoever asks says.
    pub at_hand: Option<CommitId>,
}

/// Everything a decision may look at besides the device and the command.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub now: DateTime<Utc>,
    /// The day at the facility, which due dates are compared with.
    pub today: NaiveDate,
    pub actor: Actor,
    pub policy: &'a Policy,
    /// [`Policy::review_digest`], computed once.
    pub review_digest: &'a str,
    /// By which authors of commits are known.
    pub author_key: &'a AuthorKey,
    pub people: &'a People,
    pub servers: &'a BTreeMap<ServerName, Server>,
    pub seen: &'a [Seen],
    pub readings: &'a Readings,
    /// The name and class that others hold; filled for [`super::command::Command::Submit`] and `Amend`.
    pub taken: &'a Taken,
    /// The devices that [`super::command::Command::SetDependencies`] names, those that are on record (G8).
    pub devices: &'a BTreeMap<String, DeviceId>,
    /// What was reported of the release that [`super::command::Command::Deploy`] names (G3).
    pub way: &'a Way,
    /// The newest of what went last onto the server that is placed on, and into its environment (G5).
    pub last: Option<&'a TagName>,
}

impl<'a> Facts<'a> {
    pub fn person(&self) -> Option<&'a Person> {
        self.people.get(self.actor.person()?)
    }

    /// Whether they may approve for this device: a reviewer of CTRL whose account is open and who has no part in it
    /// (T4, A1, A6).
    pub fn may_review(&self, device: &Device, person: PersonId) -> bool {
        let roles = [Role::Ctrl, Role::Reviewer];
        roles.iter().all(|r| self.people.has(person, r)) && !device.has_contributed(person)
    }

    /// Everybody who may.
    pub fn reviewers(&self, device: &Device) -> impl Iterator<Item = PersonId> {
        self.people.0.keys().copied().filter(|p| self.may_review(device, *p))
    }

    /// Whether another member of CTRL decides in this one's place: their account is closed, they are not of CTRL for this
    /// device any longer, or they are away at this moment (L5).
    pub fn is_out(&self, device: &Device, person: PersonId) -> bool {
        !self.people.has(person, &Role::Ctrl)
            || device.has_contributed(person)
            || self.people.get(person).is_some_and(|p| p.away(self.policy, self.now).is_some())
    }

    /// What the actor is to this device. Who contributes to it in this cycle is never CTRL for it (A1).
    pub fn standing(&self, device: &Device) -> BTreeSet<Who> {
        let Some(id) = self.actor.person() else {
            return BTreeSet::from([Who::Custody]);
        };
        let mut who = BTreeSet::new();
        let Some(person) = self.people.get(id).filter(|p| p.active) else {
            return who;
        };
        who.insert(Who::Anyone);
        let is_contributor = device.is_contributor(id);
        who.insert(if is_contributor { Who::Contributor } else { Who::User });
        let has_part = device.has_contributed(id);
        if person.has(&Role::Ctrl) && !has_part {
            who.insert(Who::Ctrl);
            if device.ctrl_contact == Some(id) {
                who.insert(Who::CtrlContact);
            }
            if device.review().is_some_and(|r| r.taken_over.is_some()) {
                who.insert(Who::TookOver);
            }
        }
        if self.may_review(device, id) {
            who.insert(Who::Reviewer);
        }
        if !has_part && person.roles.iter().any(|r| matches!(r, Role::Expert(_))) {
            who.insert(Who::Expert);
        }
        if device.cycle.discussion.invited.contains(&id) {
            who.insert(Who::Invited);
        }
        if device.shut_down.as_ref().is_some_and(|s| s.responsible == id) {
            who.insert(Who::Responsible);
        }
        if device.contacts.iter().any(|c| c.person == id) {
            who.insert(Who::SupportContact);
        }
        who
    }

    /// The training topics that this person lacks, or whose training has expired (H6).
    pub fn lacks(&self, person: PersonId) -> Vec<&'a str> {
        let trained = |topic: &str| self.people.get(person).and_then(|p| p.trained.get(topic));
        let topics = self.policy.training.topics.iter();
        topics.filter(|t| trained(&t.id).is_none_or(|until| *until <= self.now)).map(|t| t.name.as_str()).collect()
    }

    /// Whether they accepted the rules of conduct in the version in force (L3).
    pub fn accepted_conduct(&self, person: PersonId) -> bool {
        let version = self.policy.conduct.version.to_string();
        self.people.get(person).is_some_and(|p| p.conduct.as_ref() == Some(&version))
    }

    /// Who takes this step once its gates are met, as far as they are known by name.
    pub fn movers(&self, device: &Device, step: CommandKind) -> BTreeSet<PersonId> {
        let who = rule(step).who;
        if who.contains(&Who::Contributor) {
            return device.contributors.clone();
        }
        if who.contains(&Who::Reviewer) {
            return self.reviewers(device).collect();
        }
        device.ctrl_contact.into_iter().collect()
    }

    /// What is seen running, anywhere.
    pub fn running(&self) -> impl Iterator<Item = &'a Seen> + use<'a> {
        self.seen.iter().filter(|s| s.runs())
    }
}
