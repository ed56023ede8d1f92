//! Whoever has the engine run the steps of rollouts (R3): to their end, by people's word, and when something breaks. In place
//! of ansible-playbook stands a script; `needs_programs/rollout_runner` has the real one.

use crate::{
    app::{TestApp, open},
    given::policy_with,
    local_changes::records,
    rollout_engine::{Site, nobody_runs},
    rollouts::{must, now, plan, plans, replayed},
    waiting::{PATIENCE, until},
};
use chrono::Duration;
use custody::{
    app::App,
    domain::rollout::{BackState, Command, Plan, Rollout, State, StateName, StepState},
    jobs::Job,
    ports::clock::Clock,
    service::rollouts::{
        self, RunState,
        runner::{Pace, run_at},
    },
};
use sea_orm::{ConnectionTrait, DbBackend};
use std::time::Duration as Span;
use tokio::task::JoinHandle;

/// Whoever runs them here is in a hurry.
const PACE: Pace = Pace {
    look: Span::from_millis(100),
    renew: Span::from_millis(200),
    write: Span::from_millis(50),
    again: Span::from_millis(100),
    end: Span::from_secs(1),
};

/// Notes that it runs, and how many do; goes on when nothing of this name holds it, and fails where it is to fail.
const PLAYBOOK: &str = r#"step=$(basename "$playbook" .yml) host=$4 facts='{}'
for p in pid-*; do
    [ -e "$p" ] && kill -0 "$(cat "$p")" 2>/dev/null || continue
    others=$((others + 1))
    [ "$p" != "pid-$host" ] || touch twice
done
echo "$((others + 1))" >>at-once
echo $$ >"pid-$host"
[ ! -e stubborn ] || trap '' INT TERM
echo "$step of $host"
echo "$host $step" >>log
while [ -e "holds-$host-$step" ]; do sleep 0.05; done
if [ -e "fails-$host-$step" ]; then
    printf '{"ev":"failed","task":"work","host":"%s","result":{"msg":"the disk is full"}}\n' "$host" >>"$CUSTODY_EVENTS"
    printf '{"ev":"stats","stats":{"%s":{"failures":1}}}\n' "$host" >>"$CUSTODY_EVENTS"
    exit 2
fi
version=$(cat "version-$host" 2>/dev/null || echo 3.1.2)
[ "$step" != check ] || facts="{\"version\":\"$version\"}"
printf '{"ev":"stats","stats":{"%s":{"ok":1}},"custody":{"_run":%s}}\n' "$host" "$facts" >>"$CUSTODY_EVENTS"
"#;

const STEPS: [&str; 4] = ["back_up", "server", "settings", "check"];

fn site() -> Site {
    let site = Site::scripted("scs\nsqs\nmid\nlab\ntst\n");
    let all = STEPS.into_iter().chain(["server_undo", "settings_undo"]);
    all.fold(site, |site, name| site.has(&format!("{name}.yml"), PLAYBOOK))
}

fn policy(site: &Site) -> String {
    let more = r#"
targets = [
    { name = "SCS", group = "SASE 3", host = "scs", instrument = "SCS" },
    { name = "SQS", group = "SASE 3", host = "sqs", instrument = "SQS" },
    { name = "MID", group = "SASE 2", host = "mid", instrument = "MID" },
    { name = "LAB", group = "Labs", host = "lab" },
    { name = "TST", group = "Labs", host = "tst" },
]
kinds = [{ name = "short", label = "Short", steps = [
    { name = "back_up", label = "Back up", playbook = "back_up.yml" },
    { name = "server", label = "Server", playbook = "server.yml", undo = "server_undo.yml" },
    { name = "settings", label = "Settings", playbook = "settings.yml", undo = "settings_undo.yml" },
    { name = "check", label = "Check", playbook = "check.yml" },
] }]
"#;
    policy_with(&format!("\n[rollouts]\n{}{more}", site.policy()))
}

async fn facility(site: &Site) -> TestApp {
    TestApp::with_policy(&policy(site)).await
}

fn touch(site: &Site, name: &str) {
    std::fs::write(site.path(name), "").unwrap();
}

fn remove(site: &Site, name: &str) {
    std::fs::remove_file(site.path(name)).unwrap();
}

fn lines(site: &Site, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(site.path(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Whether this step began on this host, so many times.
async fn begins(site: &Site, line: &str, times: usize) {
    until(line, async || lines(site, "log").iter().filter(|l| *l == line).count() == times).await;
}

fn runs(app: &App) -> JoinHandle<()> {
    tokio::spawn(run_at(app.clone(), PACE))
}

async fn started(test: &TestApp, wanted: &Plan) -> Rollout {
    let r = plans(test, "lena", wanted).await.unwrap();
    must(test, "lena", &r, Command::Start {}).await
}

async fn comes_to(test: &TestApp, r: &Rollout, what: &str, holds: impl Fn(&Rollout) -> bool) -> Rollout {
    until(what, async || holds(&now(test, r).await)).await;
    now(test, r).await
}

async fn ends(test: &TestApp, r: &Rollout) -> Rollout {
    comes_to(test, r, "it ends", |r| r.state.name() == StateName::Finished).await
}

fn step<'a>(r: &'a Rollout, target: &str, step: usize) -> &'a StepState {
    &r.target(&target.into()).unwrap().steps[step]
}

/// Why nobody knows how it went.
fn unknown(r: &Rollout, target: &str, number: usize) -> Option<String> {
    match step(r, target, number) {
        StepState::Unknown { why, .. } => Some(why.clone()),
        _ => None,
    }
}

async fn is_unknown(test: &TestApp, r: &Rollout, target: &str, number: usize) -> String {
    let r = comes_to(test, r, "it is unknown", |r| unknown(r, target, number).is_some()).await;
    unknown(&r, target, number).unwrap()
}

/// What would have begun has done so by then.
async fn a_while() {
    tokio::time::sleep(PACE.look * 4).await;
}

fn folder(site: &Site) -> String {
    site.path("").display().to_string()
}

/// R1, R3, R4, R5: the first wave runs, then the rest, as many at once as are let, each target's steps in their order; what
/// runs is watched, what it said is kept, and what varies is found.
#[tokio::test]
async fn r3_a_rollout_runs_to_its_end() {
    let site = site();
    let test = facility(&site).await;
    for held in ["holds-scs-back_up", "holds-sqs-back_up"] {
        touch(&site, held);
    }
    std::fs::write(site.path("version-lab"), "3.1.1\n").unwrap();
    let _runner = runs(&test.app);
    let targets = [("SCS", 0), ("SQS", 0), ("MID", 1), ("LAB", 1), ("TST", 1)];
    let r = started(&test, &plan(&test, "short", &targets)).await;
    begins(&site, "scs back_up", 1).await;
    begins(&site, "sqs back_up", 1).await;
    let under_way = rollouts::runs(&test.app, &r.number, Some(&"SCS".into())).await.unwrap();
    assert_eq!(under_way.iter().map(|run| run.state).collect::<Vec<_>>(), [RunState::Running]);
    let lena = test.caller("lena");
    until("it is heard while it runs", async || {
        let run = rollouts::output(&test.app, &lena, &r.number, under_way[0].id).await.unwrap();
        run.output == "back_up of scs\n" && run.ended.is_none()
    })
    .await;
    for held in ["holds-scs-back_up", "holds-sqs-back_up"] {
        remove(&site, held);
    }
    let over = ends(&test, &r).await;
    assert_eq!(replayed(&test, &over).await, over);

    let log = lines(&site, "log");
    assert_eq!(log.len(), 20, "{log:?}");
    for host in ["scs", "sqs", "mid", "lab", "tst"] {
        let of_host = log.iter().filter_map(|line| line.strip_prefix(host)).map(str::trim_start);
        assert_eq!(of_host.collect::<Vec<_>>(), STEPS, "{host}");
    }
    assert!(log[..8].iter().all(|line| line.starts_with('s')), "the first wave comes first: {log:?}");
    let most: Vec<u32> = lines(&site, "at-once").iter().map(|n| n.parse().unwrap()).collect();
    assert_eq!(most.iter().max(), Some(&2), "two at once: {most:?}");
    assert!(!site.path("twice").exists());
    let all = rollouts::runs(&test.app, &r.number, None).await.unwrap();
    assert!(all.len() == 20 && all.iter().all(|run| run.state == RunState::Done && run.rc == Some(0)), "{all:#?}");
    let settings = all.iter().find(|run| run.target.0 == "LAB" && run.step == 2).unwrap();
    let said = rollouts::output(&test.app, &lena, &r.number, settings.id).await.unwrap();
    assert_eq!(said.output, "settings of lab\n");
    let view = rollouts::load(&test.app, None, &r.number).await.unwrap();
    let varies: Vec<_> = view.variations.iter().map(|v| (v.target.0.as_str(), v.found.as_deref())).collect();
    assert_eq!(varies, [("LAB", Some("3.1.1"))]);
    let jobs = test.app.jobs.list();
    let doing = &jobs[&Job::Rollouts];
    assert!(doing.runs > 0 && doing.failures == 0, "{doing:?}");
}

/// R3: a failed step stops its target and no other one, and past the limit the whole rollout; tried again it goes on, and
/// each try is kept.
#[tokio::test]
async fn r3_a_failed_step_stops_its_target() {
    let site = site();
    let test = facility(&site).await;
    for fails in ["fails-sqs-server", "fails-lab-back_up"] {
        touch(&site, fails);
    }
    let _runner = runs(&test.app);
    let r = started(&test, &plan(&test, "short", &[("SCS", 0), ("SQS", 1), ("MID", 1)])).await;
    let failed = comes_to(&test, &r, "the others go on", |r| {
        let failed = matches!(step(r, "SQS", 1), StepState::Failed { .. });
        failed && r.target(&"MID".into()).unwrap().is_done()
    })
    .await;
    let StepState::Failed { why, .. } = step(&failed, "SQS", 1) else { panic!("{failed:?}") };
    assert_eq!((why.as_str(), failed.state.name()), ("work failed on sqs: the disk is full", StateName::Running));
    a_while().await;
    assert!(!lines(&site, "log").contains(&"sqs settings".to_owned()));
    remove(&site, "fails-sqs-server");
    must(&test, "lena", &r, Command::Retry { target: "SQS".into(), step: 1 }).await;
    ends(&test, &r).await;
    let runs_of = rollouts::runs(&test.app, &r.number, Some(&"SQS".into())).await.unwrap();
    let tries: Vec<_> =
        runs_of.iter().filter(|run| run.step == 1).map(|run| (run.attempt, run.state, run.rc)).collect();
    assert_eq!(tries, [(2, RunState::Done, Some(0)), (1, RunState::Failed, Some(2))]);

    let wanted = Plan { stop_after_failed: 1, ..plan(&test, "short", &[("LAB", 0), ("TST", 1)]) };
    let r = started(&test, &wanted).await;
    let paused = comes_to(&test, &r, "it pauses", |r| r.state.name() == StateName::Paused).await;
    let State::Paused { why } = &paused.state else { panic!("{paused:?}") };
    assert_eq!((why.text.as_str(), why.by), ("1 of 2 targets failed: LAB.", None));
    remove(&site, "fails-lab-back_up");
    must(&test, "lena", &r, Command::Retry { target: "LAB".into(), step: 0 }).await;
    a_while().await;
    assert_eq!(lines(&site, "log").iter().filter(|line| *line == "lab back_up").count(), 1, "it is paused");
    must(&test, "lena", &r, Command::Resume {}).await;
    ends(&test, &r).await;
    assert!(!site.path("twice").exists());
}

/// R3: paused, nothing begins and what runs goes on; stopped, what runs is ended, and nobody knows how it went until
/// somebody has looked.
#[tokio::test]
async fn r3_people_pause_and_stop_it() {
    let site = site();
    let test = facility(&site).await;
    for held in ["holds-scs-server", "holds-sqs-server"] {
        touch(&site, held);
    }
    let _runner = runs(&test.app);
    let r = started(&test, &plan(&test, "short", &[("SCS", 0), ("SQS", 0)])).await;
    begins(&site, "scs server", 1).await;
    begins(&site, "sqs server", 1).await;
    must(&test, "jonas", &r, Command::Pause { reason: "Lunch.".to_owned() }).await;
    remove(&site, "holds-scs-server");
    comes_to(&test, &r, "what runs goes on", |r| matches!(step(r, "SCS", 1), StepState::Done { .. })).await;
    a_while().await;
    let log = lines(&site, "log");
    assert_eq!(log.len(), 4, "nothing begins: {log:?}");
    assert!(matches!(step(&now(&test, &r).await, "SQS", 1), StepState::Running { .. }));
    must(&test, "jonas", &r, Command::Resume {}).await;
    comes_to(&test, &r, "it goes on", |r| r.target(&"SCS".into()).unwrap().is_done()).await;

    must(&test, "jonas", &r, Command::Stop { reason: "The beam comes back.".to_owned() }).await;
    let why = is_unknown(&test, &r, "SQS", 1).await;
    assert!(why.starts_with("The rollout was stopped. Cancelled"), "{why}");
    nobody_runs(&folder(&site)).await;
    a_while().await;
    assert_eq!(now(&test, &r).await.state.name(), StateName::Stopped);
    remove(&site, "holds-sqs-server");
    must(&test, "jonas", &r, Command::Retry { target: "SQS".into(), step: 1 }).await;
    must(&test, "jonas", &r, Command::Resume {}).await;
    let over = ends(&test, &r).await;
    assert_eq!(replayed(&test, &over).await, over);
    let all = rollouts::runs(&test.app, &r.number, Some(&"SQS".into())).await.unwrap();
    let server: Vec<RunState> = all.iter().filter(|run| run.step == 1).map(|run| run.state).collect();
    assert_eq!(server, [RunState::Done, RunState::Unknown]);
}

/// R3: what was given up is ended too, and is nobody's to run any more.
#[tokio::test]
async fn r3_what_is_given_up_is_ended() {
    let site = site();
    let test = facility(&site).await;
    touch(&site, "holds-scs-server");
    let _runner = runs(&test.app);
    let r = started(&test, &plan(&test, "short", &[("SCS", 0)])).await;
    begins(&site, "scs server", 1).await;
    must(&test, "jonas", &r, Command::Abandon { reason: "Another day.".to_owned() }).await;
    let why = is_unknown(&test, &r, "SCS", 1).await;
    assert!(why.starts_with("The rollout was given up. Cancelled"), "{why}");
    nobody_runs(&folder(&site)).await;
    remove(&site, "holds-scs-server");
    a_while().await;
    assert_eq!(lines(&site, "log"), ["scs back_up", "scs server"]);
}

/// R3: a target is rolled back by the playbooks that take its steps back, the last one first, and can begin again.
#[tokio::test]
async fn r3_a_target_is_rolled_back() {
    let site = site();
    let test = facility(&site).await;
    touch(&site, "fails-scs-check");
    let _runner = runs(&test.app);
    let r = started(&test, &plan(&test, "short", &[("SCS", 0)])).await;
    comes_to(&test, &r, "it fails", |r| matches!(step(r, "SCS", 3), StepState::Failed { .. })).await;
    must(&test, "lena", &r, Command::RollBack { target: "SCS".into(), reason: "It is too slow.".to_owned() }).await;
    comes_to(&test, &r, "it is back", |r| {
        let back = r.target(&"SCS".into()).unwrap().rolled_back.as_ref();
        back.is_some_and(|back| matches!(back.state, BackState::Done { by: None, .. }))
    })
    .await;
    let log = lines(&site, "log");
    assert_eq!(log[4..], ["scs settings_undo", "scs server_undo"]);
    let all = rollouts::runs(&test.app, &r.number, None).await.unwrap();
    assert_eq!(all.iter().filter(|run| run.undo).map(|run| run.step).collect::<Vec<_>>(), [1, 2], "newest first");
    remove(&site, "fails-scs-check");
    must(&test, "lena", &r, Command::Again { target: "SCS".into() }).await;
    let over = ends(&test, &r).await;
    assert_eq!((lines(&site, "log").len(), replayed(&test, &over).await), (10, over));
}

/// R3: what a replica ran that is gone is unknown once its time is over, and what one runs whose time is over ends: nothing
/// runs twice at once.
#[tokio::test]
async fn r3_what_a_lost_replica_ran_is_unknown() {
    let site = site();
    let test = facility(&site).await;
    let other = open(test.dir.path(), test.app.clock.clone(), &policy(&site), &test.url).await;
    touch(&site, "holds-scs-server");
    let first = runs(&test.app);
    let r = started(&test, &plan(&test, "short", &[("SCS", 0)])).await;
    begins(&site, "scs server", 1).await;
    first.abort();
    nobody_runs(&folder(&site)).await;
    let _second = runs(&other);
    a_while().await;
    assert!(matches!(step(&now(&test, &r).await, "SCS", 1), StepState::Running { .. }), "its time is not over");
    test.advance(Duration::minutes(1));
    assert_eq!(is_unknown(&test, &r, "SCS", 1).await, "The replica of Custody that ran it is gone.");
    must(&test, "lena", &r, Command::Retry { target: "SCS".into(), step: 1 }).await;
    begins(&site, "scs server", 2).await;

    // By the clock of a third one nobody has said in time that they run it: who does would else say so again first.
    let ahead = Clock::fixed(test.app.clock.now() + Duration::minutes(1));
    let third = open(test.dir.path(), ahead, &policy(&site), &test.url).await;
    let _third = runs(&third);
    let why = is_unknown(&test, &r, "SCS", 1).await;
    assert!(why.contains("replica of Custody"), "{why}");
    nobody_runs(&folder(&site)).await;
    remove(&site, "holds-scs-server");
    must(&test, "lena", &r, Command::Retry { target: "SCS".into(), step: 1 }).await;
    ends(&test, &r).await;
    begins(&site, "scs server", 3).await;
    assert!(!site.path("twice").exists());
    let all = rollouts::runs(&test.app, &r.number, None).await.unwrap();
    let server: Vec<RunState> = all.iter().filter(|run| run.step == 1).map(|run| run.state).collect();
    assert_eq!(server, [RunState::Done, RunState::Unknown, RunState::Unknown]);
}

/// R3: what is on record as running and runs nowhere, as the answer to its begin was lost, is unknown.
#[tokio::test]
async fn r3_what_nobody_follows_is_unknown() {
    let site = site();
    let test = facility(&site).await;
    let r = started(&test, &plan(&test, "short", &[("SCS", 0)])).await;
    rollouts::take_lease(&test.app).await.unwrap();
    assert_eq!(rollouts::begin_next(&test.app, r.id).await.unwrap().len(), 1);
    test.advance(Duration::minutes(1));
    let _runner = runs(&test.app);
    assert_eq!(is_unknown(&test, &r, "SCS", 0).await, "Custody lost track of it.");
    must(&test, "lena", &r, Command::Retry { target: "SCS".into(), step: 0 }).await;
    ends(&test, &r).await;
}

/// F10, R3: a replica whose clock is a little behind leaves a rollout to the one that runs it; what was taken while the clock
/// was hours ahead is free.
#[tokio::test]
async fn f10_a_clock_that_differs_takes_no_rollout() {
    let site = site();
    let test = facility(&site).await;
    let at = |by: Duration| Clock::fixed(test.app.clock.now() + by);
    let behind = open(test.dir.path(), at(-Duration::seconds(20)), &policy(&site), &test.url).await;
    let set_back = open(test.dir.path(), at(-Duration::hours(3)), &policy(&site), &test.url).await;
    let r = started(&test, &plan(&test, "short", &[("SCS", 0)])).await;
    assert_eq!(rollouts::take_lease(&test.app).await.unwrap().len(), 1);
    assert!(rollouts::take_lease(&behind).await.unwrap().is_empty());
    assert!(rollouts::renew(&test.app, r.id).await.unwrap());
    assert_eq!(rollouts::take_lease(&set_back).await.unwrap().len(), 1);
}

/// F13, R3: what runs ends with Custody, however stubborn it is, which is said; another replica may go on at once.
#[tokio::test]
async fn f13_what_runs_ends_with_custody() {
    let site = site();
    let test = facility(&site).await;
    let other = open(test.dir.path(), test.app.clock.clone(), &policy(&site), &test.url).await;
    for file in ["holds-scs-back_up", "stubborn"] {
        touch(&site, file);
    }
    let runner = runs(&test.app);
    let r = started(&test, &plan(&test, "short", &[("SCS", 0), ("SQS", 1)])).await;
    begins(&site, "scs back_up", 1).await;
    test.app.stop.cancel();
    tokio::time::timeout(PATIENCE, runner).await.expect("it ends by itself").unwrap();
    nobody_runs(&folder(&site)).await;
    let why = unknown(&now(&test, &r).await, "SCS", 0);
    let said = "Custody was stopped. It did not end when it was asked to, and was killed.";
    assert_eq!(why.as_deref(), Some(said));
    let all = rollouts::runs(&test.app, &r.number, None).await.unwrap();
    assert_eq!(all.iter().map(|run| run.state).collect::<Vec<_>>(), [RunState::Unknown]);
    let taken = rollouts::take_lease(&other).await.unwrap();
    assert_eq!(taken.iter().map(|t| (t.id, t.was_anothers)).collect::<Vec<_>>(), [(r.id, false)]);
}

/// F6, R3: what runs does not end for a database that takes nothing, and what came of it is on record once it does again.
#[tokio::test]
async fn f6_what_came_of_a_run_is_not_lost() {
    let site = site();
    let test = facility(&site).await;
    touch(&site, "holds-scs-back_up");
    let _runner = runs(&test.app);
    let r = started(&test, &plan(&test, "short", &[("SCS", 0)])).await;
    begins(&site, "scs back_up", 1).await;
    let (broken, mended) = match test.app.db.read.get_database_backend() {
        DbBackend::Postgres => (
            "CREATE TRIGGER broken BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION forbid('the journal is broken')",
            "DROP TRIGGER broken ON journal",
        ),
        _ => (
            "CREATE TRIGGER broken BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'the journal is broken'); END",
            "DROP TRIGGER broken",
        ),
    };
    let does = async |statement: &str| {
        let tx = test.app.db.begin().await.unwrap();
        tx.execute_unprepared(statement).await.unwrap();
        tx.commit().await.unwrap();
    };
    does(broken).await;
    remove(&site, "holds-scs-back_up");
    nobody_runs(&folder(&site)).await;
    a_while().await;
    assert!(matches!(step(&now(&test, &r).await, "SCS", 0), StepState::Running { .. }));
    does(mended).await;
    let over = ends(&test, &r).await;
    assert!(matches!(step(&over, "SCS", 0), StepState::Done { .. }));
    let all = rollouts::runs(&test.app, &r.number, None).await.unwrap();
    assert!(all.len() == 4 && all.iter().all(|run| run.state == RunState::Done), "{all:#?}");
}

/// R3, R7: a target that waits for somebody's answer takes no room from the others.
#[tokio::test]
async fn r7_what_is_not_answered_keeps_nobody_waiting() {
    let site = site();
    let test = facility(&site).await;
    let wanted = Plan { at_once: 1, ..plan(&test, "short", &[("SCS", 0), ("SQS", 0)]) };
    let r = started(&test, &wanted).await;
    records(&test, "lena", "SCS", "2026-12-24").await.unwrap();
    let _runner = runs(&test.app);
    let done = comes_to(&test, &r, "SQS is done", |r| r.target(&"SQS".into()).unwrap().is_done()).await;
    assert!(!done.target(&"SCS".into()).unwrap().has_begun());
}
