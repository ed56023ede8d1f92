//! `cargo bench --bench search`: what one key of the search costs among 100,000 instances of 10,000 devices, or as many as
//! INSTANCES and DEVICES say, in memory and as the whole page. Prints a line for each figure: name, median and 99th
//! percentile in microseconds.

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use chrono::{DateTime, TimeZone, Utc};
use custody::{
    app::{App, Parts},
    domain::{
        contact::{Contact, Hours, OperatorRules, WhenStopped},
        device::Device,
        id::{DeviceId, PersonId, ServerName},
        lifecycle::{Event, Happened, command::Application, evolve},
        observation::{Known, Seen, Source},
        person::Person,
        policy::Policy,
        request::{LevelOfSupport, Request as Asked},
        server::{Server, SupportClass},
        support::{of_device, of_instance},
        version::classify,
    },
    ports::clock::Clock,
    projection::{Beside, Card, State},
    store::Db,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Instant,
};
use tower::ServiceExt;

/// How many there are of what this variable names.
fn many(name: &str, unless_told: usize) -> usize {
    std::env::var(name).map_or(unless_told, |n| n.parse().expect("it is a number"))
}

const INSTRUMENTS: [&str; 7] = ["SPB", "FXE", "SQS", "SCS", "SXP", "MID", "HED"];
const KINDS: [&str; 8] =
    ["beamCondition", "magnet", "camera", "grating", "mirror", "delayStage", "gasMonitor", "valve"];
const ROLES: [&str; 5] = ["Check", "Control", "Monitor", "Guard", "Logger"];
const PEOPLE: usize = 200;
const SERVERS: usize = 140;
const ROUNDS: usize = 500;

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 8, 0, 0).unwrap()
}

fn person(n: usize) -> PersonId {
    PersonId(uuid::Uuid::from_u128(1 + (n % PEOPLE) as u128))
}

fn server(n: usize) -> Server {
    let n = n % SERVERS;
    let instrument = INSTRUMENTS[n % INSTRUMENTS.len()];
    let class = if n.is_multiple_of(3) { SupportClass::Full } else { SupportClass::Reduced };
    let (side, lower) = (if n.is_multiple_of(3) { "ctrl" } else { "contrib" }, instrument.to_lowercase());
    Server {
        name: ServerName(format!("cppServer/{side}_{lower}_{n:03}")),
        class,
        environment: class.into(),
        host: format!("{lower}-rr-{side}-{n:03}"),
        instrument: instrument.to_owned(),
    }
}

fn name(n: usize) -> String {
    format!("{}{}{n:05}", KINDS[n % KINDS.len()], ROLES[n / KINDS.len() % ROLES.len()])
}

fn device(n: usize) -> Device {
    let contact = |of: usize| Contact {
        person: person(of),
        hours: Hours::Always,
        time_zone: "Europe/Berlin".to_owned(),
        deputy: Some(person(of + 1)),
        confirmed: Some(now()),
    };
    let application = Application {
        request: Asked {
            name: name(n),
            classes: vec![format!("{}Class", name(n))],
            instruments: vec![INSTRUMENTS[n % INSTRUMENTS.len()].to_owned()],
            group: format!("Group {:02}", n % 40),
            summary: "Compares the beam with its limits.".to_owned(),
            repository: format!("https://gitlab.com/group/{}.git", name(n)),
            trunk: "main".to_owned(),
            folder: String::new(),
            why: "It is needed.".to_owned(),
            done: "It ran.".to_owned(),
            assumptions: "None.".to_owned(),
            hardware: "None.".to_owned(),
            connectivity: "None.".to_owned(),
            special: String::new(),
            level: LevelOfSupport::RecurrentReview,
            areas: Vec::new(),
            failures: "Scans pause.".to_owned(),
        },
        contributors: BTreeSet::from([person(n), person(n + 1)]),
        contacts: vec![contact(n), contact(n + 1)],
        operators: OperatorRules { when_stopped: WhenStopped::CallFirst, may_stop: true, note: String::new() },
    };
    let what = [
        Happened::Submitted { application: Box::new(application) },
        Happened::ContactAssigned { person: person(n + 7) },
        Happened::Accepted,
        Happened::DevelopmentStarted,
    ];
    let events = what.into_iter().map(|what| Event { at: now(), by: Some(person(n)), what });
    events.fold(Device::draft(DeviceId(uuid::Uuid::from_u128(1 + n as u128)), now()), |d, e| evolve(d, &e))
}

fn seen(n: usize, place: usize) -> Seen {
    let on = server(n + place);
    let (kind, role) = (KINDS[n % KINDS.len()].to_uppercase(), ROLES[n / KINDS.len() % ROLES.len()].to_uppercase());
    Seen {
        instance: format!("{}_XTD{}_{kind}/{role}/{n:05}_{place}", on.instrument, 1 + n % 12),
        class: format!("{}Class", name(n)),
        server: on.name,
        host: on.host,
        support_class: Some(on.class),
        version: classify("1.0.0", &[], &[]),
        since: now(),
        seen: now(),
        gone: None,
        source: Source::Agent,
    }
}

fn state() -> State {
    let mut state = State::default();
    for n in 0..SERVERS {
        state.put_record(server(n));
    }
    for n in 0..PEOPLE {
        state.put_person(Person {
            time_zone: "Europe/Berlin".to_owned(),
            absences: Vec::new(),
            id: person(n),
            name: format!("Ilse Hartmann {n:03}"),
            phone: Some("+49 40 66969 214".to_owned()),
            emails: BTreeSet::new(),
            active: true,
            roles: BTreeSet::new(),
            teams: BTreeSet::new(),
            conduct: None,
            trained: BTreeMap::new(),
        });
    }
    let mut on: BTreeMap<ServerName, Vec<Known>> = BTreeMap::new();
    let (devices, instances) = (many("DEVICES", 10_000), many("INSTANCES", 100_000));
    for n in 0..devices {
        let device = device(n);
        let all: Vec<Seen> = (0..instances / devices).map(|place| seen(n, place)).collect();
        for seen in &all {
            let verdict = of_instance(Some(&device), seen);
            let known = Known { seen: seen.clone(), device: Some(device.id), verdict, support_since: now() };
            on.entry(seen.server.clone()).or_default().push(known);
        }
        let verdict = of_device(&device, &all);
        let beside = Beside {
            verdict,
            support_since: now(),
            latest: vec![],
            changed: None,
            unacknowledged: BTreeMap::new(),
            incidents: vec![],
        };
        state.put_card(Card::new(device, beside));
    }
    for (server, running) in on {
        state.put_server(&server, running);
    }
    assert_eq!(state.all_places().count(), instances / devices * devices, "every instance has its own id");
    state
}

/// What is typed, and whether it finds anything.
const TYPED: [(&str, &str, bool); 4] = [
    ("two_letters", "ma", true),
    ("exact", "cameraMonitor00018", true),
    ("two_typing_errors", "camraMonitxr00018", true),
    ("nothing_found", "zzqxwvkk", false),
];

fn main() {
    let (state, runtime) = (state(), tokio::runtime::Runtime::new().expect("it starts"));
    for (name, typed, finds) in TYPED {
        assert_eq!(!state.find(typed, 51).devices.is_empty(), finds, "what is measured is what is said");
        tell(&format!("search_{name}"), || drop(std::hint::black_box(state.find(std::hint::black_box(typed), 51))));
    }
    let dir = tempfile::tempdir().expect("there is room");
    let app = runtime.block_on(app(&dir.path().join("custody.db"), state));
    let _within = runtime.enter();
    let routes = custody::http::router(app.clone());
    let ask = |path: &str| {
        // Something changed meanwhile: what was worked out before is not given again.
        app.projection.apply(1, |_| {});
        let mut request = Request::get(path).body(Body::empty()).expect("it is a request");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        runtime.block_on(async {
            let response = routes.clone().oneshot(request).await.expect("it answers");
            assert_eq!(response.status(), StatusCode::OK);
            axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("it is whole")
        })
    };
    for (name, typed, finds) in TYPED {
        let path = format!("/?q={typed}");
        let text = String::from_utf8(ask(&path).to_vec()).expect("it is text");
        assert_eq!(text.contains("class=\"answer\""), finds, "{name}");
        tell(&format!("page_{name}"), || drop(std::hint::black_box(ask(&path))));
    }
}

/// The median and the 99th percentile of many times the same, in microseconds.
fn tell(name: &str, work: impl Fn()) {
    let mut took: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed().as_micros()
        })
        .collect();
    took.sort_unstable();
    println!("{name} {} {}", took[ROUNDS / 2], took[ROUNDS * 99 / 100]);
}

/// What answers requests from this state.
async fn app(file: &std::path::Path, state: State) -> App {
    let policy = "[facility]\ninstruments = [\"SPB\", \"FXE\", \"SQS\", \"SCS\", \"SXP\", \"MID\", \"HED\"]\n";
    let parts = Parts::quiet(
        Policy::parse(policy).expect("the policy is right"),
        Clock::fixed(now()),
        "http://127.0.0.1:8080".parse().expect("it is an address"),
    );
    let app = App::new(Db::open(file).await.expect("it opens"), parts);
    app.projection.apply(1, |s| *s = state);
    app
}
