//! A facility of six targets, and a rollout of four steps to them.

use crate::domain::{
    id::{DeviceId, PersonId, RolloutId, RunId, TargetName},
    lifecycle::Actor,
    local_change::LocalChange,
    person::{People, Person, Role},
    policy::Policy,
    refusal::{Code, Refusal},
    release::VerifiedTag,
    rollout::*,
    tag::{CommitId, TagName, TagRule},
};
use chrono::{DateTime, Duration, Utc};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub const LENA: PersonId = PersonId(Uuid::from_u128(1));
pub const KARL: PersonId = PersonId(Uuid::from_u128(2));
pub const ROSA: PersonId = PersonId(Uuid::from_u128(3));
pub const NOOR: PersonId = PersonId(Uuid::from_u128(4));

/// Backed up and brought by the engine, then by hand, then checked and signed off.
pub const BACK_UP: usize = 0;
pub const SERVER: usize = 1;
pub const CABLES: usize = 2;
pub const CHECK_IT: usize = 3;

pub const POLICY: &str = r#"
[rollouts]
playbooks = "/srv/playbooks"
inventory = "/srv/hosts"
at_once = 3
targets = [
    { name = "A", group = "SASE 1", host = "a", instrument = "SPB" },
    { name = "B", group = "SASE 1", host = "b" },
    { name = "C", group = "SASE 2", host = "c" },
    { name = "D", group = "SASE 2", host = "d" },
    { name = "E", group = "SASE 2", host = "e" },
    { name = "F", group = "Labs", host = "f" },
]
kinds = [{ name = "full", label = "Full", legacy = true, steps = [
    { name = "back_up", label = "Back up", playbook = "back_up.yml", minutes = 10 },
    { name = "server", label = "Server", playbook = "server.yml", undo = "server_undo.yml" },
    { name = "cables", label = "Cables" },
    { name = "check", label = "Check", playbook = "check.yml", sign_off = true },
] }]
"#;

pub fn noon() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn person(id: PersonId, roles: &[Role]) -> Person {
    Person {
        id,
        name: format!("Person {}", id.0.as_u128()),
        phone: None,
        emails: BTreeSet::new(),
        active: true,
        roles: roles.iter().cloned().collect(),
        teams: BTreeSet::new(),
        conduct: None,
        trained: BTreeMap::new(),
        time_zone: "UTC".to_owned(),
        absences: Vec::new(),
    }
}

pub fn plan() -> Plan {
    let chosen = |name: &str, wave| Chosen { name: name.into(), wave, scientists: [ROSA].into() };
    Plan {
        title: "Winter shutdown".to_owned(),
        what: Wanted::Framework { name: "Karabo".to_owned(), version: "3.1.2".to_owned() },
        kind: "full".to_owned(),
        window: Window { from: noon(), until: noon() + Duration::hours(10) },
        at_once: 2,
        stop_after_failed: 2,
        targets: vec![chosen("A", 0), chosen("B", 0), chosen("C", 1), chosen("D", 1), chosen("E", 1), chosen("F", 2)],
        baseline: BTreeMap::new(),
    }
}

/// A release of a device, as it stands on record.
pub fn released(object: &str) -> Released {
    let id = |c: &str| CommitId::parse(&c.repeat(40)).unwrap();
    let release = VerifiedTag {
        tag: TagName::parse("1.0.0", &TagRule::default()).unwrap(),
        object: id(object),
        commit: id("b"),
        tree: id("c"),
        annotated: true,
        tagger: None,
        tagger_email: None,
        tagged_at: None,
        signed: false,
        authors: BTreeSet::new(),
    };
    Released { device: DeviceId(Uuid::from_u128(9)), name: "magnet".to_owned(), release }
}

/// A rollout with the world around it.
#[derive(Clone)]
pub struct World {
    pub policy: Policy,
    pub people: People,
    pub now: DateTime<Utc>,
    pub release: Option<Result<Released, String>>,
    pub changes: Vec<LocalChange>,
    pub contributors: BTreeSet<PersonId>,
    pub r: Rollout,
    pub events: Vec<Event>,
    runs: u128,
}

impl World {
    pub fn new() -> Self {
        Self {
            policy: Policy::parse(POLICY).unwrap(),
            people: [person(LENA, &[Role::Ctrl]), person(KARL, &[Role::Ctrl]), person(ROSA, &[]), person(NOOR, &[])]
                .into_iter()
                .collect(),
            now: noon(),
            release: None,
            changes: Vec::new(),
            contributors: BTreeSet::new(),
            r: Rollout::draft(RolloutId(Uuid::nil())),
            events: Vec::new(),
            runs: 0,
        }
    }

    pub fn planned() -> Self {
        Self::new().plans(&plan())
    }

    pub fn plans(mut self, plan: &Plan) -> Self {
        let laid = lay(plan, &self.facts(Actor::Person(LENA))).unwrap();
        let what = Happened::RolloutPlanned { number: "R-2026-1".to_owned(), plan: Box::new(laid) };
        self.applies(vec![Event { at: self.now, by: Some(LENA), what }]);
        self
    }

    pub fn started() -> Self {
        let mut world = Self::planned();
        world.must(LENA, Command::Start {});
        world
    }

    pub fn facts(&self, actor: Actor) -> Facts<'_> {
        Facts {
            now: self.now,
            actor,
            policy: &self.policy,
            people: &self.people,
            release: self.release.as_ref(),
            changes: &self.changes,
            contributors: &self.contributors,
        }
    }

    pub fn applies(&mut self, events: Vec<Event>) {
        for e in events {
            self.r = evolve(self.r.clone(), &e);
            self.events.push(e);
        }
    }

    pub fn asks(&mut self, actor: Actor, command: &Command) -> Result<(), Refusal> {
        let events = decide(&self.r, command, &self.facts(actor))?;
        self.applies(events);
        Ok(())
    }

    pub fn must(&mut self, who: PersonId, command: Command) {
        self.asks(Actor::Person(who), &command).unwrap_or_else(|r| panic!("{command:?}: {r}"));
    }

    pub fn refused(&mut self, who: PersonId, command: Command) -> Code {
        self.asks(Actor::Person(who), &command).expect_err("it is refused").code
    }

    pub fn run(&mut self) -> RunId {
        self.runs += 1;
        RunId(Uuid::from_u128(self.runs))
    }

    /// The runner begins a step.
    pub fn begins(&mut self, target: &str, step: usize) -> Result<RunId, Refusal> {
        let run = self.run();
        self.asks(Actor::Custody, &Command::Begin { target: target.into(), step, run })?;
        Ok(run)
    }

    pub fn reports(&mut self, target: &str, step: usize, run: RunId, outcome: Outcome) {
        let command = Command::Report { target: target.into(), step, run, outcome };
        self.asks(Actor::Custody, &command).unwrap_or_else(|r| panic!("{command:?}: {r}"));
    }

    /// The runner does a step, in ten minutes by its own word.
    pub fn runs(&mut self, target: &str, step: usize) {
        let run = self.begins(target, step).unwrap();
        let facts = [("version".to_owned(), "3.1.2".to_owned())].into();
        self.reports(target, step, run, Outcome::Done { took_seconds: 600, facts });
    }

    pub fn fails(&mut self, target: &str, step: usize) {
        let run = self.begins(target, step).unwrap();
        self.reports(target, step, run, Outcome::Failed { why: "The disk is full.".to_owned() });
    }

    /// All steps of a target, by the engine and by two people.
    pub fn does_all(&mut self, target: &str) {
        self.runs(target, BACK_UP);
        self.runs(target, SERVER);
        self.must(LENA, by_hand(target, CABLES));
        self.runs(target, CHECK_IT);
        self.must(KARL, Command::SignOff { target: target.into(), step: CHECK_IT });
    }

    pub fn target(&self, name: &str) -> &Target {
        self.r.target(&TargetName::from(name)).unwrap()
    }

    pub fn next(&self) -> Vec<(String, usize)> {
        next(&self.r, self.now).into_iter().map(|(name, step)| (name.0, step)).collect()
    }
}

pub fn by_hand(target: &str, step: usize) -> Command {
    Command::DoneByHand { target: target.into(), step, note: String::new(), facts: BTreeMap::new() }
}
