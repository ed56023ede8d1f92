//! `cargo bench`: how long deciding takes: `decide` with all gates of taking ownership, which is the most it ever judges,
//! and a permit verified where nothing answers, beside its signature's verification alone.

use chrono::{Duration, TimeZone, Utc};
use custody::domain::{
    contact::{Contact, Hours, OperatorRules, WhenStopped},
    device::Device,
    id::{DeploymentId, DeviceId, PersonId, ServerName},
    lifecycle::{Actor, Command, Event, Facts, Happened as H, Readings, command::Application, decide, evolve},
    observation::{Seen, Source},
    permit::{Claims, Intent},
    person::{AuthorKey, People, Person, Role},
    policy::Policy,
    release::{CommitFacts, VerifiedTag},
    request::{LevelOfSupport, Request, Taken},
    review::Milestone,
    server::{Server, SupportClass},
    tag::{CommitId, TagName, TagRule},
    version::classify,
};
use custody::ports::signing::{KeySet, PublicKey, SigningKey, Verifier, decode};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use std::collections::{BTreeMap, BTreeSet};

fn main() {
    divan::main();
}

/// Everything a decision looks at.
struct World {
    device: Device,
    people: People,
    servers: BTreeMap<ServerName, Server>,
    seen: Vec<Seen>,
    policy: Policy,
    digest: String,
    author_key: AuthorKey,
}

const CONTRIBUTOR: PersonId = PersonId(uuid::Uuid::from_u128(1));
const CONTACT: PersonId = PersonId(uuid::Uuid::from_u128(2));
const REVIEWER: PersonId = PersonId(uuid::Uuid::from_u128(3));

fn now() -> chrono::DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 8, 0, 0).unwrap()
}

fn person(id: PersonId, name: &str, roles: &[Role]) -> Person {
    Person {
        id,
        name: name.to_owned(),
        phone: Some("+49 40 66969 214".to_owned()),
        emails: BTreeSet::from([format!("{}@example.org", name.to_lowercase())]),
        active: true,
        roles: roles.iter().cloned().collect(),
        teams: BTreeSet::new(),
        conduct: None,
        trained: BTreeMap::new(),
        time_zone: "Europe/Berlin".to_owned(),
        absences: Vec::new(),
    }
}

/// A device under review with every gate met.
fn world() -> World {
    let policy = Policy::parse("[facility]\ninstruments = [\"SCS\"]\n").expect("the policy is right");
    let digest = policy.review_digest();
    let commit = CommitId::parse(&"a".repeat(40)).expect("forty digits");
    let tag = TagName::parse("1.0.0", &TagRule::default()).expect("a plain tag");
    let full = ServerName::from("cppServer/ctrl_scs_01");
    let application = Application {
        request: Request {
            name: "magnet".into(),
            classes: vec!["Magnet".into()],
            instruments: vec!["SCS".into()],
            group: "SCS".into(),
            summary: "Drives it.".into(),
            repository: "https://gitlab.com/scs/magnet.git".into(),
            trunk: "main".into(),
            folder: String::new(),
            why: "It is needed.".into(),
            done: "It ran.".into(),
            assumptions: "None.".into(),
            hardware: "None.".into(),
            connectivity: "None.".into(),
            special: String::new(),
            level: LevelOfSupport::RecurrentReview,
            areas: vec![],
            failures: "Scans pause.".into(),
        },
        contributors: BTreeSet::from([CONTRIBUTOR]),
        contacts: vec![Contact {
            person: CONTRIBUTOR,
            hours: Hours::Always,
            time_zone: "Europe/Berlin".into(),
            deputy: None,
            confirmed: Some(now()),
        }],
        operators: OperatorRules { when_stopped: WhenStopped::CallFirst, may_stop: true, note: String::new() },
    };
    let by = |by: PersonId, what: H| Event { at: now(), by: Some(by), what };
    let mut events = vec![
        by(CONTRIBUTOR, H::Submitted { application: Box::new(application) }),
        by(CONTACT, H::ContactAssigned { person: CONTACT }),
        by(CONTACT, H::Accepted),
        by(CONTACT, H::DevelopmentStarted),
        by(CONTRIBUTOR, H::TransferRequested),
        by(CONTACT, H::OverviewRecorded { text: "Tidy.".into() }),
        by(
            CONTRIBUTOR,
            H::TimelineProposed {
                milestones: vec![Milestone {
                    name: "Review".into(),
                    due: now().date_naive() + Duration::days(7),
                    reached: None,
                }],
                by_contributor: true,
            },
        ),
        by(CONTACT, H::TimelineAgreed { by_contributor: false }),
        by(
            CONTRIBUTOR,
            H::CommitProposed {
                facts: CommitFacts {
                    commit: commit.clone(),
                    subject: "the first light".into(),
                    authors: BTreeSet::from(["ilse@example.org".to_owned()]),
                },
            },
        ),
        by(REVIEWER, H::Approved { commit: commit.clone(), policy: digest.clone() }),
        by(
            CONTRIBUTOR,
            H::TagVerified {
                verified: VerifiedTag {
                    tag: tag.clone(),
                    object: commit.clone(),
                    commit: commit.clone(),
                    tree: commit.clone(),
                    annotated: true,
                    tagger: None,
                    tagger_email: None,
                    tagged_at: None,
                    signed: false,
                    authors: BTreeSet::new(),
                },
                framework: None,
            },
        ),
        by(
            CONTACT,
            H::Deployed { server: full.clone(), class: SupportClass::Full, release: Some(tag.clone()), moved_on: None },
        ),
        by(CONTACT, H::PermitRedeemed { server: full.clone(), tag }),
    ];
    events.extend(policy.transfer.checklist.iter().map(|i| {
        by(
            CONTRIBUTOR,
            H::EvidenceGiven {
                item: i.id.clone(),
                commit: commit.clone(),
                passed: true,
                link: String::new(),
                text: "Seen.".into(),
            },
        )
    }));
    let server = Server {
        name: full.clone(),
        class: SupportClass::Full,
        environment: SupportClass::Full.into(),
        host: "scs-rr-ctrl-01".into(),
        instrument: "SCS".into(),
    };
    let seen = Seen {
        instance: "SCS_TEST/MON/MAGNET".into(),
        class: "Magnet".into(),
        server: full.clone(),
        host: "scs-rr-ctrl-01".into(),
        support_class: Some(SupportClass::Full),
        version: classify("1.0.0", &[], &[]),
        since: now(),
        seen: now(),
        gone: None,
        source: Source::Agent,
    };
    World {
        device: events.iter().fold(Device::draft(DeviceId(uuid::Uuid::from_u128(9)), now()), evolve),
        people: [
            person(CONTRIBUTOR, "Ilse", &[]),
            person(CONTACT, "Lena", &[Role::Ctrl]),
            person(REVIEWER, "Ravi", &[Role::Ctrl, Role::Reviewer]),
        ]
        .into_iter()
        .collect(),
        servers: BTreeMap::from([(full, server)]),
        seen: vec![seen],
        policy,
        digest,
        author_key: AuthorKey::new("a key"),
    }
}

/// All of T2 to T9, every one met.
#[divan::bench]
fn take_ownership(bencher: divan::Bencher) {
    let w = world();
    let (readings, taken) = (Readings::default(), Taken::default());
    let facts = Facts {
        now: now(),
        today: now().date_naive(),
        actor: Actor::Person(REVIEWER),
        policy: &w.policy,
        review_digest: &w.digest,
        author_key: &w.author_key,
        people: &w.people,
        servers: &w.servers,
        seen: &w.seen,
        readings: &readings,
        taken: &taken,
        devices: &custody::domain::retest::NO_DEVICES,
        way: &custody::domain::stage::NO_WAY,
        last: None,
    };
    let command = Command::TakeOwnership {};
    assert!(decide(&w.device, &command, &facts).is_ok(), "what is measured is a yes");
    bencher.bench_local(|| decide(divan::black_box(&w.device), &command, &facts));
}

/// The same, refused: every gate is judged and says why.
#[divan::bench]
fn take_ownership_refused(bencher: divan::Bencher) {
    let w = world();
    let (readings, taken) = (Readings::default(), Taken::default());
    let facts = Facts {
        now: now(),
        today: now().date_naive(),
        actor: Actor::Person(REVIEWER),
        policy: &w.policy,
        review_digest: "another policy",
        author_key: &w.author_key,
        people: &w.people,
        servers: &w.servers,
        seen: &w.seen,
        readings: &readings,
        taken: &taken,
        devices: &custody::domain::retest::NO_DEVICES,
        way: &custody::domain::stage::NO_WAY,
        last: None,
    };
    let command = Command::TakeOwnership {};
    assert!(decide(&w.device, &command, &facts).is_err(), "what is measured is a no");
    bencher.bench_local(|| decide(divan::black_box(&w.device), &command, &facts));
}

/// What replaying a journal costs for each event.
#[divan::bench]
fn evolve_one(bencher: divan::Bencher) {
    let w = world();
    let event = Event { at: now(), by: Some(CONTACT), what: H::PointRaised { point: 6, text: "Which broker?".into() } };
    bencher.with_inputs(|| w.device.clone()).bench_local_values(|d| evolve(d, &event));
}

/// A key, and a permit that it signed.
fn permit() -> (SigningKey, String) {
    let id = uuid::Uuid::from_u128(7);
    let claims = Claims {
        iss: "https://custody.example.org/".to_owned(),
        aud: "cppServer/ctrl_01".to_owned(),
        sub: "beamCheck".to_owned(),
        jti: id.to_string(),
        iat: now().timestamp(),
        nbf: now().timestamp(),
        exp: now().timestamp() + 300,
        deployment: DeploymentId(id),
        device: DeviceId(id),
        revision: 41,
        tag: "1.4.2".to_owned(),
        object: "a".repeat(40),
        commit: "b".repeat(40),
        tree: "c".repeat(40),
        environment: "production".to_owned(),
        asked_by: REVIEWER,
        asker: "Jonas".to_owned(),
    };
    let key = SigningKey::generate().unwrap();
    let permit = key.sign(&claims).unwrap();
    (key, permit)
}

/// Form, header, key, signature, claims, and what they permit.
#[divan::bench]
fn permit_verified(bencher: divan::Bencher) {
    let (key, permit) = permit();
    let verifier = Verifier::new(&KeySet { keys: vec![PublicKey::new(&key.kid, &key.x)] }).unwrap();
    let intent = Intent {
        now: now(),
        server: "cppServer/ctrl_01",
        issuer: None,
        device: Some("beamCheck"),
        tag: Some("1.4.2"),
        commit: None,
    };
    let verify = || verifier.read(divan::black_box(&permit)).unwrap().permits(&intent);
    assert_eq!(verify(), Ok(()), "what is measured is a yes");
    bencher.bench_local(verify);
}

/// Its baseline.
#[divan::bench]
fn permit_signature_alone(bencher: divan::Bencher) {
    let (key, permit) = permit();
    let (message, signature) = permit.rsplit_once('.').unwrap();
    let key = DecodingKey::from_ed_components(&key.x).unwrap();
    assert!(decode(signature).is_some());
    let verify = || crypto::verify(divan::black_box(signature), message.as_bytes(), &key, Algorithm::EdDSA).unwrap();
    assert!(verify(), "what is measured is a yes");
    bencher.bench_local(verify);
}
