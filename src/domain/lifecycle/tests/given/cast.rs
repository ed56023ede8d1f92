//! Who is who.

use super::{contact, operators};
use crate::domain::{
    id::PersonId,
    lifecycle::command::Application,
    person::{People, Person, Role},
    request::{LevelOfSupport, Request},
};
use chrono::{DateTime, Duration, Utc};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

/// A contributor, who asks.
pub const ILSE: PersonId = person(1);
/// A second contributor.
pub const MAREK: PersonId = person(2);
/// A member of CTRL, who takes the requests.
pub const LENA: PersonId = person(3);
/// Reviewers.
pub const RAVI: PersonId = person(4);
pub const CHIARA: PersonId = person(5);
/// The expert of pulse patterns.
pub const SOFIA: PersonId = person(6);
/// An operator on shift.
pub const OTTO: PersonId = person(7);
pub const ADMIN: PersonId = person(8);
/// A user of the device; a stranger to CTRL.
pub const NOOR: PersonId = person(9);
/// A reviewer who wrote commits.
pub const ARNE: PersonId = person(10);
/// Any other member of CTRL.
pub const KARL: PersonId = person(11);
/// Whoever a test gives a part: invited, responsible, a support contact.
pub const INES: PersonId = person(12);
pub const ROSA: PersonId = person(13);
pub const STELLA: PersonId = person(14);

pub const ARNE_WRITES_AS: &str = "arne@example.org";
pub const ILSE_WRITES_AS: &str = "ilse@example.org";

pub fn everybody(now: DateTime<Utc>) -> People {
    use Role::{Admin, Ctrl, Doc, Expert, Reviewer};
    let of = |id: PersonId, name: &str, roles: &[Role]| Person {
        id,
        name: name.to_owned(),
        phone: Some("+49 40 66969 123".into()),
        emails: BTreeSet::from([format!("{}@example.org", name.to_lowercase())]),
        active: true,
        roles: roles.iter().cloned().collect(),
        teams: BTreeSet::new(),
        conduct: Some("1".into()),
        trained: BTreeMap::new(),
        time_zone: "Europe/Berlin".to_owned(),
        absences: Vec::new(),
    };
    let mut people: People = [
        of(ILSE, "Ilse", &[]),
        of(MAREK, "Marek", &[]),
        of(LENA, "Lena", &[Ctrl]),
        of(RAVI, "Ravi", &[Ctrl, Reviewer]),
        of(CHIARA, "Chiara", &[Ctrl, Reviewer]),
        of(SOFIA, "Sofia", &[Expert("pulse-patterns".into())]),
        of(OTTO, "Otto", &[Doc]),
        of(ADMIN, "Admin", &[Admin]),
        of(NOOR, "Noor", &[]),
        of(ARNE, "Arne", &[Ctrl, Reviewer]),
        of(KARL, "Karl", &[Ctrl]),
        of(INES, "Ines", &[]),
        of(ROSA, "Rosa", &[]),
        of(STELLA, "Stella", &[]),
    ]
    .into_iter()
    .collect();
    // Marek learned it for another device (H6).
    let until = now + Duration::days(300);
    let topics = ["version-control-and-review", "code-review", "deployment-tools", "hot-development"];
    people.0.get_mut(&MAREK).unwrap().trained = topics.iter().map(|t| ((*t).to_owned(), until)).collect();
    people
}

pub fn request() -> Request {
    Request {
        name: "beamConditionCheck".into(),
        classes: vec!["BeamConditionCheck".into()],
        instruments: vec!["SCS".into()],
        group: "SCS".into(),
        summary: "Checks the beam conditions before a run.".into(),
        repository: "https://git.example.org/scs/beamConditionCheck.git".into(),
        trunk: "main".into(),
        folder: String::new(),
        why: "Runs start without beam.".into(),
        done: "No run starts without beam for a month.".into(),
        assumptions: "The bunch pattern is published.".into(),
        hardware: "none".into(),
        connectivity: "The control network.".into(),
        special: String::new(),
        level: LevelOfSupport::RecurrentReview,
        areas: Vec::new(),
        failures: "A wrong answer delays a run.".into(),
    }
}

pub fn application() -> Application {
    let mut first = contact(ILSE);
    first.deputy = Some(MAREK);
    Application {
        request: request(),
        contributors: [ILSE, MAREK].into(),
        contacts: vec![first],
        operators: operators(),
    }
}
