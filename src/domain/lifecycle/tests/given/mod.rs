//! Worlds to test in: people, servers, a policy, and devices that real commands brought where they are.

mod cast;
mod steps;

pub use cast::*;
pub use steps::reason;

use crate::domain::{
    contact::{Contact, Hours, OperatorRules, WhenStopped},
    deployment::Environment,
    device::Device,
    id::{DeviceId, PersonId, ServerName},
    lifecycle::{
        Actor, Command, CommandKind, Event, Facts, Gate, GateId, Happened, Readings, StateName, Turn,
        command::Application, decide, decide::may, evolve,
    },
    observation::{Seen, Source},
    person::{AuthorKey, People, Person},
    policy::Policy,
    refusal::{Code, Refusal},
    release::{CommitFacts, VerifiedTag},
    request::Taken,
    server::{Server, SupportClass},
    stage::Way,
    tag::{CommitId, TagName},
    version::classify,
};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{LazyLock, Mutex},
};
use uuid::Uuid;

/// The built-in policy, where three instruments and repositories in folders are known.
pub const POLICY: &str = r#"
[facility]
instruments = ["SCS", "SPB", "FXE"]
[repositories]
protocols = ["https", "file"]
hosts = ["git.example.org"]
file_roots = ["/srv/git"]
"#;

/// That policy with more in it; read once, for reading one takes longer than most tests.
pub fn policy(more: &str) -> Policy {
    static READ: LazyLock<Mutex<HashMap<String, Policy>>> = LazyLock::new(Mutex::default);
    let mut read = READ.lock().unwrap();
    read.entry(more.to_owned()).or_insert_with(|| Policy::parse(&format!("{POLICY}{more}")).unwrap()).clone()
}

pub fn commit(n: u8) -> CommitId {
    CommitId::parse(&format!("{n:02x}").repeat(20)).unwrap()
}

pub fn tag(name: &str) -> TagName {
    serde_json::from_value(name.into()).unwrap()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub const REDUCED: &str = "cppServer/contrib_scs_01";
pub const REDUCED_TOO: &str = "cppServer/contrib_scs_02";
pub const FULL: &str = "cppServer/ctrl_scs_01";
pub const FULL_TOO: &str = "cppServer/ctrl_scs_02";

/// Everything a decision looks at, and the device it is about.
#[derive(Clone)]
pub struct World {
    pub device: Device,
    pub events: Vec<Event>,
    pub people: People,
    pub servers: BTreeMap<ServerName, Server>,
    pub seen: Vec<Seen>,
    pub now: DateTime<Utc>,
    pub policy: Policy,
    pub digest: String,
    pub author_key: AuthorKey,
    pub readings: Readings,
    pub taken: Taken,
    /// Other devices on record.
    pub devices: BTreeMap<String, DeviceId>,
    pub way: Way,
    pub last: Option<TagName>,
    /// What [`World::requested`] sends in.
    pub application: Application,
}

/// A draft by Ilse and Marek, in a world where everybody is who the cast says.
pub fn device() -> World {
    let now: DateTime<Utc> = "2026-03-02T08:00:00Z".parse().unwrap();
    let server = |name: &str, class| {
        let environment = Environment::from(class);
        let of = Server { name: name.into(), class, environment, host: "exflpxe42".into(), instrument: "SCS".into() };
        (ServerName::from(name), of)
    };
    let policy = policy("");
    World {
        device: Device::draft(DeviceId(Uuid::from_u128(1000)), now),
        events: Vec::new(),
        people: everybody(now),
        servers: BTreeMap::from([
            server(REDUCED, SupportClass::Reduced),
            server(REDUCED_TOO, SupportClass::Reduced),
            server("cppServer/scs_03", SupportClass::Reduced),
            server(FULL, SupportClass::Full),
            server(FULL_TOO, SupportClass::Full),
        ]),
        seen: Vec::new(),
        now,
        digest: policy.review_digest(),
        author_key: AuthorKey::new("a key"),
        policy,
        readings: Readings::default(),
        taken: Taken::default(),
        devices: BTreeMap::from([("beamSource".to_owned(), DeviceId(Uuid::from_u128(1001)))]),
        way: Way::default(),
        last: None,
        application: application(),
    }
}

impl World {
    pub fn facts(&self, actor: Actor) -> Facts<'_> {
        Facts {
            now: self.now,
            today: self.now.date_naive(),
            actor,
            policy: &self.policy,
            review_digest: &self.digest,
            author_key: &self.author_key,
            people: &self.people,
            servers: &self.servers,
            seen: &self.seen,
            readings: &self.readings,
            taken: &self.taken,
            devices: &self.devices,
            way: &self.way,
            last: self.last.as_ref(),
        }
    }

    pub fn may(&self, actor: Actor, command: CommandKind) -> bool {
        may(&self.device, command, &self.facts(actor))
    }

    /// Decides, and where it is allowed lets it happen; a minute passes.
    pub fn acts(&mut self, actor: Actor, command: &Command) -> Result<Vec<Event>, Refusal> {
        let events = decide(&self.device, command, &self.facts(actor))?;
        for event in &events {
            self.device = evolve(self.device.clone(), event);
            // Training is kept with the person.
            if let Happened::Trained { person, until } = &event.what {
                let of = self.people.0.get_mut(person).unwrap();
                of.trained.extend(until.clone());
            }
        }
        self.events.extend(events.clone());
        self.now += Duration::minutes(1);
        Ok(events)
    }

    pub fn does(&mut self, person: PersonId, command: Command) -> Result<Vec<Event>, Refusal> {
        self.acts(Actor::Person(person), &command)
    }

    /// Does what has to be allowed.
    #[track_caller]
    pub fn must(&mut self, person: PersonId, command: Command) -> &mut Self {
        let kind = command.kind();
        if let Err(refusal) = self.does(person, command) {
            let open: Vec<&Gate> = refusal.gates.iter().filter(|g| !g.met).collect();
            panic!("{kind} was refused: {} {}\n{open:#?}", refusal.code, refusal.sentence);
        }
        self
    }

    /// Tries what has to be refused, and looks whether anything changed all the same.
    #[track_caller]
    pub fn refused(&mut self, person: PersonId, command: Command) -> Refusal {
        let (before, kind) = (self.device.clone(), command.kind());
        match self.does(person, command) {
            Ok(events) => panic!("{kind} was allowed: {events:?}"),
            Err(refusal) => {
                assert_eq!(before, self.device);
                assert!(!refusal.sentence.is_empty());
                refusal
            }
        }
    }

    #[track_caller]
    pub fn refused_as(&mut self, code: Code, person: PersonId, command: Command) -> Refusal {
        let refusal = self.refused(person, command);
        assert_eq!(refusal.code, code, "{}", refusal.sentence);
        refusal
    }

    /// Tries what one open gate has to stop, on this side's turn.
    #[track_caller]
    pub fn stopped_by(&mut self, gate: GateId, turn: Turn, person: PersonId, command: Command) -> Gate {
        let refusal = self.refused_as(Code::GatesOpen, person, command);
        let of = refusal.gates.iter().filter(|g| g.id == gate).collect::<Vec<_>>();
        let [of] = of.as_slice() else { panic!("{gate} is not listed once: {:#?}", refusal.gates) };
        assert!(!of.met, "{gate} is met: {}", of.why);
        assert_eq!(of.turn, turn, "{}", of.why);
        (*of).clone()
    }

    /// The same, where nothing else is in the way.
    #[track_caller]
    pub fn stopped_only_by(&mut self, gate: GateId, turn: Turn, person: PersonId, command: Command) -> Gate {
        let refusal = self.refused(person, command.clone());
        let open: Vec<GateId> = refusal.gates.iter().filter(|g| !g.met).map(|g| g.id).collect();
        assert_eq!(open, [gate], "{}", refusal.sentence);
        self.stopped_by(gate, turn, person, command)
    }

    #[track_caller]
    pub fn is(&self, state: StateName) -> &Self {
        assert_eq!(self.device.state.name(), state);
        self
    }

    pub fn person(&mut self, id: PersonId) -> &mut Person {
        self.people.0.get_mut(&id).unwrap()
    }

    pub fn under(&mut self, policy: Policy) -> &mut Self {
        self.digest = policy.review_digest();
        self.policy = policy;
        self
    }

    pub fn days_pass(&mut self, days: i64) -> &mut Self {
        self.now += Duration::days(days);
        self
    }

    /// The one instance now runs there, in the version that this string prints.
    pub fn sees(&mut self, server: &str, version: &str) -> &mut Self {
        self.seen.clear();
        self.sees_too("SCS_BLU_BCC/CTRL/CHECK", server, version)
    }

    pub fn sees_too(&mut self, instance: &str, server: &str, version: &str) -> &mut Self {
        let name = ServerName::from(server);
        self.seen.push(Seen {
            instance: instance.into(),
            class: "BeamConditionCheck".into(),
            support_class: self.servers.get(&name).map(|s| s.class),
            server: name,
            host: "exflpxe42".into(),
            version: classify(version, &[], &[]),
            since: self.now,
            seen: self.now,
            gone: None,
            source: Source::Agent,
        });
        self
    }

    pub fn reads_commit(&mut self, n: u8, authors: &[&str]) -> &mut Self {
        self.readings.commit = Some(Ok(CommitFacts {
            commit: commit(n),
            subject: "Check the beam before it is checked".into(),
            authors: authors.iter().map(|a| (*a).to_owned()).collect(),
        }));
        self
    }

    pub fn reads_tag(&mut self, name: &str, n: u8) -> &mut Self {
        self.readings.tag = Some(Ok(verified(name, n)));
        self
    }
}

/// Tag `name` on commit `n`; its tag object is `n` + 100.
pub fn verified(name: &str, n: u8) -> VerifiedTag {
    let object = commit(n + 100);
    VerifiedTag {
        tag: tag(name),
        object,
        commit: commit(n),
        tree: commit(n + 50),
        annotated: true,
        tagger: None,
        tagger_email: None,
        tagged_at: None,
        signed: false,
        authors: BTreeSet::new(),
    }
}

pub fn contact(person: PersonId) -> Contact {
    let time_zone = "Europe/Berlin".to_owned();
    Contact { person, hours: Hours::WhileBeam, time_zone, deputy: None, confirmed: None }
}

pub fn operators() -> OperatorRules {
    OperatorRules { when_stopped: WhenStopped::RestartOnceThenCall, may_stop: true, note: "Look at the log.".into() }
}
