//! The real service against the domain as its reference: random people do random things, and at each step the service
//! decides as the reference does, saves what the reference becomes, and the journal replays to it.

use crate::app::{FULL, REDUCED, REDUCED_TOO, TestApp, morning};
use crate::given::{application, day, policy_with, tag};
use chrono::{DateTime, Duration, Utc};
use custody::{
    domain::{
        contact::Contact,
        cycle::HelpKind,
        device::Device,
        id::{DeviceId, PersonId, ServerName},
        lifecycle::{Actor, Command, Facts, Happened, Readings, command::Step, decide, evolve},
        observation::{Seen, Source},
        person::{AuthorKey, People, Person, Role},
        policy::Policy,
        refusal::Code,
        release::{CommitFacts, VerifiedTag},
        request::Taken,
        review::Ground,
        server::{Server, SupportClass},
        support,
        tag::CommitId,
        version::classify,
    },
    service::{
        Error,
        observations::{Report, observe},
    },
    store,
};
use proptest::{prelude::*, sample::select};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};
use tokio::runtime::Runtime;

const NAME: &str = "magnet";
const PEOPLE: [&str; 8] = ["ilse", "marek", "lena", "ravi", "chiara", "noor", "otto", "ada"];

/// The walk places by hand alone: the service's permits are no part of what the domain replays.
static BY_HAND: LazyLock<String> = LazyLock::new(|| policy_with("[permits]\nrequired = false\n"));
static POLICY_READ: LazyLock<Policy> = LazyLock::new(|| Policy::parse(&BY_HAND).unwrap());
static DIGEST: LazyLock<String> = LazyLock::new(|| POLICY_READ.review_digest());

/// What the world is, written down beside the database.
#[derive(Clone)]
struct World {
    device: Device,
    people: People,
    servers: BTreeMap<ServerName, Server>,
    seen: Vec<Seen>,
    now: DateTime<Utc>,
    repository: Known,
    author_key: AuthorKey,
}

/// A failing case prints its steps; the world that they start from is always the same.
impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}", self.device.name(), self.device.state.name())
    }
}

/// The two commits of the repository: 1.0.0 and the one after it.
#[derive(Clone, Debug)]
struct Known {
    tagged: VerifiedTag,
    commits: Vec<CommitFacts>,
    head: CommitId,
}

#[derive(Clone, Debug)]
enum Step2 {
    Does(&'static str, Box<Command>),
    /// An agent's complete report: the device in this version, or nothing.
    Sees(&'static str, Option<&'static str>),
    Days(i64),
}

/// One test's application gives ids and addresses; the reference starts from the same.
struct Start {
    runtime: Runtime,
    test: TestApp,
}

fn start() -> Start {
    let runtime = Runtime::new().unwrap();
    let test = runtime.block_on(async {
        let test = TestApp::with_policy(&BY_HAND).await;
        test.requested(NAME).await;
        for who in ["ilse", "marek"] {
            custody::service::conduct::accept(&test.app, &test.caller(who), test.person(who)).await.unwrap();
        }
        test
    });
    Start { runtime, test }
}

/// Made once: the reference needs the ids of commits, which are the same in every repository of the tests.
static FIRST: LazyLock<World> = LazyLock::new(|| {
    let Start { runtime, test } = start();
    let device = runtime.block_on(test.device(NAME));
    let person = |name: &'static str| {
        let id = test.person(name);
        let roles: &[Role] = match name {
            "lena" => &[Role::Ctrl],
            "ravi" | "chiara" => &[Role::Ctrl, Role::Reviewer],
            "otto" => &[Role::Doc],
            "ada" => &[Role::Admin],
            _ => &[],
        };
        let profile = runtime
            .block_on(store::people::load_people(&test.app.db.read, &BTreeSet::from([id])))
            .unwrap()
            .get(id)
            .cloned()
            .unwrap();
        assert_eq!(profile.roles, roles.iter().cloned().collect(), "{name} is who the reference thinks");
        profile
    };
    let people: People = PEOPLE.map(person).into_iter().collect::<Vec<Person>>().into_iter().collect();
    let server = |name: &str, class, host: &str| {
        let server = Server {
            name: name.into(),
            class,
            environment: class.into(),
            host: host.to_owned(),
            instrument: "SCS".to_owned(),
        };
        (server.name.clone(), server)
    };
    let id = |revision: &str| CommitId::parse(&test.repository.id(revision)).unwrap();
    // Of the template that the database of every case is a copy of.
    let author_key = test.app.author_key.clone();
    let ilse: BTreeSet<String> = [author_key.author_id("ilse@example.org")].into();
    let commit = |revision: &str, subject: &str| CommitFacts {
        commit: id(revision),
        subject: subject.to_owned(),
        authors: ilse.clone(),
    };
    let at = test.repository.git(&["for-each-ref", "--format=%(taggerdate:unix)", "refs/tags/1.0.0"]);
    let tagged_at = chrono::DateTime::from_timestamp(at.trim().parse().unwrap(), 0);
    World {
        device,
        people,
        servers: [
            server(REDUCED, SupportClass::Reduced, "scs-rr-contrib-01"),
            server(REDUCED_TOO, SupportClass::Reduced, "scs-rr-contrib-01"),
            server(FULL, SupportClass::Full, "scs-rr-ctrl-01"),
        ]
        .into(),
        seen: Vec::new(),
        now: morning(),
        repository: Known {
            tagged: VerifiedTag {
                tag: tag("1.0.0"),
                object: id("refs/tags/1.0.0"),
                commit: id("1.0.0^{commit}"),
                tree: id("1.0.0^{tree}"),
                annotated: true,
                tagger: None,
                tagger_email: Some(author_key.author_id("ilse@example.org")),
                tagged_at,
                signed: false,
                authors: [author_key.author_id("ilse@example.org")].into(),
            },
            commits: vec![commit("1.0.0^{commit}", "the first light"), commit("HEAD", "limits the rate")],
            head: id("HEAD"),
        },
        author_key,
    }
});

impl World {
    fn person(&self, name: &str) -> PersonId {
        PersonId(uuid::Uuid::from_u128(
            0x100
                + ["ilse", "marek", "lena", "jonas", "ravi", "chiara", "sofia", "noor", "otto", "ada"]
                    .iter()
                    .position(|n| *n == name)
                    .unwrap() as u128,
        ))
    }

    fn readings(&self, command: &Command) -> Readings {
        let mut r = Readings::default();
        match command {
            Command::CommitToUpdates {} | Command::RequestTransfer {} | Command::CheckRepository {} => {
                r.reach = Some(Ok(self.repository.head.clone()));
            }
            Command::VerifyTag { .. } => r.tag = Some(Ok(self.repository.tagged.clone())),
            Command::CheckTag { .. } => r.tag_now = Some(Ok(Some(self.repository.tagged.object.clone()))),
            Command::ProposeCommit { commit } => {
                r.commit = self.repository.commits.iter().find(|c| commit.begin(&c.commit)).cloned().map(Ok);
            }
            _ => {}
        }
        r
    }

    fn decide(&self, who: &str, command: &Command) -> Result<Vec<custody::domain::lifecycle::Event>, Code> {
        let readings = self.readings(command);
        let facts = Facts {
            now: self.now,
            today: self.now.with_timezone(&POLICY_READ.facility.time_zone).date_naive(),
            actor: Actor::Person(self.person(who)),
            policy: &POLICY_READ,
            review_digest: &DIGEST,
            author_key: &self.author_key,
            people: &self.people,
            servers: &self.servers,
            seen: &self.seen,
            readings: &readings,
            taken: &Taken::default(),
            devices: &custody::domain::retest::NO_DEVICES,
            way: &custody::domain::stage::NO_WAY,
            last: None,
        };
        decide(&self.device, command, &facts).map_err(|r| r.code)
    }

    fn sees(&mut self, server: &str, version: Option<&str>) {
        let name = ServerName::from(server);
        for s in self.seen.iter_mut().filter(|s| s.server == name) {
            s.gone.get_or_insert(self.now);
        }
        if let Some(version) = version {
            self.seen.retain(|s| s.server != name);
            self.seen.push(Seen {
                instance: "SCS_TEST/MON/MAGNET".to_owned(),
                class: format!("{NAME}Class"),
                support_class: Some(self.servers[&name].class),
                server: name,
                host: "scs-rr-01".to_owned(),
                version: classify(version, &[NAME.to_owned(), format!("{NAME}Class")], &[]),
                since: self.now,
                seen: self.now,
                gone: None,
                source: Source::Agent,
            });
        }
        // In the order in which the store lists them.
        self.seen.sort_by(|a, b| (&a.instance, &a.server).cmp(&(&b.instance, &b.server)));
    }

    /// Everything that is worth trying.
    fn commands(&self) -> Vec<Command> {
        let text = || "As it is.".to_owned();
        let today = self.now.date_naive();
        let commits: Vec<CommitId> = self.repository.commits.iter().map(|c| c.commit.clone()).collect();
        let mut all = vec![
            Command::TakeRequest {},
            Command::RaisePoint { text: text() },
            Command::RaiseReservation { text: text() },
            Command::AnswerReservation { reservation: 1, text: text() },
            Command::AcceptReservation { reservation: 1 },
            Command::Accept {},
            Command::Decline { reason: text() },
            Command::Withdraw { reason: text() },
            Command::CommitToUpdates {},
            Command::GrantAccess { person: self.person("ilse") },
            Command::RevokeAccess { person: self.person("ilse") },
            Command::DeclareFramework { modified: false },
            Command::DeclareFramework { modified: true },
            Command::RecordTraining {
                person: self.person("ilse"),
                topics: POLICY_READ.training.topics.iter().map(|t| t.id.clone()).collect(),
            },
            Command::StartDevelopment {},
            Command::AskHelp { kind: HelpKind::Advice, text: text() },
            Command::LogHelp { entry: Some(1), kind: HelpKind::Advice, text: text() },
            Command::StateOperated {
                from: day("2026-11-01"),
                to: day("2026-11-03"),
                instrument: "SCS".into(),
                text: text(),
            },
            Command::Countersign {},
            Command::RequestTransfer {},
            Command::TakeOver {
                ground: Ground::NeededElsewhere { instrument: "MID".to_owned(), task: text() },
                reason: text(),
            },
            Command::TakeOver { ground: Ground::Orphaned {}, reason: text() },
            Command::RecordOverview { text: text() },
            Command::ProposeTimeline {
                milestones: vec![Step { name: "Review".to_owned(), due: today + Duration::days(9) }],
            },
            Command::AgreeTimeline {},
            Command::ReachMilestone { milestone: 1 },
            Command::RaiseFinding { place: String::new(), text: text() },
            Command::AnswerFinding { finding: 1, text: text() },
            Command::AcceptFinding { finding: 1 },
            Command::SendBackFinding { finding: 1, text: text() },
            Command::JoinReview {},
            Command::WithdrawApproval { reason: text() },
            Command::ReturnToDevelopment { reason: text() },
            Command::TakeOwnership {},
            Command::VerifyTag { tag: tag("1.0.0") },
            Command::CheckTag { tag: tag("1.0.0") },
            Command::HandBack { server: REDUCED.into(), until: None, reason: text() },
            Command::ShutDown {
                reason: text(),
                affected: text(),
                responsible: self.person("ilse"),
                conditions: text(),
            },
            Command::Restart { text: text() },
            Command::ConfirmContact {},
            Command::SetContacts {
                contacts: self.device.contacts.iter().map(|c| Contact { confirmed: None, ..c.clone() }).collect(),
            },
            Command::OfferAdoption { reason: text() },
            Command::AcceptAdoption { person: self.person("noor") },
            Command::Retire { reason: text() },
        ];
        all.extend((1..=6).map(|point| Command::SignOffPoint { point }));
        for server in [REDUCED, REDUCED_TOO, FULL] {
            all.push(Command::AssignServer { server: server.into() });
            all.push(Command::Remove { server: server.into() });
            all.push(Command::Deploy { server: server.into(), tag: None });
            all.push(Command::Deploy { server: server.into(), tag: Some(tag("1.0.0")) });
        }
        for commit in commits {
            all.push(Command::Approve { commit: commit.clone() });
            for item in &POLICY_READ.transfer.checklist {
                all.push(Command::GiveEvidence {
                    item: item.id.clone(),
                    commit: commit.clone(),
                    passed: true,
                    link: String::new(),
                    text: text(),
                });
            }
            all.push(Command::ProposeCommit { commit: commit.into() });
        }
        all
    }
}

struct Reference;

impl ReferenceStateMachine for Reference {
    type State = World;
    type Transition = Step2;

    fn init_state() -> BoxedStrategy<World> {
        Just(FIRST.clone()).boxed()
    }

    fn transitions(world: &World) -> BoxedStrategy<Step2> {
        let commands = world.commands();
        let mut possible = Vec::new();
        for who in PEOPLE {
            for c in &commands {
                let ends = matches!(c, Command::Decline { .. } | Command::Withdraw { .. } | Command::Retire { .. });
                if !ends && world.decide(who, c).is_ok() {
                    possible.push(Step2::Does(who, Box::new(c.clone())));
                }
            }
        }
        let anything = (select(PEOPLE.to_vec()), select(commands)).prop_map(|(who, c)| Step2::Does(who, Box::new(c)));
        let sees = (
            select(vec![REDUCED, FULL]),
            select(vec![None, Some("1.0.0"), Some("1.0.0-dirty"), Some("1.0.0-2-gabcdef0")]),
        )
            .prop_map(|(server, version)| Step2::Sees(server, version));
        let days = select(vec![1i64, 30, 200]).prop_map(Step2::Days);
        if possible.is_empty() {
            prop_oneof![6 => anything, 2 => sees, 1 => days].boxed()
        } else {
            prop_oneof![12 => select(possible), 3 => anything, 2 => sees, 1 => days].boxed()
        }
    }

    fn apply(mut world: World, step: &Step2) -> World {
        match step {
            Step2::Does(who, command) => {
                if let Ok(events) = world.decide(who, command) {
                    world.device = events.iter().fold(world.device, evolve);
                    for e in &events {
                        if let Happened::Trained { person, until } = &e.what {
                            world.people.0.get_mut(person).unwrap().trained.extend(until.clone());
                        }
                    }
                }
            }
            Step2::Sees(server, version) => world.sees(server, *version),
            Step2::Days(n) => world.now += Duration::days(*n),
        }
        world
    }
}

struct Service;

impl StateMachineTest for Service {
    type SystemUnderTest = Start;
    type Reference = Reference;

    fn init_test(_: &World) -> Start {
        start()
    }

    fn apply(sut: Start, world: &World, step: Step2) -> Start {
        let Start { runtime, test } = &sut;
        let done = match &step {
            Step2::Does(who, command) => Some(runtime.block_on(test.does(who, NAME, (**command).clone()))),
            Step2::Sees(server, version) => {
                let reports = version.map(|v| Report {
                    instance: "SCS_TEST/MON/MAGNET".to_owned(),
                    class: format!("{NAME}Class"),
                    server: (*server).to_owned(),
                    host: "scs-rr-01".to_owned(),
                    version: v.to_owned(),
                    since: test.app.clock.now(),
                });
                let agent = test.caller("ada");
                let own = ServerName::from(*server);
                runtime.block_on(observe(&test.app, &agent, &own, reports.into_iter().collect(), true)).unwrap();
                None
            }
            Step2::Days(n) => {
                test.advance(Duration::days(*n));
                None
            }
        };
        let stored = runtime.block_on(test.device(NAME));
        match done {
            Some(Err(Error::Refused(r))) => assert!(r.gates.iter().any(|g| !g.met) || r.code != Code::GatesOpen),
            Some(Err(e)) => panic!("{step:?}: {e:?}"),
            Some(Ok(_)) | None => {}
        }
        // The service became what the reference became: the same decisions, the same data.
        let mut expected = Device { id: DeviceId(stored.id.0), ..world.device.clone() };
        // Each test has a repository of its own, with the same commits.
        expected.request.repository = stored.request.repository.clone();
        if stored != expected {
            let (is, wanted) = (format!("{stored:#?}"), format!("{expected:#?}"));
            let first = is.lines().zip(wanted.lines()).find(|(a, b)| a != b);
            panic!("after {step:?} the service differs from the domain: {first:?}");
        }
        let verdict = runtime.block_on(store::standing::find_support(&test.app.db.read, stored.id)).unwrap().unwrap().0;
        // N2, O1: what is derived and kept is what is derived anew.
        assert_eq!(verdict, support::of_device(&expected, &world.seen), "after {step:?}");
        assert_eq!(runtime.block_on(test.replayed(&stored)), stored);
        sut
    }

    fn teardown(sut: Start, _: World) {
        let Start { runtime, test } = sut;
        runtime.block_on(async {
            assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
        });
        drop(test);
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, max_shrink_iters: 40, ..ProptestConfig::default() })]

    /// The service is the domain, saved: N1, N2, T1 to T9, B1 to B4, G1, G2 hold in it as they do there.
    #[test]
    fn the_service_follows_the_domain(sequential 30..80 => Service);
}

/// The reference's people and the application's are the same.
#[test]
fn the_application_is_complete() {
    let Start { runtime, test } = start();
    let problems = application(&test, "other").request.problems(&test.app.policy);
    assert_eq!(problems, Vec::new());
    drop(runtime);
}
