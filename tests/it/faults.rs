//! What must hold when something breaks: races, hang-ups, lost answers, a database that takes no writes (A5, F2 to F5).

use crate::{
    app::{Browser, TestApp},
    given::application,
    postgres,
    programs::Program,
};
use custody::{
    app::App,
    domain::{
        lifecycle::{Command, StateName},
        refusal::Code,
    },
    service::{
        Error,
        act::{Ask, act, submit},
        devices, sessions,
    },
    store,
};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use std::{pin::pin, time::Duration};

/// A5: reviewers race for the same transition: exactly one wins, the others are told.
#[tokio::test(flavor = "multi_thread")]
async fn a5_one_of_many_wins() {
    let test = TestApp::new().await;
    for round in 0..5 {
        let name = format!("race{round}");
        test.under_review(&name).await;
        test.ready_to_own(&name, "1.0.0").await;
        let seen = test.device(&name).await.revision;
        let takers = ["ravi", "chiara", "ravi", "chiara", "ravi", "chiara"].map(|who| {
            let (app, caller, name) = (test.app.clone(), test.caller(who), name.clone());
            tokio::spawn(async move {
                act(&app, &caller, &name, Ask { seen: Some(seen), ..Command::TakeOwnership {}.into() }).await
            })
        });
        let mut won = 0;
        for taker in takers {
            match taker.await.unwrap() {
                Ok(_) => won += 1,
                Err(Error::Stale(since)) => assert!(!since.is_empty(), "the other is told what happened"),
                Err(Error::Refused(r)) => assert_eq!(r.code, Code::WrongState),
                Err(e) => panic!("{e:?}"),
            }
        }
        assert_eq!(won, 1);
        assert_eq!(test.device(&name).await.state.name(), StateName::CtrlOwned);
    }
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// F2: a client that hangs up in the middle leaves all or nothing, and the connection is as clean as before.
#[tokio::test(flavor = "multi_thread")]
async fn f2_hanging_up_leaves_all_or_nothing() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    for i in 0..200u64 {
        let (app, caller) = (test.app.clone(), test.caller("lena"));
        let asked = tokio::spawn(async move {
            act(&app, &caller, "magnet", Command::RaisePoint { text: format!("Point {i}?") }.into()).await
        });
        tokio::time::sleep(Duration::from_micros(i * 37 % 4000)).await;
        asked.abort();
    }
    test.app.changes.close();
    test.app.changes.wait().await;
    test.app.changes.reopen();
    let device = test.device("magnet").await;
    assert_eq!(test.replayed(&device).await, device);
    // The one writing connection is free and outside any transaction.
    test.does("lena", "magnet", Command::RaisePoint { text: "And now?".to_owned() }).await.unwrap();
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// F2: a reader who hangs up leaves no connection in the past.
#[tokio::test(flavor = "multi_thread")]
async fn f2_readers_who_hang_up_leave_no_snapshot() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let read = |app: App| async move { devices::look(&app, None, "magnet").await.map(|view| view.device.revision) };
    for i in 0..300u64 {
        let asked = tokio::spawn(read(test.app.clone()));
        tokio::time::sleep(Duration::from_micros(i * 53 % 6000)).await;
        asked.abort();
    }
    // At each moment in which one waits for the database, however quickly that answers beside a slow test.
    let mut hung_up_in_all = 0;
    for waits in (0..12).cycle().take(120) {
        let mut asked = pin!(read(test.app.clone()));
        let mut hung_up = false;
        for _ in 0..=waits {
            hung_up = futures_util::poll!(&mut asked).is_pending();
            if !hung_up {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        hung_up_in_all += i32::from(hung_up);
    }
    assert!(hung_up_in_all > 0, "it was always read before anybody could hang up");
    let changed = test.does("lena", "magnet", Command::RaisePoint { text: "And now?".to_owned() }).await.unwrap();
    // As many at once as there are connections, and more.
    let all = futures_util::future::join_all((0..24).map(|_| read(test.app.clone()))).await;
    for seen in all {
        assert_eq!(seen.unwrap(), changed.device.revision);
    }
}

/// F3: the answer was lost and the client asks again: the same result, acted out once. The same key with another body
/// is refused.
#[tokio::test]
async fn f3_a_repetition_is_answered_not_acted_out() {
    let test = TestApp::new().await;
    let submitting = Ask {
        key: Some("k1".to_owned()),
        ..Command::Submit { application: Box::new(application(&test, "magnet")) }.into()
    };
    let first = submit(&test.app, &test.caller("ilse"), submitting.clone(), None).await.unwrap();
    let again = submit(&test.app, &test.caller("ilse"), submitting, None).await.unwrap();
    assert_eq!(first.device.id, again.device.id);
    assert!(again.events.is_empty());

    let ask = |text: &str| Ask { key: Some("k2".to_owned()), ..Command::RaisePoint { text: text.to_owned() }.into() };
    let caller = test.caller("lena");
    act(&test.app, &caller, "magnet", ask("Which broker?")).await.unwrap();
    act(&test.app, &caller, "magnet", ask("Which broker?")).await.unwrap();
    let raised =
        |d: &custody::domain::device::Device| d.cycle.discussion.points.iter().filter(|p| p.section.is_none()).count();
    assert_eq!(raised(&test.device("magnet").await), 1);
    let other = act(&test.app, &caller, "magnet", ask("Which rate?")).await;
    assert!(matches!(other, Err(Error::KeyReused)), "{other:?}");
    // Another person's key is another key.
    act(&test.app, &test.caller("jonas"), "magnet", ask("Which rate?")).await.unwrap();
    assert_eq!(raised(&test.device("magnet").await), 2);
}

/// F3: a form that is sent twice is acted out once, and whoever sent it is told that it was.
#[tokio::test]
async fn f3_a_form_that_is_sent_twice_says_so() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let lena = test.browser("lena").await;
    for is_repetition in [false, true] {
        let sent = lena.post("/devices/magnet/raise-point", &[("text", "Which rate?"), ("key", "b7c1")]).await;
        assert_eq!(sent.status(), 303);
        let page = lena.page("/devices/magnet").await;
        assert_eq!(page.contains("and not a second time"), is_repetition, "{page}");
        assert!(!page.contains("Nothing is different"), "{page}");
    }
    let points = test.device("magnet").await.cycle.discussion.points;
    assert_eq!(points.iter().filter(|p| p.section.is_none()).count(), 1);
}

/// F4: while the database takes no writes they are answered with 503, what was typed is given back to be sent again,
/// reading goes on, and it recovers by itself.
#[tokio::test]
async fn f4_no_writes_for_a_while_in_sqlite() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let lena = test.browser("lena").await;
    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared("PRAGMA max_page_count = 1").await.unwrap();
    tx.commit().await.unwrap();
    // As full as a disk can be: the file may not grow by a page.
    let long = "x".repeat(3900);
    let fields = [("text", long.as_str())];
    let mut refused = None;
    for _ in 0..40 {
        let response = lena.post("/devices/magnet/raise-point", &fields).await;
        if response.status() == 503 {
            refused = Some(response.text().await.unwrap());
            break;
        }
        assert_eq!(response.status(), 303);
    }
    let refused = refused.expect("a full database refuses");
    let kept = format!("name=\"text\" value=\"{long}\"");
    for said in [
        "Changes cannot be saved now",
        "<form method=\"post\" action=\"/devices/magnet/raise-point\">",
        kept.as_str(),
        "Send it again",
    ] {
        assert!(refused.contains(said), "{said}: {refused}");
    }
    lena.page("/devices/magnet").await;
    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared("PRAGMA max_page_count = 1073741823").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(lena.post("/devices/magnet/raise-point", &fields).await.status(), 303);
    let device = test.device("magnet").await;
    assert_eq!(test.replayed(&device).await, device);
}

/// F4, F3: where something breaks, the page that says so gives back what was sent. What it sends again is done, once.
#[tokio::test]
async fn f4_what_broke_gives_back_what_was_sent() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let lena = test.browser("lena").await;
    let run = async |sql: &str| {
        let tx = test.app.db.begin().await.unwrap();
        tx.execute_unprepared(sql).await.unwrap();
        tx.commit().await.unwrap();
    };
    let text = "Which broker, and at which rate?";
    let fields = [("text", text), ("key", "b7c2")];
    run("ALTER TABLE journal RENAME TO journal_away").await;
    let broken = lena.post("/devices/magnet/raise-point", &fields).await;
    assert_eq!(broken.status(), 500);
    let page = broken.text().await.unwrap();
    for said in [
        "Custody failed at this",
        "This page still has what you sent.",
        "<form method=\"post\" action=\"/devices/magnet/raise-point\">",
        &format!("name=\"text\" value=\"{text}\""),
        "name=\"key\" value=\"b7c2\"",
        "Send it again",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // Whoever only reads has sent nothing.
    assert!(!lena.get("/devices/magnet/history").await.text().await.unwrap().contains("Send it again"));
    run("ALTER TABLE journal_away RENAME TO journal").await;
    for _ in 0..2 {
        assert_eq!(lena.post("/devices/magnet/raise-point", &fields).await.status(), 303);
    }
    let points = test.device("magnet").await.cycle.discussion.points;
    assert_eq!(points.iter().filter(|p| p.raised.text == text).count(), 1);
}

/// F4: a page that cannot be read while the database is away leads back to itself, not away from what was asked for.
#[tokio::test]
async fn f4_what_cannot_be_read_is_tried_again() {
    let test = TestApp::new().await;
    let lena = test.browser("lena").await;
    test.app.db.close().await.unwrap();
    let away = lena.get("/reviews?whose=all").await;
    assert_eq!(away.status(), 503);
    let page = away.text().await.unwrap();
    assert!(page.contains("href=\"/reviews?whose=all\">Try again</a>"), "{page}");
    assert!(page.contains("This cannot be read now") && !page.contains("saved"), "nothing was to be saved: {page}");
}

impl TestApp {
    /// Ilse's work is read, on her page and by a program: it is her turn, which is not kept yet, for time alone made it so.
    async fn reads_what_time_changed(&self, browser: &Browser, program: &Program) {
        let kept = async || sessions::count_turns(&self.app, self.person("ilse")).await.unwrap().0;
        assert_eq!(kept().await, 0, "nothing looked at it");
        let page = browser.page("/my").await;
        assert!(page.contains("1 waits for you"), "{page}");
        let (status, mine) = program.get("/me/work").await;
        assert_eq!((status, &mine["work"][0]["waits_for"]), (200, &"me".into()), "{mine}");
        assert_eq!(kept().await, 0, "it could not be written");
    }

    /// A device for which time alone makes it her turn.
    async fn her_word_ages(&self) -> (Browser, Program) {
        self.ready_to_accept("magnet").await;
        self.advance(chrono::Duration::days(200));
        (self.browser("ilse").await, self.acts("ilse").await)
    }
}

/// F4, E4: somebody's own work is read while nothing can be written, also where something is to be derived anew.
#[tokio::test]
async fn f4_ones_own_work_is_read_without_writes_in_sqlite() {
    let test = TestApp::new().await;
    let (browser, program) = test.her_word_ages().await;
    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared("PRAGMA query_only = on").await.unwrap();
    drop(tx);
    assert!(test.app.db.begin().await.is_err());
    test.reads_what_time_changed(&browser, &program).await;
}

/// F4, E4: nor does it wait for whoever writes; what is derived is kept afterwards.
#[tokio::test]
async fn f4_ones_own_work_waits_for_no_writer() {
    let test = TestApp::new().await;
    let (browser, program) = test.her_word_ages().await;
    let tx = test.app.db.begin().await.unwrap();
    let read = test.reads_what_time_changed(&browser, &program);
    // Whoever waits for a writer does so for twenty seconds.
    tokio::time::timeout(Duration::from_secs(15), read).await.expect("it waits for whoever writes");
    drop(tx);
    test.app.changes.close();
    test.app.changes.wait().await;
    assert_eq!(sessions::count_turns(&test.app, test.person("ilse")).await.unwrap().0, 1);
}

/// F4: changes that share a commit share its fate: where the disk is full each is told so, and what was acknowledged is
/// there.
#[tokio::test(flavor = "multi_thread")]
async fn f4_changes_at_once_on_a_full_disk_in_sqlite() {
    let test = TestApp::new().await;
    for i in 0..8 {
        test.requested(&format!("magnet{i}")).await;
    }
    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared("PRAGMA max_page_count = 1").await.unwrap();
    tx.commit().await.unwrap();
    let clients = (0..8).map(|i| {
        let (app, caller, name) = (test.app.clone(), test.caller("lena"), format!("magnet{i}"));
        tokio::spawn(async move {
            let mut kept = 0;
            for _ in 0..40 {
                let text = "x".repeat(3900);
                match act(&app, &caller, &name, Command::RaisePoint { text }.into()).await {
                    Ok(_) => kept += 1,
                    Err(Error::Unavailable(_)) => return (name, kept, true),
                    Err(e) => panic!("{name}: {e:?}"),
                }
            }
            (name, kept, false)
        })
    });
    let mut refused = 0;
    for client in clients.collect::<Vec<_>>() {
        let (name, kept, was_refused) = client.await.unwrap();
        let device = test.device(&name).await;
        assert_eq!(device.cycle.discussion.points.iter().filter(|p| p.section.is_none()).count(), kept, "{name}");
        assert_eq!(test.replayed(&device).await, device);
        refused += u32::from(was_refused);
    }
    assert!(refused > 0, "a full database refuses");
    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared("PRAGMA max_page_count = 1073741823").await.unwrap();
    tx.commit().await.unwrap();
    test.does("lena", "magnet0", Command::RaisePoint { text: "And now?".to_owned() }).await.unwrap();
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// F2, F5: of changes that share a commit one may fail or be given up, and leaves the others as they are.
#[tokio::test(flavor = "multi_thread")]
async fn f5_one_of_many_fails_alone() {
    let test = TestApp::new().await;
    for i in 0..6 {
        test.requested(&format!("magnet{i}")).await;
    }
    let clients = (0..6).map(|i| {
        let (app, caller, name) = (test.app.clone(), test.caller("lena"), format!("magnet{i}"));
        tokio::spawn(async move {
            for n in 0..20 {
                let text = format!("Point {n}?");
                act(&app, &caller, &name, Command::RaisePoint { text }.into()).await.unwrap();
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    for n in 0..60 {
        let tx = test.app.db.begin().await.unwrap();
        tx.execute_unprepared("UPDATE device SET summary = 'given up'").await.unwrap();
        match n % 3 {
            0 => tx.rollback().await.unwrap(),
            1 => drop(tx),
            _ => {
                tx.execute_unprepared("INSERT INTO device (id) VALUES (NULL)").await.unwrap_err();
                drop(tx);
            }
        }
    }
    for client in clients {
        client.await.unwrap();
    }
    for i in 0..6 {
        let device = test.device(&format!("magnet{i}")).await;
        assert_eq!(device.cycle.discussion.points.iter().filter(|p| p.section.is_none()).count(), 20);
        assert_ne!(device.request.summary, "given up");
    }
    let sql = "SELECT count(*) AS n FROM device WHERE summary = 'given up'";
    let of = test.app.db.read.get_database_backend();
    let given_up = test.app.db.read.query_one_raw(sea_orm::Statement::from_string(of, sql)).await.unwrap().unwrap();
    assert_eq!(given_up.try_get::<i64>("", "n").unwrap(), 0);
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// F5: when the journal cannot be written the transition fails with it, whole.
#[tokio::test]
async fn f5_no_journal_no_transition() {
    let test = TestApp::new().await;
    test.ready_to_accept("magnet").await;
    let before = test.device("magnet").await;
    let tx = test.app.db.begin().await.unwrap();
    let (broken, mended) = match tx.get_database_backend() {
        DbBackend::Postgres => (
            "CREATE TRIGGER broken BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION forbid('the journal is broken')",
            "DROP TRIGGER broken ON journal",
        ),
        _ => (
            "CREATE TRIGGER broken BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'the journal is broken'); END",
            "DROP TRIGGER broken",
        ),
    };
    tx.execute_unprepared(broken).await.unwrap();
    tx.commit().await.unwrap();
    let refused = test.does("lena", "magnet", Command::Accept {}).await;
    assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");
    assert_eq!(test.device("magnet").await, before);
    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared(mended).await.unwrap();
    tx.commit().await.unwrap();
    test.does("lena", "magnet", Command::Accept {}).await.unwrap();
}

/// E2: the journal is append-only in the database itself, for whoever is inside it.
#[tokio::test]
async fn e2_the_database_refuses_to_change_the_journal() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let replace = match test.app.db.read.get_database_backend() {
        DbBackend::Postgres => [
            "TRUNCATE journal CASCADE",
            "INSERT INTO journal SELECT * FROM journal WHERE seq = 1 ON CONFLICT (seq) DO UPDATE SET body = '{}'",
        ],
        _ => [
            "DELETE FROM journal",
            "INSERT OR REPLACE INTO journal SELECT seq, stream, revision, at, actor, origin, kind, '{}', previous, hash FROM journal WHERE seq = 1",
        ],
    };
    for statement in [
        replace[0],
        replace[1],
        "UPDATE journal SET body = '{}'",
        "UPDATE journal SET actor = NULL WHERE seq = 1",
        "DELETE FROM journal WHERE seq = 1",
        "UPDATE release SET commit_id = 'x'",
    ] {
        let tx = test.app.db.begin().await.unwrap();
        let done: Result<_, DbErr> = tx.execute_unprepared(statement).await;
        let touched = done.map(|d| d.rows_affected());
        assert!(matches!(touched, Err(_) | Ok(0)), "{statement}: {touched:?}");
        tx.rollback().await.unwrap();
    }
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// E2: whoever goes round the triggers is found by following the chain: an edit, a cut, a swap.
#[tokio::test]
async fn e2_an_edited_journal_is_found() {
    for (what, statements) in [
        ("edited", "UPDATE journal SET origin = 'elsewhere' WHERE seq = 3"),
        ("cut", "DELETE FROM journal WHERE seq = 3"),
        ("re-dated", "UPDATE journal SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 2"),
        ("rewritten", "UPDATE journal SET hash = lower(substr(hash, 2) || 'f') WHERE seq = 4"),
    ] {
        let test = TestApp::new().await;
        test.ready_to_accept("magnet").await;
        let tx = test.app.db.begin().await.unwrap();
        postgres::forbid_nothing(&tx).await;
        tx.execute_unprepared(statements).await.unwrap();
        tx.commit().await.unwrap();
        let broken = store::journal::verify(&test.app.db.read).await.unwrap();
        assert!(broken.is_err(), "{what}");
    }
}

/// E2: a journal of several pages is followed to its end, whatever text is in it; an edit in any of them is found.
#[tokio::test]
async fn e2_a_long_journal_is_followed_to_its_end() {
    let test = TestApp::new().await;
    let line = |n: usize| store::journal::Line {
        stream: format!("thing/{}", n % 7),
        at: test.app.clock.now(),
        actor: n.is_multiple_of(2).then(|| test.person("lena")),
        // Marks that stand between what is read, quotes, what is no ASCII.
        origin: ["web", "", "a\u{1f}b", "c\u{1e}\"d\\", "Dvořák\n"][n % if n < 1500 { 2 } else { 5 }].to_owned(),
        kind: "noted".to_owned(),
        body: format!("{{\"n\":{n}}}"),
    };
    let tx = test.app.db.begin().await.unwrap();
    store::journal::append(&tx, (0..2500).map(line).collect()).await.unwrap();
    tx.commit().await.unwrap();
    let newest = store::journal::find_newest(&test.app.db.read).await.unwrap().unwrap();
    let mut seen = Vec::new();
    let chain = store::journal::follow(&test.app.db.read, |seq, hash| seen.push((seq, hash.to_owned()))).await.unwrap();
    let chain = chain.unwrap();
    assert_eq!((chain.len(), chain.head()), (newest.seq, newest.hash.as_str()));
    assert_eq!(seen.len() as i64, newest.seq);
    assert!(seen.iter().map(|s| s.0).eq(1..=newest.seq), "in order");
    // From beside it there are fewer connections than pages under way, and none of them is kept.
    let beside = postgres::kept(test.dir.path()).await.open_to_read().await.unwrap();
    assert_eq!(store::journal::verify(&beside).await.unwrap().unwrap().head(), newest.hash);
    beside.close().await.unwrap();
    assert_eq!(seen.last(), Some(&(newest.seq, newest.hash)));
    for at in [600, 1999, 2001, 2400] {
        let tx = test.app.db.begin().await.unwrap();
        postgres::forbid_nothing(&tx).await;
        // The first of two is told.
        tx.execute_unprepared(&format!("UPDATE journal SET body = '{{}}' WHERE seq IN ({at}, 2450)")).await.unwrap();
        let broken = store::journal::verify(&tx).await.unwrap().unwrap_err();
        assert_eq!((broken.seq, broken.why), (at, "its content is not what was written"));
        tx.rollback().await.unwrap();
    }
}

/// E2: an entry that is cut out is found, though its text be put into the entry before it.
#[tokio::test]
async fn e2_an_entry_inside_another_is_found() {
    let test = TestApp::new().await;
    test.ready_to_accept("magnet").await;
    let all = store::journal::list_after(&test.app.db.read, 0, 10).await.unwrap();
    let e = &all[2];
    let actor = e.actor.map(|a| a.to_string()).unwrap_or_default();
    let (seq, revision) = (e.seq.to_string(), e.revision.to_string());
    let parts = [&seq, &e.stream, &revision, &e.at, &actor, &e.origin, &e.kind, &e.body, &e.previous, &e.hash];
    let hidden = format!("{}\u{1e}{}", all[1].hash, parts.map(String::as_str).join("\u{1f}"));
    let tx = test.app.db.begin().await.unwrap();
    postgres::forbid_nothing(&tx).await;
    let set = format!("UPDATE journal SET hash = '{}' WHERE seq = 2", hidden.replace('\'', "''"));
    for statement in ["DELETE FROM journal WHERE seq = 3", &set] {
        tx.execute_unprepared(statement).await.unwrap();
    }
    let broken = store::journal::verify(&tx).await.unwrap().unwrap_err();
    assert_eq!((broken.seq, broken.why), (2, "its content is not what was written"));
    tx.rollback().await.unwrap();
}

/// N2: the database itself cannot hold a device in two classes at once.
#[tokio::test]
async fn n2_two_classes_cannot_be_stored() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let id = test.device("magnet").await.id;
    for statement in [
        format!(
            "INSERT INTO placement VALUES ('{id}', '{}', 'full', '1.0.0', '2026-11-21T08:00:00Z')",
            crate::app::FULL
        ),
        format!(
            "INSERT INTO placement VALUES ('{id}', '{}', 'reduced', NULL, '2026-11-21T08:00:00Z')",
            crate::app::FULL
        ),
        format!("UPDATE device SET placed_class = 'full' WHERE id = '{id}'"),
    ] {
        let tx = test.app.db.begin().await.unwrap();
        assert!(tx.execute_unprepared(&statement).await.is_err(), "{statement}");
        tx.rollback().await.unwrap();
    }
    // G1: nor anything but a tag on a full server.
    test.ctrl_owned("owned").await;
    let tx = test.app.db.begin().await.unwrap();
    assert!(tx.execute_unprepared("UPDATE placement SET tag = NULL WHERE class = 'full'").await.is_err());
    tx.rollback().await.unwrap();
}
