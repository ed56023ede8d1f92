//! Rollouts to many instruments: planned, run in waves, paused, compared, and what stays beside them (R1 to R6).

use crate::{
    app::{TestApp, open},
    given::{day, policy_with, tag},
    local_changes::records,
};
use chrono::Duration;
use custody::{
    app::App,
    domain::{
        id::TargetName,
        lifecycle::{self, gates::GateId},
        refusal::Code,
        rollout::{Chosen, Command, Event, Outcome, Plan, Rollout, Standing, State, StateName, Wanted, Window, evolve},
    },
    service::{
        self, Error, events, own_data,
        rollouts::{self, Ask, Begun, Done, Ended, RunState, Which},
    },
    store,
};
use serde_json::json;
use std::{collections::BTreeMap, sync::LazyLock};

static POLICY: LazyLock<String> = LazyLock::new(|| {
    policy_with(
        r#"
[rollouts]
playbooks = "/srv/playbooks"
inventory = "/srv/hosts"
targets = [
    { name = "SCS", group = "SASE 3", host = "scs-ctrl01", instrument = "SCS" },
    { name = "SQS", group = "SASE 3", host = "sqs-ctrl01", instrument = "SQS" },
    { name = "MID", group = "SASE 2", host = "mid-ctrl01", instrument = "MID" },
    { name = "LAB", group = "Labs", host = "lab-ctrl01" },
]
"#,
    )
});

pub async fn facility() -> TestApp {
    TestApp::with_policy(&POLICY).await
}

pub fn plan(test: &TestApp, kind: &str, targets: &[(&str, u32)]) -> Plan {
    let now = test.app.clock.now();
    let scientists = [test.person("noor")];
    let chosen = |(name, wave): &(&str, u32)| Chosen {
        name: TargetName::from(*name),
        wave: *wave,
        scientists: scientists.into_iter().collect(),
    };
    Plan {
        title: "Winter shutdown".to_owned(),
        what: Wanted::Framework { name: "Karabo".to_owned(), version: "3.1.2".to_owned() },
        kind: kind.to_owned(),
        window: Window { from: now, until: now + Duration::hours(10) },
        at_once: 2,
        stop_after_failed: 2,
        targets: targets.iter().map(chosen).collect(),
        baseline: BTreeMap::new(),
    }
}

pub async fn plans(test: &TestApp, who: &str, plan: &Plan) -> service::Result<Rollout> {
    rollouts::plan(&test.app, &test.caller(who), plan.clone(), None).await.map(|done| done.rollout)
}

pub async fn asks(test: &TestApp, who: &str, r: &Rollout, command: Command) -> service::Result<Done> {
    rollouts::act(&test.app, &test.caller(who), &r.number, Ask::from(command)).await
}

pub async fn must(test: &TestApp, who: &str, r: &Rollout, command: Command) -> Rollout {
    let said = format!("{command:?}");
    asks(test, who, r, command).await.unwrap_or_else(|e| panic!("{said}: {e:?}")).rollout
}

/// A rollout that has started, run by this replica.
async fn started(test: &TestApp, plan: &Plan) -> Rollout {
    let r = plans(test, "lena", plan).await.unwrap();
    let r = must(test, "lena", &r, Command::Start {}).await;
    rollouts::take_lease(&test.app).await.unwrap();
    r
}

pub fn code<T: std::fmt::Debug>(done: service::Result<T>) -> Code {
    match done.unwrap_err() {
        Error::Refused(refusal) => refusal.code,
        other => panic!("{other:?}"),
    }
}

fn ended(outcome: Outcome) -> Ended {
    Ended { outcome, rc: Some(0), tasks: (3, 3), output: "ok: [host]\n".to_owned() }
}

fn well(version: &str) -> Ended {
    let facts = [("version".to_owned(), version.to_owned())].into();
    ended(Outcome::Done { took_seconds: 600, facts })
}

fn badly() -> Ended {
    ended(Outcome::Failed { why: "The disk is full.".to_owned() })
}

async fn begin(app: &App, r: &Rollout) -> Vec<Begun> {
    rollouts::begin_next(app, r.id).await.unwrap()
}

/// The runner does whatever begins by itself, until nothing more does.
pub async fn run_all(app: &App, r: &Rollout) {
    loop {
        let begun = begin(app, r).await;
        if begun.is_empty() {
            return;
        }
        for b in begun {
            rollouts::report(app, &b, well("3.1.2")).await.unwrap().unwrap();
        }
    }
}

pub async fn now(test: &TestApp, r: &Rollout) -> Rollout {
    store::rollouts::find(&test.app.db.read, r.id).await.unwrap().unwrap()
}

/// What the journal says it is.
pub async fn replayed(test: &TestApp, r: &Rollout) -> Rollout {
    let entries = store::journal::list_all(&test.app.db.read, &rollouts::stream(r.id)).await.unwrap();
    let events =
        entries.iter().map(|e| Event { at: e.moment().unwrap(), by: e.actor, what: store::journal::read(e).unwrap() });
    events.fold(Rollout::draft(r.id), |r, e| evolve(r, &e))
}

/// R1, R2, A4, F3: CTRL plans one by the policy, under a number of its own; a repetition plans no second one; who changes
/// it has seen it as it is; once it has started its plan stays.
#[tokio::test]
async fn r1_a_rollout_is_planned() {
    let test = facility().await;
    let good = plan(&test, "hotfix", &[("SCS", 0), ("SQS", 1), ("MID", 1)]);
    for nobody in ["ilse", "otto", "ada"] {
        assert_eq!(code(plans(&test, nobody, &good).await), Code::NotYours, "{nobody}");
    }
    assert_eq!(code(plans(&test, "lena", &Plan { kind: "none".to_owned(), ..good.clone() }).await), Code::NoSuchThing);
    let strange = plan(&test, "hotfix", &[("FXE", 0)]);
    assert_eq!(code(plans(&test, "lena", &strange).await), Code::NoSuchThing);
    let mut many = plan(&test, "hotfix", &[("SCS", 0), ("SQS", 0), ("MID", 0)]);
    assert_eq!(code(plans(&test, "lena", &many).await), Code::Incomplete, "more than the first wave may have");
    many.targets[2].wave = 1;
    let r = plans(&test, "lena", &many).await.unwrap();
    assert_eq!((r.number.as_str(), r.revision, r.steps.len()), ("R-2026-1", 1, 3));
    assert_eq!(r.target(&"SCS".into()).unwrap().host, "scs-ctrl01");

    let lena = test.caller("lena");
    let again = || rollouts::plan(&test.app, &lena, good.clone(), Some("once".to_owned()));
    let (first, second) = (again().await.unwrap(), again().await.unwrap());
    assert_eq!((first.rollout.number.as_str(), first.is_repetition), ("R-2026-2", false));
    assert_eq!((second.rollout.number.as_str(), second.is_repetition), ("R-2026-2", true));
    let other = rollouts::plan(&test.app, &lena, many.clone(), Some("once".to_owned())).await;
    assert!(matches!(other, Err(Error::KeyReused)), "{other:?}");

    let caller = test.caller("jonas");
    let changed = Plan { title: "Spring shutdown".to_owned(), ..good.clone() };
    let amend = |seen| rollouts::amend(&test.app, &caller, "R-2026-2", changed.clone(), Some(seen), None);
    assert!(matches!(amend(7).await, Err(Error::Stale(_))));
    let amended = amend(1).await.unwrap().rollout;
    assert_eq!((amended.title.as_str(), amended.revision), ("Spring shutdown", 2));
    assert!(matches!(amend(1).await, Err(Error::Stale(_))), "another one was faster");
    must(&test, "lena", &amended, Command::Start {}).await;
    assert_eq!(code(amend(3).await), Code::WrongState);

    let running = Which { states: vec![StateName::Running], before: None };
    let listed = rollouts::list(&test.app, &running).await.unwrap();
    assert_eq!(listed.rollouts.iter().map(|r| r.number.as_str()).collect::<Vec<_>>(), ["R-2026-2"]);
    let all = rollouts::list(&test.app, &Which::default()).await.unwrap();
    assert_eq!((all.rollouts.len(), all.rollouts[0].number.as_str(), all.next), (2, "R-2026-2", None));
    assert!(matches!(rollouts::load(&test.app, None, "R-2026-9").await, Err(Error::NotFound)));
}

/// R1, G1: what is rolled out of a device CTRL owns, and it stands on record; a start says with its gates why not, and that
/// somebody tried is on record without anybody's name (A37).
#[tokio::test]
async fn r1_a_release_of_a_device_stands_on_record() {
    let test = facility().await;
    test.ctrl_owned("magnet").await;
    test.reduced_support("mirror").await;
    let of = |name: &str, release: &str| {
        let what = Wanted::Device { name: name.to_owned(), tag: tag(release) };
        Plan { what, ..plan(&test, "hotfix", &[("SCS", 0)]) }
    };
    for (name, release, refused) in [
        ("mirror", "1.0.0", Code::WrongState),
        ("magnet", "7.0.0", Code::WrongState),
        ("nothing", "1.0.0", Code::NoSuchThing),
    ] {
        assert_eq!(code(plans(&test, "lena", &of(name, release)).await), refused, "{name} {release}");
    }
    let mut later = of("magnet", "1.0.0");
    later.window.from = later.window.until - Duration::hours(1);
    let r = plans(&test, "lena", &later).await.unwrap();
    assert_eq!(r.what.words(), "magnet 1.0.0");
    let view = rollouts::load(&test.app, Some(&test.caller("lena")), &r.number).await.unwrap();
    let met: Vec<(GateId, bool)> = view.gates.iter().map(|g| (g.id, g.met)).collect();
    assert_eq!(met, [(GateId::Tag, true), (GateId::Window, false), (GateId::R7, true)]);
    assert!(view.is_ctrl && view.story[0].what.contains("planned R-2026-1"), "{:?}", view.story);
    let Err(Error::Refused(refused)) = asks(&test, "lena", &r, Command::Start {}).await else { panic!("too early") };
    assert_eq!((refused.code, refused.gates.len()), (Code::GatesOpen, 3));
    assert!(refused.sentence.contains("opens on 21 Nov 2026, 18:00 CET"), "{}", refused.sentence);
    test.does("lena", "magnet", test.shut_down("ravi")).await.unwrap();
    test.advance(Duration::hours(9));
    let Err(Error::Refused(refused)) = asks(&test, "lena", &r, Command::Start {}).await else { panic!("shut down") };
    assert!(refused.sentence.contains("magnet is shut down"), "{}", refused.sentence);
    test.does("ravi", "magnet", lifecycle::Command::Restart { text: "It runs.".to_owned() }).await.unwrap();
    assert_eq!(code(asks(&test, "ilse", &r, Command::Start {}).await), Code::NotYours);
    must(&test, "jonas", &r, Command::Start {}).await;
    let tried =
        store::journal::list_all(&test.app.db.read, &format!("refused/{}", rollouts::stream(r.id))).await.unwrap();
    assert_eq!(tried.len(), 3);
    assert!(tried.iter().all(|e| e.kind == "refused" && !e.body.contains("Lena")), "{tried:#?}");
}

/// R1, R3, R4: the first wave succeeds before the rest begins, two at once begin each once however often the runner asks,
/// and CTRL hears of the start, of the first wave and of the end.
#[tokio::test]
async fn r1_waves_run_to_their_end() {
    let test = facility().await;
    let wanted = plan(&test, "hotfix", &[("SCS", 0), ("SQS", 1), ("MID", 1), ("LAB", 1)]);
    let r = plans(&test, "lena", &wanted).await.unwrap();
    assert!(rollouts::take_lease(&test.app).await.unwrap().is_empty(), "it has not started");
    let r = must(&test, "jonas", &r, Command::Start {}).await;
    assert!(begin(&test.app, &r).await.is_empty(), "nobody runs it yet");
    assert_eq!(rollouts::take_lease(&test.app).await.unwrap().len(), 1);
    let first = begin(&test.app, &r).await;
    assert_eq!(first.iter().map(|b| (b.target.0.as_str(), b.step)).collect::<Vec<_>>(), [("SCS", 0)]);
    let b = &first[0];
    assert_eq!((b.playbook.as_str(), b.host.as_str(), b.minutes, b.undo), ("back_up.yml", "scs-ctrl01", 30, false));
    assert_eq!(b.extra["custody_release"]["version"], "3.1.2");
    assert_eq!(b.extra["custody_step"], "back_up");
    assert!(begin(&test.app, &r).await.is_empty(), "the first wave is not over");
    rollouts::write(&test.app, b.run, (1, 3), "PLAY [all]\n").await.unwrap();
    rollouts::report(&test.app, b, well("3.1.2")).await.unwrap().unwrap();
    assert!(rollouts::report(&test.app, b, badly()).await.unwrap().is_none(), "a report comes once");
    for _ in [1, 2] {
        for b in begin(&test.app, &r).await {
            rollouts::report(&test.app, &b, well("3.1.2")).await.unwrap().unwrap();
        }
    }
    assert!(now(&test, &r).await.first_wave_is_done());

    let (one, other) = tokio::join!(begin(&test.app, &r), begin(&test.app, &r));
    let mut both: Vec<&str> = one.iter().chain(&other).map(|b| b.target.0.as_str()).collect();
    both.sort_unstable();
    assert_eq!(both, ["MID", "SQS"], "two at once, each once");
    let seen = rollouts::load(&test.app, None, &r.number).await.unwrap();
    let counts = seen.progress.counts;
    assert_eq!((counts.done, counts.running, counts.waiting), (1, 2, 1));
    for b in one.iter().chain(&other) {
        rollouts::report(&test.app, b, well("3.1.2")).await.unwrap().unwrap();
    }
    run_all(&test.app, &r).await;
    let over = now(&test, &r).await;
    assert!(matches!(over.state, State::Finished { .. }), "{:?}", over.state);
    assert_eq!(replayed(&test, &over).await, over);
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());

    let told = test.was_told("ravi").await;
    for said in ["Jonas Okafor started it", "its first wave is done", "Custody finished it"] {
        assert_eq!(told.iter().filter(|t| t.contains(said)).count(), 1, "{said}: {told:#?}");
    }
    assert!(!test.was_told("jonas").await.iter().any(|t| t.contains("started it")), "who did it knows");
    assert!(test.was_told("ilse").await.is_empty());
    let runs = rollouts::runs(&test.app, &r.number, Some(&"SCS".into())).await.unwrap();
    assert_eq!(
        runs.iter().map(|run| (run.step, run.state)).collect::<Vec<_>>(),
        [2, 1, 0].map(|s| (s, RunState::Done))
    );
    assert!(runs.iter().all(|run| run.output.is_empty() && run.attempt == 1 && run.tasks_all == 3));
    let said = rollouts::output(&test.app, &test.caller("ravi"), &r.number, runs[0].id).await.unwrap();
    assert_eq!((said.output.as_str(), said.rc), ("ok: [host]\n", Some(0)));
    assert_eq!(code(rollouts::output(&test.app, &test.caller("ilse"), &r.number, runs[0].id).await), Code::NotYours);
}

/// R3: a failure stops its target and past the limit the rollout, which CTRL hears of at once; people retry, skip with a
/// reason, roll back, and go on.
#[tokio::test]
async fn r3_failures_pause_it() {
    let test = facility().await;
    let r = started(&test, &plan(&test, "hotfix", &[("SCS", 0), ("SQS", 0), ("MID", 1)])).await;
    let mut begun = begin(&test.app, &r).await;
    rollouts::report(&test.app, &begun.remove(0), badly()).await.unwrap().unwrap();
    assert_eq!(now(&test, &r).await.state.name(), StateName::Running);
    rollouts::report(&test.app, &begun.remove(0), badly()).await.unwrap().unwrap();
    let paused = now(&test, &r).await;
    let State::Paused { why } = &paused.state else { panic!("{:?}", paused.state) };
    assert_eq!(why.text, "2 of 3 targets failed: SCS, SQS.");
    let told = test.was_told("chiara").await;
    assert!(told.iter().any(|t| t.contains("Back up failed on SCS: The disk is full.")), "{told:#?}");
    assert!(told.iter().any(|t| t.contains("Custody paused it: 2 of 3 targets failed")), "{told:#?}");
    assert!(begin(&test.app, &r).await.is_empty());
    assert_eq!(code(asks(&test, "lena", &r, Command::Resume {}).await), Code::WrongState);
    let retry = |target: &str| Command::Retry { target: target.into(), step: 0 };
    assert_eq!(code(asks(&test, "otto", &r, retry("SCS")).await), Code::NotYours);
    must(&test, "lena", &r, retry("SCS")).await;
    let skip = |reason: &str| Command::Skip { target: "SQS".into(), step: 0, reason: reason.to_owned() };
    assert_eq!(code(asks(&test, "lena", &r, skip("x")).await), Code::Incomplete);
    must(&test, "lena", &r, skip("It was backed up yesterday.")).await;
    must(&test, "lena", &r, Command::Resume {}).await;
    let begun = begin(&test.app, &r).await;
    assert_eq!(begun.iter().map(|b| (b.target.0.as_str(), b.step)).collect::<Vec<_>>(), [("SCS", 0), ("SQS", 1)]);
    for b in &begun {
        rollouts::report(&test.app, b, well("3.1.2")).await.unwrap().unwrap();
    }
    let runs = rollouts::runs(&test.app, &r.number, Some(&"SCS".into())).await.unwrap();
    assert_eq!(
        runs.iter().map(|run| (run.attempt, run.state)).collect::<Vec<_>>(),
        [(2, RunState::Done), (1, RunState::Failed)]
    );

    let back = Command::RollBack { target: "SQS".into(), reason: "It is too slow.".to_owned() };
    must(&test, "lena", &r, back).await;
    let begun = begin(&test.app, &r).await;
    let undo = begun.iter().find(|b| b.undo).unwrap();
    assert_eq!((undo.target.0.as_str(), undo.playbook.as_str(), undo.step), ("SQS", "hotfix_undo.yml", 1));
    for b in &begun {
        rollouts::report(&test.app, b, well("3.1.2")).await.unwrap().unwrap();
    }
    let view = rollouts::load(&test.app, None, &r.number).await.unwrap();
    assert_eq!(view.progress.targets[1].standing, Standing::RolledBack);
    must(&test, "jonas", &r, Command::Again { target: "SQS".into() }).await;
    run_all(&test.app, &r).await;
    let over = now(&test, &r).await;
    assert!(matches!(over.state, State::Finished { .. }), "{:?}", over.state);
    assert_eq!(replayed(&test, &over).await, over);
}

/// R3: what is stopped or given up is interrupted, and what another replica ran when it went is unknown; of two replicas
/// one runs a rollout, and two rollouts never work on one target at once.
#[tokio::test]
async fn r3_one_replica_runs_it() {
    let test = facility().await;
    let r = started(&test, &plan(&test, "hotfix", &[("SCS", 0), ("SQS", 0)])).await;
    let other = open(test.dir.path(), test.app.clock.clone(), &POLICY, &test.url).await;
    assert!(rollouts::take_lease(&other).await.unwrap().is_empty(), "it is run already");
    assert!(begin(&other, &r).await.is_empty());
    let begun = begin(&test.app, &r).await;
    assert_eq!(begun.len(), 2);
    test.advance(Duration::seconds(30));
    assert!(rollouts::renew(&test.app, r.id).await.unwrap());
    test.advance(Duration::seconds(30));
    assert!(rollouts::take_lease(&other).await.unwrap().is_empty(), "it was renewed");
    test.advance(Duration::seconds(30));
    let taken = rollouts::take_lease(&other).await.unwrap();
    assert_eq!(taken.iter().map(|t| (t.id, t.was_anothers)).collect::<Vec<_>>(), [(r.id, true)]);
    assert!(!rollouts::renew(&test.app, r.id).await.unwrap());
    assert!(rollouts::report(&test.app, &begun[0], well("3.1.2")).await.unwrap().is_none(), "it was found lost");
    let lost = now(&test, &r).await;
    assert_eq!((lost.state.name(), lost.failed().len()), (StateName::Paused, 2));
    let runs = rollouts::runs(&test.app, &r.number, None).await.unwrap();
    assert!(runs.iter().all(|run| run.state == RunState::Unknown && run.ended.is_some()), "{runs:#?}");
    for target in ["SCS", "SQS"] {
        must(&test, "lena", &r, Command::Retry { target: target.into(), step: 0 }).await;
    }
    must(&test, "lena", &r, Command::Resume {}).await;
    assert!(begin(&test.app, &r).await.is_empty(), "the other one runs it now");
    let begun = begin(&other, &r).await;
    assert_eq!(begun.len(), 2);

    let second = started(&test, &plan(&test, "hotfix", &[("SCS", 0), ("LAB", 0)])).await;
    let elsewhere = begin(&test.app, &second).await;
    assert_eq!(elsewhere.iter().map(|b| b.target.0.as_str()).collect::<Vec<_>>(), ["LAB"], "SCS is worked on");

    let stopped = must(&test, "lena", &r, Command::Stop { reason: "The beam comes back.".to_owned() }).await;
    assert!(stopped.is_interrupted() && begin(&other, &r).await.is_empty());
    assert_eq!(rollouts::lost(&other, r.id, "It was stopped.").await.unwrap(), 2);
    assert_eq!(rollouts::lost(&other, r.id, "It was stopped.").await.unwrap(), 0);
    rollouts::give_up(&other, r.id).await.unwrap();
    let taken = rollouts::take_lease(&test.app).await.unwrap();
    assert_eq!(taken.iter().map(|t| t.was_anothers).collect::<Vec<_>>(), [false], "it was given up");
    must(&test, "lena", &r, Command::Abandon { reason: "Another day.".to_owned() }).await;
    rollouts::give_up(&test.app, r.id).await.unwrap();
    assert!(rollouts::take_lease(&other).await.unwrap().is_empty(), "nothing is left to run");
    assert_eq!(replayed(&test, &r).await, now(&test, &r).await);
}

/// R1: nothing begins past the window until a person prolongs it, and CTRL is told once that it is about to end.
#[tokio::test]
async fn r1_a_window_ends() {
    let test = facility().await;
    let r = started(&test, &plan(&test, "hotfix", &[("SCS", 0)])).await;
    rollouts::keep(&test.app).await.unwrap();
    test.advance(Duration::minutes(9 * 60 + 40));
    rollouts::renew(&test.app, r.id).await.unwrap();
    for _ in [1, 2] {
        rollouts::keep(&test.app).await.unwrap();
    }
    let told = test.was_told("ravi").await;
    assert_eq!(told.iter().filter(|t| t.contains("its window ends at 19:00")).count(), 1, "{told:#?}");
    test.advance(Duration::minutes(20));
    rollouts::take_lease(&test.app).await.unwrap();
    assert!(begin(&test.app, &r).await.is_empty());
    assert!(rollouts::load(&test.app, None, &r.number).await.unwrap().progress.late);
    must(&test, "jonas", &r, Command::Prolong { until: test.app.clock.now() + Duration::hours(1) }).await;
    assert_eq!(begin(&test.app, &r).await.len(), 1);
}

/// R3, R5: steps by hand and the sign-off are two people's; what varies from the first target, or from what CTRL wrote
/// down, is listed.
#[tokio::test]
async fn r5_targets_are_compared_with_the_baseline() {
    let test = facility().await;
    let r = started(&test, &plan(&test, "full_release", &[("SCS", 0), ("SQS", 1)])).await;
    let check = r.steps.len() - 1;
    for (target, version) in [("SCS", "3.1.2"), ("SQS", "3.1.1")] {
        for step in 0..=check {
            let begun = begin(&test.app, &r).await;
            assert_eq!(begun.iter().map(|b| (b.target.0.as_str(), b.step)).collect::<Vec<_>>(), [(target, step)]);
            let said = if target == "SQS" && step == check { badly() } else { well(version) };
            rollouts::report(&test.app, &begun[0], said).await.unwrap().unwrap();
        }
        if target == "SQS" {
            // What failed is checked by hand.
            let facts = [("version".to_owned(), version.to_owned())].into();
            let by_hand = Command::DoneByHand { target: target.into(), step: check, note: String::new(), facts };
            must(&test, "jonas", &r, by_hand).await;
        }
        let sign = || Command::SignOff { target: target.into(), step: check };
        if target == "SQS" {
            assert_eq!(code(asks(&test, "jonas", &r, sign()).await), Code::SelfApproval, "two people");
        }
        must(&test, "lena", &r, sign()).await;
    }
    let varies = async || {
        let view = rollouts::load(&test.app, None, &r.number).await.unwrap();
        assert_eq!(view.rollout.state.name(), StateName::Finished);
        view.variations.into_iter().map(|v| (v.target.0, v.expected, v.found)).collect::<Vec<_>>()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(varies().await, [("SQS".to_owned(), some("3.1.2"), some("3.1.1"))]);
    let baseline: BTreeMap<String, String> = [("version".to_owned(), "3.1.1".to_owned())].into();
    assert_eq!(
        code(asks(&test, "ilse", &r, Command::SetBaseline { baseline: baseline.clone() }).await),
        Code::NotYours
    );
    must(&test, "lena", &r, Command::SetBaseline { baseline }).await;
    assert_eq!(varies().await, [("SCS".to_owned(), some("3.1.1"), some("3.1.2"))]);
    assert_eq!(
        code(asks(&test, "lena", &r, Command::Pause { reason: "Too late.".to_owned() }).await),
        Code::WrongState
    );
}

/// R6: after the rollout too, the way back is kept tried, and the legacy system goes by a day on which CTRL and the
/// instrument's scientists agree: each side hears of the other one's word.
#[tokio::test]
async fn r6_a_legacy_system_is_retired_by_both_sides() {
    let test = facility().await;
    test.requested("magnet").await;
    let r = started(&test, &plan(&test, "new_instrument_with_legacy", &[("SCS", 0)])).await;
    run_all(&test.app, &r).await;
    let check = r.steps.len() - 2;
    must(&test, "jonas", &r, Command::SignOff { target: "SCS".into(), step: check }).await;
    let tried = |note: &str| Command::TryWayBack { target: "SCS".into(), note: note.to_owned() };
    must(&test, "jonas", &r, tried("Twelve minutes.")).await;
    let facts = BTreeMap::new();
    let last = Command::DoneByHand { target: "SCS".into(), step: check + 1, note: "As noted.".to_owned(), facts };
    let over = must(&test, "jonas", &r, last).await;
    assert_eq!(over.state.name(), StateName::Finished, "its last step is done by hand");

    let propose = |date: &str| Command::ProposeRetirement { target: "SCS".into(), date: day(date) };
    let agree = || Command::AgreeRetirement { target: "SCS".into() };
    must(&test, "lena", &r, propose("2027-01-31")).await;
    assert!(test.was_told("noor").await.iter().any(|t| t.contains("legacy system of SCS goes by 31 Jan 2027")));
    for nobody in ["otto", "ada"] {
        assert_eq!(code(asks(&test, nobody, &r, agree()).await), Code::NotYours, "{nobody}");
    }
    for own in ["lena", "ravi"] {
        assert_eq!(code(asks(&test, own, &r, agree()).await), Code::SelfApproval, "{own}");
    }
    // Who contributes to a device of the instrument is of its side.
    must(&test, "ilse", &r, propose("2027-03-31")).await;
    assert!(test.was_told("ravi").await.iter().any(|t| t.contains("goes by 31 Mar 2027")));
    assert_eq!(code(asks(&test, "noor", &r, agree()).await), Code::SelfApproval, "the same side");
    let stale = Ask { seen: Some(1), ..Ask::from(agree()) };
    let stale = rollouts::act(&test.app, &test.caller("ravi"), &r.number, stale).await;
    assert!(matches!(stale, Err(Error::Stale(_))), "nobody agrees to what they have not seen: {stale:?}");
    let agreed = must(&test, "ravi", &r, agree()).await;
    let legacy = agreed.targets[0].legacy.as_ref().unwrap();
    let two = legacy.retirement.as_ref().map(|t| (t.proposed.by, t.agreed.map(|m| m.by)));
    assert_eq!(two, Some((test.person("ilse"), Some(test.person("ravi")))));
    assert!(test.was_told("noor").await.iter().any(|t| t.contains("agreed on when the legacy system of SCS goes")));
    must(&test, "lena", &r, Command::RetireLegacy { target: "SCS".into(), note: "Switched off.".to_owned() }).await;
    assert_eq!(code(asks(&test, "lena", &r, tried("Again.")).await), Code::AlreadyDone);
    assert_eq!(replayed(&test, &r).await, now(&test, &r).await);
}

/// E2, A28, A37: what happened to rollouts and local changes is everybody's to read, in sentences; what is on record of
/// somebody has theirs.
#[tokio::test]
async fn e2_rollouts_are_in_the_journal() {
    let test = facility().await;
    records(&test, "lena", "LAB", "2026-12-24").await.unwrap();
    let r = started(&test, &plan(&test, "hotfix", &[("SCS", 0)])).await;
    let sight = events::Sight::of(&test.app, &test.caller("ilse")).await.unwrap();
    let page = events::list(&test.app, sight, 0, 200).await.unwrap().unwrap();
    let told: Vec<String> =
        page.events.iter().filter_map(|e| Some(format!("{} {}", e.who, e.text.as_ref()?))).collect();
    for said in [
        "Lena Brandt recorded a local change on LAB until 24 Dec 2026 (OPS-7): Raises the limit.",
        "Lena Brandt planned R-2026-1, Winter shutdown: Karabo 3.1.2 to 1 target.",
        "Lena Brandt started it.",
    ] {
        assert!(told.iter().any(|t| t == said), "{said}: {told:#?}");
    }
    assert!(page.events.iter().all(|e| e.device.is_none() || e.stream != rollouts::stream(r.id)));
    let data = own_data::collect(&test.app, test.person("noor")).await.unwrap();
    assert_eq!(data["rollouts"][0]["scientist_of"][0], "SCS", "{data}");
    let data = own_data::collect(&test.app, test.person("lena")).await.unwrap();
    assert_eq!((&data["rollouts"][0]["planned"], &data["local_changes"][0]["recorded"]), (&json!(true), &json!(true)));
    let nobody = own_data::collect(&test.app, test.person("otto")).await.unwrap();
    assert_eq!((&nobody["rollouts"], &nobody["local_changes"]), (&json!([]), &json!([])));
}
