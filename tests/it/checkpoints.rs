//! A36, F12: whoever has the database can compute the journal's chain anew; checkpoints that are kept elsewhere tell of it,
//! and of an older back-up that was restored.

use crate::{
    app::{POLICY, TestApp, open},
    backup::{custody, said},
    postgres,
    served::Served,
    waiting::{GONE_WITHIN, PATIENCE, until},
};
use chrono::Duration;
use custody::{
    domain::{
        checkpoint::{Checkpoint, TYPE},
        journal::{Entry, GENESIS},
    },
    jobs::Job,
    ports::{
        checkpoints::Folder,
        signing::{SigningKey, encode},
    },
    service::{
        Caller,
        checkpoints::{NotTaken, Taken, run, take},
        permits, replicas,
    },
    store::{self, journal::Line},
};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Output,
};

struct Rig {
    test: TestApp,
    data: PathBuf,
    kept: tempfile::TempDir,
}

impl Rig {
    async fn new() -> Self {
        let test = TestApp::new().await;
        test.reduced_support("magnet").await;
        let data = test.dir.path().to_owned();
        Self { test, data, kept: tempfile::tempdir().unwrap() }
    }

    fn folder(&self) -> Folder {
        Folder::new(self.kept.path())
    }

    async fn take(&self) -> Checkpoint {
        match take(&self.test.app, &self.folder()).await.unwrap() {
            Taken::New(checkpoint) => checkpoint,
            other => panic!("{other:?}"),
        }
    }

    /// Something more in the journal.
    async fn goes_on(&self) {
        write_on(&self.test.app, "here", 3).await;
    }

    fn verify(&self) -> Output {
        verify(&self.data, self.kept.path(), &[])
    }

    async fn entries(&self) -> Vec<Entry> {
        store::journal::list_after(&self.test.app.db.read, 0, 100_000).await.unwrap()
    }

    /// What somebody does who has the database: the journal is what they say, and its chain holds.
    async fn rewrite(&self, mut all: Vec<Entry>, chained: bool) {
        if chained {
            chain(&mut all);
        }
        let tx = self.test.app.db.begin().await.unwrap();
        postgres::forbid_nothing(&tx).await;
        tx.execute_unprepared("DELETE FROM journal").await.unwrap();
        for e in all {
            let values: Vec<sea_orm::Value> = vec![
                e.seq.into(),
                e.stream.into(),
                e.revision.into(),
                e.at.into(),
                e.actor.map(|a| a.to_string()).into(),
                e.origin.into(),
                e.kind.into(),
                e.body.into(),
                e.previous.into(),
                e.hash.into(),
            ];
            // Both take numbers for the places of values.
            let sql = "INSERT INTO journal (seq, stream, revision, at, actor, origin, kind, body, previous, hash)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
            tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

fn verify(data: &Path, kept: &Path, more: &[(&str, &Path)]) -> Output {
    let paths = [&[("--data", data), ("--checkpoints", kept)], more].concat();
    custody(&["audit", "verify"], &paths)
}

async fn write_on(app: &custody::app::App, origin: &str, many: usize) {
    let tx = app.db.begin().await.unwrap();
    let line = |n| Line {
        stream: "test".to_owned(),
        at: app.clock.now(),
        actor: None,
        origin: origin.to_owned(),
        kind: "tested".to_owned(),
        body: format!("{{\"n\":{n}}}"),
    };
    store::journal::append(&tx, (0..many).map(line).collect()).await.unwrap();
    tx.commit().await.unwrap();
}

/// Numbers and hashes as if it had happened so.
fn chain(all: &mut [Entry]) {
    let (mut previous, mut revisions) = (GENESIS.to_owned(), BTreeMap::<String, i64>::new());
    for (seq, e) in (1..).zip(all) {
        let revision = revisions.entry(e.stream.clone()).or_default();
        *revision += 1;
        (e.seq, e.revision, e.previous) = (seq, *revision, previous);
        e.hash = e.digest();
        previous = e.hash.clone();
    }
}

/// A36: edited, reordered, cut or rebuilt: by itself the chain may hold, but it is not the one that was signed.
#[tokio::test]
async fn a36_what_is_done_to_the_journal_is_found() {
    let rig = Rig::new().await;
    rig.take().await;
    rig.goes_on().await;
    let newest = rig.take().await;
    rig.goes_on().await;
    let good = rig.verify();
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    let met = format!("2 checkpoints are met; the newest, of {}, saw entry {}.", newest.at(), newest.seq);
    assert!(said(&good).contains(&met), "{}", said(&good));

    let whole = rig.entries().await;
    let edit = |all: &mut Vec<Entry>| all[2].body.push(' ');
    let reorder = |all: &mut Vec<Entry>| all.swap(0, 1);
    let cut_out = |all: &mut Vec<Entry>| drop(all.remove(3));
    let cut_off = |all: &mut Vec<Entry>| all.truncate(newest.seq as usize - 1);
    let cut_and_filled = |all: &mut Vec<Entry>| {
        all.truncate(newest.seq as usize - 1);
        let last = all[0].clone();
        all.extend(std::iter::repeat_n(last, 9));
    };
    let rebuild = |all: &mut Vec<Entry>| {
        for e in all.iter_mut() {
            e.origin = "elsewhere".to_owned();
        }
    };
    let anew = "the journal was written anew";
    let ends = format!("the journal ends at {}, and a checkpoint of", newest.seq - 1);
    type Change<'a> = &'a dyn Fn(&mut Vec<Entry>);
    let cases: [(&str, Change, &str); 6] = [
        ("edited", &edit, anew),
        ("reordered", &reorder, anew),
        ("cut out", &cut_out, anew),
        ("cut off", &cut_off, &ends),
        ("cut off and filled", &cut_and_filled, anew),
        ("rebuilt", &rebuild, anew),
    ];
    for (what, change, why) in cases {
        let mut changed = whole.clone();
        change(&mut changed);
        rig.rewrite(changed, true).await;
        let alone = custody(&["audit", "verify"], &[("--data", &rig.data)]);
        assert_eq!(alone.status.code(), Some(0), "{what}: the chain itself holds: {}", said(&alone));
        let found = rig.verify();
        assert_eq!(found.status.code(), Some(1), "{what}: {}", said(&found));
        assert!(said(&found).contains(why), "{what}: {}", said(&found));
    }
    // Who does not compute it anew is found by the chain.
    let mut edited = whole.clone();
    edit(&mut edited);
    rig.rewrite(edited, false).await;
    assert!(said(&rig.verify()).contains("The journal was changed. At entry 3"), "{}", said(&rig.verify()));
    rig.rewrite(whole, false).await;
    assert_eq!(rig.verify().status.code(), Some(0), "it is what it was: {}", said(&rig.verify()));
}

/// E2: the journal goes into a file or through a pipe with everything that its hashes cover, and is followed by whoever
/// knows how they are made; one that was changed is written down as it is, and said to be.
#[tokio::test]
async fn e2_an_exported_journal_is_followed_by_others() {
    let rig = Rig::new().await;
    let exports =
        |to: &[(&str, &Path)]| custody(&["audit", "export"], &[&[("--data", rig.data.as_path())], to].concat());
    let exported = exports(&[]);
    assert!(exported.status.success(), "{}", said(&exported));
    let text = String::from_utf8(exported.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), rig.entries().await.len());
    let mut previous = "0".repeat(64);
    for line in &lines {
        assert_eq!(line["previous"], previous.as_str());
        let covered = ["seq", "stream", "revision", "at", "actor", "origin", "kind", "body", "previous"];
        let covered = Value::from(covered.map(|part| line[part].clone()).to_vec()).to_string();
        previous = format!("{:x}", Sha256::digest(covered));
        assert_eq!(line["hash"], previous.as_str(), "{line}");
    }
    let end = format!("{} entries, each follows the one before it. The last hash is {previous}", lines.len());
    assert!(String::from_utf8(exported.stderr).unwrap().contains(&end), "words are not among the lines");

    let file = rig.kept.path().join("journal.jsonl");
    let written = exports(&[("--to", &file)]);
    assert!(written.status.success() && said(&written).contains(&end), "{}", said(&written));
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&file).unwrap()) & 0o777, 0o600);
    let again = exports(&[("--to", &file)]);
    assert!(again.status.code() == Some(2) && said(&again).contains("is there already"), "{}", said(&again));
    let nowhere = custody(&["audit", "export"], &[("--data", &rig.kept.path().join("none"))]);
    assert_eq!(nowhere.status.code(), Some(2), "{}", said(&nowhere));

    let mut edited = rig.entries().await;
    edited[2].body.push(' ');
    rig.rewrite(edited, false).await;
    let exported = exports(&[]);
    assert_eq!(exported.status.code(), Some(1));
    assert_eq!(String::from_utf8(exported.stdout.clone()).unwrap().lines().count(), lines.len());
    assert!(said(&exported).contains("The journal was changed. At entry 3"), "{}", said(&exported));
}

/// F12: an older back-up that was restored is found, at once and after it was written on; no checkpoint is taken of it that
/// would hide this.
#[tokio::test]
async fn f12_a_step_back_is_found_in_sqlite() {
    let rig = Rig::new().await;
    rig.take().await;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("custody.backup");
    assert!(custody(&["backup"], &[("--data", &rig.data), ("--to", &file)]).status.success());
    let ends = rig.entries().await.len();
    rig.goes_on().await;
    let seen = rig.take().await;

    let data = place.path().join("data");
    assert!(custody(&["restore"], &[("--data", &data), ("--from", &file)]).status.success());
    let found = verify(&data, rig.kept.path(), &[]);
    let says = format!("the journal ends at {ends}, and a checkpoint of {} says {}", seen.at(), seen.seq);
    assert_eq!(found.status.code(), Some(1));
    assert!(said(&found).contains(&says), "{}", said(&found));
    let refused = custody(&["audit", "checkpoint"], &[("--data", &data), ("--to", rig.kept.path())]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains(&says) && said(&refused).contains("begin another folder"), "{}", said(&refused));

    let app = open(&data, rig.test.app.clock.clone(), &POLICY, &rig.test.url).await;
    write_on(&app, "there", 20).await;
    let found = verify(&data, rig.kept.path(), &[]);
    let says = format!("entry {} is not the one that a checkpoint of {} saw", seen.seq, seen.at());
    assert!(said(&found).contains(&says), "{}", said(&found));
    let refused = take(&app, &rig.folder()).await;
    assert!(matches!(refused, Err(NotTaken::Contradicted { .. })), "{refused:?}");
    app.db.close().await.unwrap();
}

/// A12, A36: what nobody of ours signed, or signed as something else, is no checkpoint; and no checkpoint proves nothing.
#[tokio::test]
async fn a36_a_forged_checkpoint_is_found() {
    let rig = Rig::new().await;
    let none = rig.verify();
    assert_eq!(none.status.code(), Some(2));
    assert!(said(&none).contains("There is no checkpoint in"), "{}", said(&none));
    let real = rig.take().await;
    let keys = store::keys::list(&rig.test.app.db.read).await.unwrap();
    let private = store::keys::find_private(&rig.test.app.db.read, &keys[0].kid).await.unwrap().unwrap();
    let ours = SigningKey::read(&private).unwrap();
    let theirs = SigningKey::generate().unwrap();
    let file = rig.kept.path().join(format!("{}.checkpoint", real.name()));
    let signed = fs::read_to_string(&file).unwrap().trim_end().to_owned();
    let [head, body, signature]: [&str; 3] = signed.split('.').collect::<Vec<_>>().try_into().unwrap();
    let later = Checkpoint { seq: real.seq - 1, ..real.clone() };
    let other_body = encode(&serde_json::to_vec(&later).unwrap());
    let no_algorithm = encode(format!(r#"{{"typ":"{TYPE}","alg":"none","kid":"{}"}}"#, ours.kid).as_bytes());
    for (what, text, why) in [
        ("edited", format!("{head}.{other_body}.{signature}"), "its signature is wrong"),
        ("by another key", theirs.sign_as(TYPE, &real).unwrap(), "is not one of those that count"),
        ("a permit", ours.sign_as("custody-permit+jwt", &real).unwrap(), "it is of type “custody-permit+jwt”"),
        ("without a signature", format!("{no_algorithm}.{body}.{signature}"), "EdDSA alone counts"),
        ("with more in it", ours.sign_as(TYPE, &serde_json::json!({ "seq": 1, "x": 2 })).unwrap(), "cannot be read"),
        ("no text", "\u{0}\u{fffd}".to_owned(), "it has not three parts"),
        ("cut off", signed[..signed.len() - 2].to_owned(), "its signature has not 64 bytes"),
    ] {
        let forged = rig.kept.path().join("999999999999-forged.checkpoint");
        fs::write(&forged, text).unwrap();
        let found = rig.verify();
        assert_eq!(found.status.code(), Some(1), "{what}");
        let says = said(&found);
        assert!(
            says.contains("999999999999-forged.checkpoint is no checkpoint: ") && says.contains(why),
            "{what}: {says}"
        );
        rig.goes_on().await;
        let refused = take(&rig.test.app, &rig.folder()).await;
        assert!(matches!(refused, Err(NotTaken::Foreign { .. })), "{what}: {refused:?}");
        fs::remove_file(forged).unwrap();
    }
    // Other files are nobody's business.
    fs::write(rig.kept.path().join("notes.txt"), "ours").unwrap();
    assert_eq!(rig.verify().status.code(), Some(0), "{}", said(&rig.verify()));
}

/// A13, A36: what a key signed for good is met after it retired and after it was revoked; keys that are kept elsewhere
/// count alone where they are named.
#[tokio::test]
async fn a13_a_key_that_rotated_still_proves() {
    let rig = Rig::new().await;
    let (app, me) = (&rig.test.app, Caller::custody());
    rig.take().await;
    let first = store::keys::list(&app.db.read).await.unwrap()[0].kid.clone();
    let jwks = |name: &str| {
        let listed = custody(&["keys", "list", "--jwks"], &[("--data", &rig.data)]);
        assert!(listed.status.success(), "{}", said(&listed));
        // Beside the checkpoints, where nobody takes it for one.
        let file = rig.kept.path().join(name);
        fs::write(&file, listed.stdout).unwrap();
        file
    };
    let old = jwks("old.json");
    rig.test.advance(Duration::minutes(1));
    let second = permits::rotate(app, &me).await.unwrap();
    rig.test.advance(Duration::days(i64::from(app.policy.permits.overlap_days) + 1));
    rig.take().await;
    let new = jwks("new.json");
    let kids: Vec<String> = store::keys::list(&app.db.read).await.unwrap().into_iter().map(|k| k.kid).collect();
    assert_eq!(kids, [first.clone(), second.clone()]);
    permits::revoke(app, &me, &first).await.unwrap();
    let good = rig.verify();
    assert!(said(&good).contains("2 checkpoints are met"), "{}", said(&good));
    let kept = rig.kept.path();
    let with = |files: &[&Path]| verify(&rig.data, kept, &files.iter().map(|f| ("--keys", *f)).collect::<Vec<_>>());
    let by_old = with(&[&old]);
    assert_eq!(by_old.status.code(), Some(1));
    assert!(said(&by_old).contains(&format!("its key {second} is not one of those that count")), "{}", said(&by_old));
    assert_eq!(with(&[&new]).status.code(), Some(0));
    assert_eq!(with(&[&old, &new]).status.code(), Some(0));
    assert_eq!(with(&[&kept.join("none.json")]).status.code(), Some(2));
    // Somebody puts a key of their own in the place of ours.
    let tx = app.db.begin().await.unwrap();
    let theirs = SigningKey::generate().unwrap();
    let put = format!("UPDATE signing_key SET kid = '{}', x = '{}' WHERE kid = '{second}'", theirs.kid, theirs.x);
    tx.execute_unprepared(&put).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(rig.verify().status.code(), Some(1));
    assert_eq!(with(&[&new]).status.code(), Some(0), "keys that are kept elsewhere are what they were");
}

/// A36: a command takes one at any time; what is there is not written twice, and nobody can write to it by mistake.
#[tokio::test]
async fn a36_a_command_takes_a_checkpoint() {
    let rig = Rig::new().await;
    let kept = rig.kept.path().join("made/for/it");
    let take = || custody(&["audit", "checkpoint"], &[("--data", &rig.data), ("--to", &kept)]);
    let first = take();
    assert!(said(&first).starts_with("Signed: entry "), "{}", said(&first));
    // The first one made the key that signs, which is an entry.
    let second = take();
    assert!(said(&second).starts_with("Signed: entry "), "{}", said(&second));
    let third = take();
    assert_eq!(third.status.code(), Some(0));
    assert!(said(&third).starts_with("Nothing came after entry "), "{}", said(&third));
    let files: Vec<PathBuf> = fs::read_dir(&kept).unwrap().map(|f| f.unwrap().path()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(file).unwrap()) & 0o222, 0);
    }
    let nowhere = custody(&["audit", "checkpoint"], &[("--data", &kept), ("--to", &kept)]);
    assert_eq!(nowhere.status.code(), Some(2), "{}", said(&nowhere));
}

/// A36, F13: Custody itself takes them where its settings name a folder, and its figures say so.
#[tokio::test]
async fn a36_the_program_takes_checkpoints() {
    let rig = Rig::new().await;
    rig.test.app.stop.cancel();
    rig.test.app.db.close().await.unwrap();
    let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_custody"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "error"])
        .args(postgres::flags(&rig.data))
        .env("CUSTODY_CHECKPOINTS", rig.kept.path())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut said_lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(program.stdout.take().unwrap()));
    let url = loop {
        let line = said_lines.next_line().await.unwrap().expect("it says where it is");
        if let Some(url) = line.strip_prefix("Custody is at ") {
            break url.to_owned();
        }
    };
    until("a checkpoint is taken", async || !rig.folder().list().unwrap().is_empty()).await;
    let figures = reqwest::get(format!("{url}metrics")).await.unwrap().text().await.unwrap();
    assert!(figures.contains("custody_checkpoint_age_seconds "), "{figures}");
    let found = rig.verify();
    assert!(said(&found).contains("1 checkpoint is met"), "{}", said(&found));
    let id = program.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let ended = tokio::time::timeout(GONE_WITHIN, program.wait()).await;
    assert!(ended.unwrap().unwrap().success());
}

/// A36, F13: a folder that hangs, as one of a machine that is away does, keeps nobody from stopping.
#[tokio::test]
async fn f13_a_folder_that_hangs_keeps_nobody_from_stopping() {
    let rig = Rig::new().await;
    rig.test.app.stop.cancel();
    rig.test.app.db.close().await.unwrap();
    // Whoever reads a pipe waits for a writer, and then for what they write.
    let hangs = rig.kept.path().join("1.checkpoint");
    assert!(std::process::Command::new("mkfifo").arg(&hangs).status().unwrap().success());
    let settings = [("CUSTODY_CHECKPOINTS", rig.kept.path().to_str().unwrap())];
    let custody = Served::start_with("serve", &rig.data, "Custody is at ", &settings);
    let begun = std::time::Instant::now();
    let writer = loop {
        // Refused until somebody reads.
        match fs::OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(&hangs) {
            Ok(writer) => break writer,
            Err(e) => assert!(begun.elapsed() < PATIENCE, "nobody reads the folder: {e}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let stopped = tokio::task::spawn_blocking(move || custody.stop());
    let ended = tokio::time::timeout(GONE_WITHIN, stopped).await;
    drop(writer);
    ended.expect("it is gone within ten seconds").unwrap();
}

/// A36: where no checkpoint can be taken from the start on, the age of the last one grows all the same: whoever watches it
/// is told.
#[tokio::test]
async fn a36_that_none_is_ever_taken_shows() {
    let test = TestApp::new().await;
    let no_folder = tempfile::NamedTempFile::new().unwrap();
    tokio::spawn(replicas::be_first(test.app.clone()));
    tokio::spawn(run(test.app.clone(), Folder::new(no_folder.path()), std::time::Duration::from_secs(3600)));
    until("it is tried", async || test.app.jobs.list().get(&Job::Checkpoints).is_some_and(|doing| doing.failures > 0))
        .await;
    test.advance(Duration::hours(3));
    let figures = test.stranger().page("/metrics").await;
    assert!(figures.contains("custody_checkpoint_age_seconds 10800"), "{figures}");
}
