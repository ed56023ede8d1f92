//! F12, E7: the data as one file, taken while Custody writes, and what was taken made into data again.

use crate::{app::TestApp, postgres, served::Served};
use custody::domain::{cycle::HelpKind, lifecycle::Command as Act};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

/// The program with these arguments, and flags whose values are paths.
pub fn custody(args: &[&str], paths: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_custody"));
    command.env_clear().args(args);
    for (flag, path) in paths {
        match *flag {
            "--data" => command.args(postgres::flags(path)),
            flag => command.arg(flag).arg(path),
        };
    }
    command.output().unwrap()
}

/// Everything that it printed.
pub fn said(output: &Output) -> String {
    [output.stdout.as_slice(), output.stderr.as_slice()].map(String::from_utf8_lossy).concat()
}

/// The entries that a command counted.
pub fn entries(output: &Output) -> u64 {
    let text = said(output);
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.iter().position(|w| w.starts_with("entries")).unwrap_or_else(|| panic!("{text}"));
    words[at - 1].parse().unwrap()
}

fn left_in(dir: &Path) -> Vec<String> {
    let mut all: Vec<_> = fs::read_dir(dir).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    all.sort();
    all
}

/// F12, E7: a back-up under load holds everything that was acknowledged before it began, and verifies; restored elsewhere
/// it is for the service alone, and serves.
#[tokio::test(flavor = "multi_thread")]
async fn f12_a_back_up_under_load_is_restored_elsewhere() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let data = test.dir.path().to_owned();
    let before = entries(&custody(&["audit", "verify"], &[("--data", &data)]));
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("custody.backup");
    let writing = async {
        for _ in 0..20 {
            let shut_down = Act::ShutDown {
                reason: "It floods the broker.".to_owned(),
                affected: "The broker.".to_owned(),
                responsible: test.person("ilse"),
                conditions: "A limit.".to_owned(),
            };
            test.does("lena", "magnet", shut_down).await.unwrap();
            test.does("lena", "magnet", Act::Restart { text: "The limit is in.".to_owned() }).await.unwrap();
        }
    };
    let (to, from) = (file.clone(), data.clone());
    let taking = tokio::task::spawn_blocking(move || custody(&["backup"], &[("--data", &from), ("--to", &to)]));
    let (taken, ()) = tokio::join!(taking, writing);
    let taken = taken.unwrap();
    assert!(taken.status.success(), "{}", said(&taken));
    let after = entries(&custody(&["audit", "verify"], &[("--data", &data)]));
    let held = entries(&taken);
    assert!((before..=after).contains(&held), "{before}, {held}, {after}");
    assert_eq!(left_in(place.path()), ["custody.backup"]);
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&file).unwrap()) & 0o777, 0o600, "it holds secrets");

    // As an archive has it: for everybody to read, and for nobody to change.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
    let elsewhere = place.path().join("new/data");
    let restored = custody(&["restore"], &[("--from", &file), ("--data", &elsewhere)]);
    assert!(restored.status.success(), "{}", said(&restored));
    assert_eq!(fs::metadata(elsewhere.join("custody.db")).unwrap().permissions().mode() & 0o777, 0o600);
    for says in ["What came after that is not in it.", "whoever was erased is there again", "revoked (tokens,"] {
        assert!(said(&restored).contains(says), "{}", said(&restored));
    }
    let verified = custody(&["audit", "verify"], &[("--data", &elsewhere)]);
    assert_eq!((verified.status.code(), entries(&verified)), (Some(0), held));
    let served = Served::start("serve", &elsewhere, "Custody is at ");
    assert!(served.get("/?q=magnet").await.contains("href=\"/devices/magnet\""));
}

/// F12: nothing is written over, and what is no whole back-up is not restored: each is said, and nothing is left behind.
#[tokio::test]
async fn f12_what_is_there_stays_and_what_is_broken_is_refused() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let data = test.dir.path().to_owned();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("custody.backup");
    assert!(custody(&["backup"], &[("--data", &data), ("--to", &file)]).status.success());
    let whole = fs::read(&file).unwrap();

    let again = custody(&["backup"], &[("--data", &data), ("--to", &file)]);
    assert_eq!(again.status.code(), Some(2));
    assert!(said(&again).contains("is there already: move it away"), "{}", said(&again));
    assert_eq!(fs::read(&file).unwrap(), whole);
    let over = custody(&["restore"], &[("--from", &file), ("--data", &data)]);
    assert_eq!(over.status.code(), Some(2), "{}", said(&over));
    let nothing = custody(&["backup"], &[("--data", &place.path().join("none")), ("--to", &place.path().join("x"))]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(said(&nothing).contains("There is no database at"), "{}", said(&nothing));
    let nowhere = custody(&["restore"], &[("--from", &place.path().join("none")), ("--data", &place.path().join("y"))]);
    assert_eq!(nowhere.status.code(), Some(2), "{}", said(&nowhere));

    // Cut short, no database at all, and one whose journal somebody edited.
    let cut = place.path().join("cut");
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let text = place.path().join("text");
    fs::write(&text, "not a database, but long enough to be looked at as one").unwrap();
    let edited = place.path().join("edited");
    fs::write(&edited, &whole).unwrap();
    let db = sea_orm::Database::connect(format!("sqlite://{}", edited.display())).await.unwrap();
    for sql in ["DROP TRIGGER journal_never_changes", "UPDATE journal SET origin = 'elsewhere' WHERE seq = 1"] {
        sea_orm::ConnectionTrait::execute_unprepared(&db, sql).await.unwrap();
    }
    db.close().await.unwrap();
    for bad in [cut, text, edited] {
        let to = place.path().join("restored");
        let refused = custody(&["restore"], &[("--from", &bad), ("--data", &to)]);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert!(said(&refused).contains("It is no whole back-up of Custody"), "{}", said(&refused));
        assert_eq!(left_in(&to), Vec::<String>::new());
    }
}

/// F12, E7: what a killed Custody left beside its database is not replayed over what is restored: all of it moves away
/// first.
#[tokio::test(flavor = "multi_thread")]
async fn f12_a_log_that_was_left_is_not_played_over_what_is_restored() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let data = test.dir.path().to_owned();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("custody.backup");
    let taken = custody(&["backup"], &[("--data", &data), ("--to", &file)]);
    assert!(taken.status.success(), "{}", said(&taken));
    test.does("ilse", "magnet", Act::AskHelp { kind: HelpKind::Advice, text: "How?".to_owned() }).await.unwrap();
    // As `kill -9` leaves it, and only custody.db moved away.
    let left = place.path().join("left");
    fs::create_dir(&left).unwrap();
    for beside in ["custody.db-wal", "custody.db-shm"] {
        fs::copy(data.join(beside), left.join(beside)).unwrap();
    }
    assert!(fs::metadata(left.join("custody.db-wal")).unwrap().len() > 0, "the log has what came last");

    let refused = custody(&["restore"], &[("--from", &file), ("--data", &left)]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    for part in ["custody.db-wal and ", "custody.db-shm: move all of them away"] {
        assert!(said(&refused).contains(part), "{}", said(&refused));
    }
    assert_eq!(left_in(&left), ["custody.db-shm", "custody.db-wal"]);
    for beside in ["custody.db-wal", "custody.db-shm"] {
        fs::remove_file(left.join(beside)).unwrap();
    }
    let restored = custody(&["restore"], &[("--from", &file), ("--data", &left)]);
    assert!(restored.status.success(), "{}", said(&restored));
    let verified = custody(&["audit", "verify"], &[("--data", &left)]);
    assert_eq!((verified.status.code(), entries(&verified)), (Some(0), entries(&taken)), "{}", said(&verified));
}
