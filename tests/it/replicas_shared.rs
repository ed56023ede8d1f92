//! What replicas have to know of each other: wrong passwords, the first administrator's link, how the regular work goes.
//! They are on PostgreSQL whatever the others are on.

use crate::{
    app::{POLICY, TestApp, open},
    given::policy_with,
    postgres,
    served::Served,
    waiting::{PATIENCE, until},
};
use chrono::Duration;
use custody::{
    app::App,
    jobs::Job,
    service::{
        self, accounts, jobs,
        sessions::{self, Tried},
    },
    store::{self, connection::postgres::FIRST, entity::guess},
};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, Statement,
    sqlx::{self, Connection},
};
use std::{
    collections::BTreeMap,
    time::{Duration as Span, Instant},
};

async fn tries(app: &App, login: &str, password: &str, from: &str) -> Tried {
    sessions::sign_in(app, login, password, "test", &format!("web {from}")).await.unwrap()
}

const RIGHT: &str = "four words nobody says";

/// A34, F7: two replicas let through as many wrong passwords as one, also all at once; what one of them heard the other
/// knows, waits end as before, and whoever signed in from somewhere is known there to both.
#[tokio::test(flavor = "multi_thread")]
async fn a34_wrong_passwords_count_for_all_replicas() {
    let test = TestApp::on_postgres().await;
    let other = open(test.dir.path(), test.app.clock.clone(), &POLICY, &test.url).await;
    let both = [&test.app, &other];
    let tx = test.app.db.begin().await.unwrap();
    accounts::set_password(&tx, &test.app, test.person("ilse"), "ilse", RIGHT).await.unwrap();
    tx.commit().await.unwrap();
    // In turn: five, however they are spread.
    for n in 0..5 {
        assert_eq!(tries(both[n % 2], "jonas", "wrong", "192.0.2.1").await, Tried::Wrong, "{n}");
    }
    for app in both {
        let Tried::Wait(until) = tries(app, "jonas", "wrong", "192.0.2.1").await else { panic!("both wait") };
        assert_eq!(until - test.app.clock.now(), Duration::seconds(30));
    }
    // At once: five, too.
    let at_once = (0..20).map(|n| tries(both[n % 2], "lena", "wrong", "192.0.2.2"));
    let tried = futures_util::future::join_all(at_once).await;
    assert_eq!(tried.iter().filter(|t| **t == Tried::Wrong).count(), 5, "{tried:?}");
    // A name that nobody has is counted the same.
    for n in 0..5 {
        assert_eq!(tries(both[n % 2], "nobody", "wrong", "192.0.2.3").await, Tried::Wrong);
    }
    assert!(matches!(tries(&other, "nobody", "wrong", "192.0.2.3").await, Tried::Wait(_)));
    // Whoever guesses at an account from everywhere keeps its owner out nowhere that they signed in from.
    assert!(matches!(tries(&test.app, "ilse", RIGHT, "198.51.100.7").await, Tried::Right(_)));
    for n in 0..20 {
        tries(both[n % 2], "ilse", "wrong", &format!("203.0.113.{n}")).await;
    }
    assert!(matches!(tries(&other, "ilse", RIGHT, "203.0.113.99").await, Tried::Wait(_)));
    assert!(matches!(tries(&other, "ilse", RIGHT, "198.51.100.7").await, Tried::Right(_)));
    // What is kept names neither the account nor the place.
    let rows = guess::Entity::find().all(&test.app.db.read).await.unwrap();
    let digests = |way: &str| way.split(' ').skip(1).all(|d| d.len() == 64 && d.bytes().all(|b| b.is_ascii_hexdigit()));
    assert!(rows.len() > 20 && rows.iter().all(|r| digests(&r.way)), "{rows:?}");
    other.stop.cancel();
}

/// E7: a round of checks that finds nothing to throw away has no replica read anew who is who.
#[tokio::test]
async fn e7_a_round_that_changes_nothing_leaves_the_roster() {
    let test = TestApp::on_postgres().await;
    let version = async || {
        let c = &test.app.db.read;
        let asked = Statement::from_string(c.get_database_backend(), "SELECT version FROM roster");
        c.query_one_raw(asked).await.unwrap().unwrap().try_get_by_index::<String>(0).unwrap()
    };
    service::checks::round(&test.app).await.unwrap();
    let before = version().await;
    service::checks::round(&test.app).await.unwrap();
    assert_eq!(version().await, before);
}

/// E7: everything is read at one moment, however long that takes; a page is not.
#[tokio::test]
async fn e7_what_is_exported_may_take_long() {
    let test = TestApp::on_postgres().await;
    let moment = store::whole::at_once(&test.app.db.read).await.unwrap();
    let bound = async |c: &DatabaseTransaction| {
        let asked = Statement::from_string(DbBackend::Postgres, "SHOW statement_timeout");
        c.query_one_raw(asked).await.unwrap().unwrap().try_get_by_index::<String>(0).unwrap()
    };
    assert_eq!(bound(&moment).await, "0");
    moment.rollback().await.unwrap();
    assert_eq!(bound(&test.app.db.snapshot().await.unwrap()).await, "30s");
}

/// The links that a replica has printed.
fn links(of: &Served) -> Vec<String> {
    let said = of.said.lock().unwrap();
    said.iter().filter_map(|line| Some(line.split_once("/setup/")?.1.trim().to_owned())).collect()
}

/// E1, F7: of replicas that start at once on an empty database one prints the first administrator's link, and it counts
/// at both; where that replica ends another one has a new link, and the old one counts no longer.
#[tokio::test(flavor = "multi_thread")]
async fn e1_one_replica_has_the_first_administrators_link() {
    let dir = tempfile::tempdir().unwrap();
    postgres::new_database(dir.path()).await;
    std::fs::write(dir.path().join("policy.toml"), policy_with("").as_bytes()).unwrap();
    let start = || {
        let dir = dir.path().to_owned();
        tokio::task::spawn_blocking(move || Served::start("serve", &dir, "Custody is at "))
    };
    let (one, two, three) = tokio::join!(start(), start(), start());
    let mut all = vec![one.unwrap(), two.unwrap(), three.unwrap()];
    // On a machine that is busy they have all waited long enough before one of them is the first.
    until("one of them has it", async || all.iter().any(|r| !links(r).is_empty())).await;
    let has_link = all.iter().position(|r| !links(r).is_empty()).expect("one of them has it");
    assert_eq!(all.iter().map(|r| links(r).len()).sum::<usize>(), 1, "and no other");
    let first = all.remove(has_link);
    let link = links(&first).remove(0);
    let status = async |of: &Served, link: &str| {
        reqwest::get(format!("{}/setup/{link}", of.url)).await.unwrap().status().as_u16()
    };
    for replica in &all {
        assert_eq!(status(replica, &link).await, 200, "it counts everywhere");
        let said = replica.said.lock().unwrap().join("\n");
        assert!(said.contains("stands where another replica runs"), "{said}");
    }
    drop(first);
    until("another one takes over", async || all.iter().any(|r| !links(r).is_empty())).await;
    let new: Vec<String> = all.iter().flat_map(links).collect();
    assert_eq!(new.len(), 1);
    assert_eq!(status(&all[0], &link).await, 404, "the old one counts no longer");
    assert_eq!(status(&all[1], &new[0]).await, 200);
}

/// E1, E7: how the regular work went on one replica is read at the other, with which of them does it; an earlier failure
/// stays to be read, and jobs that did nothing are no reason to write.
#[tokio::test(flavor = "multi_thread")]
async fn e1_jobs_of_one_replica_are_read_at_the_other() {
    let test = TestApp::on_postgres().await;
    let other = open(test.dir.path(), test.app.clock.clone(), &POLICY, &test.url).await;
    let works = tokio::spawn(service::replicas::be_first(other.clone()));
    other.db.first().await;
    let started = test.app.clock.now();
    let (mut kept, mut here) = (BTreeMap::new(), BTreeMap::new());
    let minute = Span::from_secs(60);
    let job = Job::Escalation;
    let failed = async { Err::<(), _>(std::io::Error::other("the <b>mail</b> is away")) };
    other.watched(job, minute, failed, |()| String::new()).await.unwrap_err();
    jobs::save(&other, started, &mut kept).await.unwrap();
    test.advance(Duration::minutes(1));
    let well = async { Ok::<_, std::io::Error>(()) };
    other.watched(job, minute, well, |()| "2 changes passed on".to_owned()).await.unwrap();
    jobs::save(&other, started, &mut kept).await.unwrap();
    jobs::save(&test.app, started, &mut here).await.unwrap();
    let page = test.browser("ada").await.page("/admin/jobs").await;
    let (name, mine) = (jobs::name(&other), jobs::name(&test.app));
    for says in
        ["2 changes passed on", "went well", "does the regular jobs", "stands by", "the &#60;b&#62;mail", &name, &mine]
    {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert!(page.contains(&format!(", on {name}")) && page.contains(&format!("{mine} (this one)")), "{page}");
    // A replica that came later has it all, and a run that is older than what is kept changes nothing.
    let third = open(test.dir.path(), test.app.clock.clone(), &POLICY, &test.url).await;
    let all = jobs::overview(&third).await.unwrap();
    let of = all.jobs.iter().find(|j| j.job == job).unwrap();
    assert_eq!((of.doing.said.as_str(), of.replica.as_deref()), ("2 changes passed on", Some(name.as_str())));
    assert!(of.doing.failed.as_ref().unwrap().1.contains("mail"));
    assert_eq!(all.replicas.iter().filter(|r| r.is_first).map(|r| &r.name).collect::<Vec<_>>(), [&name]);
    // Who is gone is shown as gone, and who ends says so.
    test.advance(Duration::minutes(4));
    jobs::save(&test.app, started, &mut here).await.unwrap();
    let gone: Vec<String> =
        jobs::overview(&third).await.unwrap().replicas.into_iter().filter(|r| r.is_gone).map(|r| r.name).collect();
    assert_eq!(gone.iter().collect::<Vec<_>>(), [&name]);
    jobs::leave(&other).await;
    let left = jobs::overview(&third).await.unwrap().replicas;
    assert!(left.iter().all(|r| r.name != name), "{left:?}");
    // Replicas of days ago are forgotten.
    test.advance(Duration::days(2));
    jobs::save(&other, started, &mut kept).await.unwrap();
    assert_eq!(store::jobs::list_replicas(&third.db.read).await.unwrap().len(), 1);
    works.abort();
    for app in [other, third] {
        app.stop.cancel();
    }
}

/// E1, E7: when a job runs next is what the replica says that does it, at the others too; what was kept before the start
/// of one that stands by, and is past, says nothing.
#[tokio::test(flavor = "multi_thread")]
async fn e1_the_next_run_is_that_of_whoever_does_it() {
    let test = TestApp::on_postgres().await;
    let works = tokio::spawn(service::replicas::be_first(test.app.clone()));
    test.app.db.first().await;
    let (job, hour) = (Job::Checks, Span::from_secs(3600));
    let starts = async || {
        let app = open(test.dir.path(), test.app.clock.clone(), &POLICY, &test.url).await;
        let now = app.clock.now();
        app.jobs.expect(job, now + hour);
        jobs::save(&app, now, &mut BTreeMap::new()).await.unwrap();
        app
    };
    let next = async |app: &App| {
        let all = jobs::overview(app).await.unwrap().jobs;
        all.into_iter().find(|j| j.job == job).unwrap().doing.next
    };
    let well = async { Ok::<_, std::io::Error>(()) };
    test.app.watched(job, hour, well, |()| "3 devices looked at".to_owned()).await.unwrap();
    let ends = Some(test.app.clock.now() + hour);
    jobs::save(&test.app, test.app.clock.now(), &mut BTreeMap::new()).await.unwrap();
    test.advance(Duration::minutes(30));
    let beside = starts().await;
    assert_eq!((next(&test.app).await, next(&beside).await), (ends, ends));
    test.advance(Duration::hours(5));
    let later = starts().await;
    assert_eq!(next(&later).await, Some(later.clock.now() + hour));
    // Who comes to do it does so when it said.
    works.abort();
    let works = tokio::spawn(service::replicas::be_first(later.clone()));
    later.db.first().await;
    assert_eq!(next(&later).await, Some(later.clock.now() + hour));
    works.abort();
    for app in [beside, later] {
        app.stop.cancel();
    }
}

/// E7, F7, H8: where the machine of whoever does the regular work is gone without a word, so that its connection stands,
/// another replica does it after seconds.
#[tokio::test(flavor = "multi_thread")]
async fn e7_whoever_falls_silent_is_the_first_no_longer() {
    let dir = tempfile::tempdir().unwrap();
    let server = postgres::new_database(dir.path()).await;
    let test = TestApp::on(dir, &POLICY, None).await;
    let mut silent = server.connect_to_be_first().await.unwrap();
    let bound: String = sqlx::query_scalar("SHOW idle_session_timeout").fetch_one(&mut silent).await.unwrap();
    assert_eq!(bound, "15s");
    assert!(sqlx::query_scalar::<_, bool>(FIRST).fetch_one(&mut silent).await.unwrap());
    let begun = Instant::now();
    let works = tokio::spawn(service::replicas::be_first(test.app.clone()));
    // Whoever says something every second stays it for longer than that.
    while begun.elapsed() < Span::from_secs(18) {
        silent.ping().await.unwrap();
        assert!(!test.app.db.is_first());
        tokio::time::sleep(Span::from_secs(1)).await;
    }
    tokio::time::timeout(PATIENCE, test.app.db.first()).await.expect("nobody took over");
    silent.ping().await.unwrap_err();
    works.abort();
}
