//! The whole sample facility, built once, against what it promises.

use super::{agent::Agents, folder::Folder, places, story};
use crate::{
    app::{App, Parts},
    config::read_policy,
    domain::{
        cadence,
        delivery::{By, Every, Span},
        deployment::Environment,
        device::Device,
        id::ServerName,
        lifecycle::{Command, Event, StateName, evolve, gates::GateId},
        retest, rollout,
        server::SupportClass,
        support::Support,
        telling::{Kind, Owner},
    },
    ports::clock::Clock,
    service::{
        Caller, accounts,
        act::{Ask, act, event},
        delivery, local_changes, rollouts,
        shift::{Change, proof, waiting},
    },
    store::{self, Db},
};
use chrono::{Duration, Utc};
use std::collections::BTreeMap;
use strum::IntoEnumIterator;

async fn open(folder: &Folder, clock: Clock) -> App {
    let parts = Parts {
        policy: read_policy(&folder.policy()).unwrap(),
        clock,
        public_url: url::Url::parse("http://127.0.0.1:1").unwrap(),
        secure_cookies: false,
        demo: true,
        mail: None,
        sends: false,
        metrics: Default::default(),
        proxies: Default::default(),
    };
    App::new(Db::open(&folder.database()).await.unwrap(), parts)
}

/// E2, O1, N1, N2, N4, T8: the sample facility holds every state and every status, its journal verifies, each device is
/// what its events make of it, and what a visitor deploys or removes is seen.
#[tokio::test(flavor = "multi_thread")]
async fn the_sample_facility_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path(), false).unwrap();
    let (begun, mut told) = (Utc::now(), Vec::new());
    story::build(&folder, &mut told).await.unwrap();
    assert!(folder.is_complete() && String::from_utf8(told).unwrap().contains("100 %"));
    let app = open(&folder, Clock::System).await;

    let devices = all(&app).await;
    by_state(&devices);
    by_support(&app, &devices).await;
    // By the clock of the story: what is in time then is late once a slow machine has taken minutes to build it.
    let then = open(&folder, Clock::fixed(begun + Duration::minutes(1))).await;
    shift(&then).await;
    then.db.close().await.unwrap();
    tried_out(&app).await;
    rolled_out(&app).await;
    assert!(store::journal::verify(&app.db.read).await.unwrap().is_ok());
    for device in &devices {
        replayed(&app, device).await;
    }
    let orphans = store::work::list_orphans(&app.db.read, app.clock.now(), None, 10).await.unwrap();
    let orphans: Vec<Device> = orphans.into_iter().map(|kept| kept.device).collect();
    assert_eq!(names(&orphans), ["nozzleCamIndex", "strongFieldMonitor"], "N4");
    assert!(accounts::list_open(&app).await.unwrap().iter().all(|(login, _)| login != super::devices::GONE));
    told_elsewhere(&app).await;
    cadence(&app).await;
    delivered(&app).await;
    ready(&app).await;
    deployed_and_removed(&app).await;
    app.db.close().await.unwrap();
}

/// G11: enough went into production, and went wrong there, that its figures have a trend.
async fn delivered(app: &App) {
    let span = Span::last(Every::Month, app.clock.now());
    let all = delivery::overall(app, span, None, By::Restore).await.unwrap();
    let trend = &all.overall;
    assert!(trend.now.succeeded > 35 && trend.now.lead.cases > 35, "{trend:?}");
    assert_eq!((trend.now.failed, trend.now.restore.cases, trend.now.open()), (3, 3, 0), "{trend:?}");
    let within = Duration::days(20).num_seconds();
    assert!(trend.now.lead.ninth.is_some_and(|ninth| ninth < within), "releases are new when they go there: {trend:?}");
    assert!(trend.parts.iter().filter(|(_, f)| f.succeeded > 0).count() > 5, "{trend:?}");
    let slowest: Vec<&str> = all.devices[..3].iter().map(|d| d.name.as_str()).collect();
    assert_eq!(slowest, ["photonBpmCenter", "mirrorBenderLut", "chamberPumpdown"]);
}

/// O5: some have chats, and nothing is on its way to anybody: the demo sends nothing.
async fn told_elsewhere(app: &App) {
    assert!(app.mail.is_none() && app.chat.is_none());
    let people = store::people::list_all(&app.db.read).await.unwrap();
    let owners = people.iter().map(|p| Owner::Person(p.person.id)).collect();
    let channels = store::channels::list_of(&app.db.read, &owners).await.unwrap();
    assert_eq!(channels.iter().filter(|c| c.kind != Kind::Mail).count(), 3);
    assert_eq!(store::outbox::list(&app.db.read, &[store::outbox::State::Waiting], None, 1).await.unwrap().1, 0);
}

async fn all(app: &App) -> Vec<Device> {
    let states: Vec<StateName> = StateName::iter().collect();
    store::devices::list_in_states(&app.db.read, &states, 1000).await.unwrap()
}

fn names(devices: &[Device]) -> Vec<&str> {
    let mut names: Vec<&str> = devices.iter().map(Device::name).collect();
    names.sort_unstable();
    names
}

fn by_state(devices: &[Device]) {
    let full = devices.iter().flat_map(|d| &d.placements).filter(|p| p.class == SupportClass::Full);
    assert!(full.clone().count() > 25 && full.clone().all(|p| p.permit.is_some()), "T8: each came by permit");
    let mut counted: BTreeMap<StateName, usize> = BTreeMap::new();
    for d in devices {
        *counted.entry(d.state.name()).or_default() += 1;
    }
    let expected = [
        (StateName::Requested, 7),
        (StateName::Accepted, 6),
        (StateName::ReducedSupport, 17),
        (StateName::UnderReview, 10),
        (StateName::CtrlOwned, 25),
        (StateName::Declined, 1),
        (StateName::Withdrawn, 1),
        (StateName::Retired, 2),
    ];
    assert_eq!(counted, BTreeMap::from(expected));
}

/// Each trouble shows as what it is.
async fn by_support(app: &App, devices: &[Device]) {
    let mut support = BTreeMap::new();
    for d in devices {
        let (verdict, _) = store::standing::find_support(&app.db.read, d.id).await.unwrap().unwrap();
        support.insert(d.name(), verdict);
    }
    let status = |name: &str| support[name].as_ref().map(|v| v.support);
    let why = |name: &str| support[name].as_ref().map(|v| v.why.clone()).unwrap_or_default();
    for (name, expected, because) in [
        ("attenuatorCalc", Support::FullySupported, "verified tag"),
        ("doorSealCheck", Support::FullySupported, "verified tag"),
        ("beamConditionCheck", Support::ReducedSupport, "best effort"),
        ("xgmBunchSelector", Support::ReducedSupport, "best effort"),
        ("pulsePatternDecoder", Support::ShutDown, "flooded"),
        ("gotthard2Preview", Support::NotSupported, "not a reduced-support server"),
        ("timingFramePatch", Support::NotSupported, "framework is modified"),
        ("dipoleCurrentLog", Support::NotSupported, "not on record"),
        ("adqTriggerFan", Support::NotSupported, "edits that no commit holds"),
        ("splitDelayMotion", Support::NotSupported, "never both"),
        ("powerMeterBridge", Support::NotSupported, "framework’s version"),
        ("pressureGaugeTrend", Support::NotSupported, "is deployed there"),
        ("electronSpectrum", Support::NotSupported, "moved or vanished"),
        ("legacyStageLog", Support::NotSupported, "although it is retired"),
    ] {
        assert_eq!(status(name), Some(expected), "{name}: {}", why(name));
        assert!(why(name).contains(because), "{name}: {}", why(name));
    }
    let names = crate::service::facts::version_names(app, None);
    let unknown = store::instances::list_unknown(&app.db.read, None, 10, &names).await.unwrap();
    assert_eq!(unknown.len(), 3);
    for expected in Support::iter().filter(|s| *s != Support::Unknown) {
        assert!(support.values().flatten().any(|v| v.support == expected), "{expected}");
    }
}

/// H8, L4: of the shift some changes wait, one is late and went on to CTRL, one was acknowledged late, most in time.
async fn shift(app: &App) {
    let waits = waiting(app).await.unwrap();
    let late: Vec<&str> = waits.all.iter().filter(|c| c.judged.is_late()).map(|c| c.name.as_str()).collect();
    assert_eq!(late, ["splitDelayMotion"]);
    assert!(waits.all[0].escalated.as_ref().is_some_and(|(_, to)| to.len() == 1), "it went on to CTRL");
    let names: Vec<&str> = waits.all.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["splitDelayMotion", "gotthard2Preview", "goniometerScan"]);
    let all = proof::proof(app, &proof::Wanted::default(), 1000).await.unwrap().changes.all;
    let said = |c: &&Change| c.judged.acknowledged().is_some();
    assert!(all.iter().filter(said).count() > 60, "{}", all.len());
    let passed: Vec<&str> = all.iter().filter(|c| c.escalated.is_some()).map(|c| c.name.as_str()).collect();
    assert_eq!(passed, ["splitDelayMotion", "adqTriggerFan"]);
    // L4: whose word has aged was asked for it again, by a link.
    let piet = accounts::find(app, "piet").await.unwrap().unwrap();
    let told = store::notices::list(&app.db.read, piet, 100).await.unwrap();
    let aged = |t: &store::notices::Told| t.device == "vmiImageProc" && t.text.contains("counts no longer");
    assert!(told.iter().any(|t| aged(t) && t.path.starts_with("/confirm/")), "{told:?}");
}

/// G7: most of what CTRL owns is deployed each month; some falls behind, and of some the next deployment is due soon.
async fn cadence(app: &App) {
    for (name, which, expected) in [
        ("attenuatorCalc", Environment::Production, cadence::Standing::Kept),
        ("slitGapCalc", Environment::Production, cadence::Standing::DueSoon),
        ("hrixsBinning", Environment::Production, cadence::Standing::Behind),
        ("ppLaserJitterMon", Environment::Development, cadence::Standing::Behind),
    ] {
        let (_, shown, _) = crate::service::cadence::look(app, name).await.unwrap();
        let there = shown.iter().find(|s| s.cadence.environment == which).unwrap();
        assert_eq!(there.cadence.standing, expected, "{name}: {there:?}");
    }
}

/// G8: of what new releases asked for, some waits, some passed, some failed.
async fn tried_out(app: &App) {
    let asked = crate::service::retests::list(app, &Default::default()).await.unwrap().all;
    let mut stand: Vec<(&str, &str, retest::Standing)> =
        asked.iter().map(|l| (l.device.as_str(), l.on.as_str(), l.retest.standing)).collect();
    stand.sort_unstable();
    let expected = [
        ("gratingTempTrend", "beamCondLogger", retest::Standing::Waiting),
        ("gratingTempTrend", "undulatorGapWatch", retest::Standing::Waiting),
        ("momentumMicroscopeBin", "beamCondLogger", retest::Standing::Passed),
        ("photonEnergyBroadcast", "undulatorGapWatch", retest::Standing::Failed),
    ];
    assert_eq!(stand, expected);
}

/// R1 to R7: a rollout is over, one is under way in which targets stand in every way, one is planned; of two local changes
/// one is overdue.
async fn rolled_out(app: &App) {
    let all = rollouts::list(app, &rollouts::Which::default()).await.unwrap().rollouts;
    let states: Vec<rollout::StateName> = all.iter().map(|r| r.state.name()).collect();
    assert_eq!(states, [rollout::StateName::Planned, rollout::StateName::Running, rollout::StateName::Finished]);
    let view = rollouts::load(app, None, &all[1].number).await.unwrap();
    let expected = rollout::Counts {
        done: 13,
        need_a_person: 1,
        running: 8,
        want_sign_off: 2,
        on_hold: 1,
        waiting: 4,
        left_out: 0,
        rolled_back: 1,
    };
    assert_eq!(view.progress.counts, expected, "{:#?}", view.progress.targets);
    assert!(!view.variations.is_empty() && view.progress.expected_end.is_some());
    let runs = rollouts::runs(app, &all[1].number, None).await.unwrap();
    let half_way = |r: &&rollouts::Run| r.state == rollouts::RunState::Running && r.tasks_all > 0;
    assert_eq!(runs.iter().filter(half_way).count(), 8);
    let planned = rollouts::load(app, None, &all[0].number).await.unwrap();
    assert!(planned.gates.iter().any(|g| g.is_open() && g.id == GateId::R7), "{:#?}", planned.gates);
    let over = &all[2];
    let due: Vec<usize> =
        over.targets.iter().map(|t| rollout::legacy_due(t, &app.policy, app.clock.now()).len()).collect();
    assert_eq!(due, [0, 2], "the way back of SXP is old, and its retirement is not agreed");
    let open = local_changes::Which { open: true, ..Default::default() };
    let open = local_changes::list(app, &open).await.unwrap();
    let overdue = open.changes.iter().filter(|c| c.is_overdue(open.today)).map(|c| c.target.0.as_str());
    assert_eq!((open.changes.len(), overdue.collect::<Vec<_>>()), (2, vec!["FXE"]));
}

/// Its events, replayed, make the device that is stored.
async fn replayed(app: &App, device: &Device) {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let page = store::journal::list_since(&app.db.read, &device.id.to_string(), events.len() as i64).await.unwrap();
        if page.is_empty() {
            break;
        }
        events.extend(page.iter().map(|e| event(e).unwrap()));
    }
    assert!(events.windows(2).all(|w| w[0].at <= w[1].at), "{} goes back in time", device.name());
    let replayed = events.iter().fold(Device::draft(device.id, events[0].at), evolve);
    assert_eq!(&replayed, device, "{}", device.name());
}

async fn found(app: &App, name: &str) -> Device {
    store::devices::find_by_name(&app.db.read, name).await.unwrap().unwrap()
}

/// What the demo says can be done with one click can be done.
async fn ready(app: &App) {
    // The sample agents report as soon as the demo runs.
    let mut agents = Agents::start(app).await.unwrap();
    agents.report(app).await;
    for (login, device, command, state) in [
        ("ravi", "grainFinderLite", Command::Accept {}, StateName::Accepted),
        ("lena", "sampleHeaterLoop", Command::StartDevelopment {}, StateName::ReducedSupport),
        ("sofia", "undulatorTaper", Command::RequestTransfer {}, StateName::UnderReview),
        ("chiara", "crystalPinFinder", Command::TakeOwnership {}, StateName::CtrlOwned),
    ] {
        let person = accounts::find(app, login).await.unwrap().unwrap();
        let done = act(app, &Caller::person(person, "test"), device, Ask::from(command)).await.unwrap();
        assert_eq!(done.device.state.name(), state, "{device}");
    }
}

/// T8 by hand: removed, it is gone; deployed again, it runs in exactly that tag.
async fn deployed_and_removed(app: &App) {
    let server = ServerName::from("pythonServer/ctrl_sqs_02");
    let mut agents = Agents::start(app).await.unwrap();
    let lena = Caller::person(accounts::find(app, "lena").await.unwrap().unwrap(), "test");
    let device = found(app, "ionYieldScan").await;
    let names = crate::service::facts::version_names(app, Some(&device));
    let seen = async || {
        let known = store::instances::list_of_device(&app.db.read, device.id, &names).await.unwrap();
        let here = known.into_iter().find(|k| k.seen.server == server && k.seen.runs());
        here.map(|k| k.seen.version.raw)
    };
    assert_eq!(seen().await, None, "it waits to be seen");
    let tag = device.releases.last().map(|r| r.tag().clone());
    let remove = Command::Remove { server: server.clone() };
    act(app, &lena, "ionYieldScan", Ask::from(remove.clone())).await.unwrap();
    agents.follow(app).await.unwrap();
    let deploy = Command::Deploy { server: server.clone(), tag };
    act(app, &lena, "ionYieldScan", Ask::from(deploy)).await.unwrap();
    agents.follow(app).await.unwrap();
    assert_eq!(seen().await.as_deref(), Some("1.0.2"));
    act(app, &lena, "ionYieldScan", Ask::from(remove)).await.unwrap();
    agents.follow(app).await.unwrap();
    assert_eq!(seen().await, None);
    assert!(!agents.reports_on(places::SILENT), "a silent agent stays silent");
}
