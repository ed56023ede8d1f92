//! All data go from one database to another, and nothing is lost on the way (E7).

use crate::{app::TestApp, postgres, served::Served};
use sea_orm::ConnectionTrait;
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

fn custody(words: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_custody"))
        .args(words)
        .args(postgres::flags(dir))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .unwrap()
}

pub fn done(words: &[&str], dir: &Path) -> String {
    let ran = custody(words, dir);
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{words:?}: {out}{err}");
    out.into_owned()
}

fn refused(words: &[&str], dir: &Path) -> String {
    let ran = custody(words, dir);
    assert_eq!(ran.status.code(), Some(2), "{words:?}: {}", String::from_utf8_lossy(&ran.stdout));
    String::from_utf8_lossy(&ran.stderr).into_owned()
}

/// The rows of an export. One database says yes and no by numbers.
pub fn rows(file: &Path) -> Vec<Value> {
    fn by_numbers(value: &mut Value) {
        match value {
            Value::Bool(yes) => *value = i32::from(*yes).into(),
            Value::Array(all) => all.iter_mut().for_each(by_numbers),
            Value::Object(all) => all.values_mut().for_each(by_numbers),
            _ => {}
        }
    }
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| line.starts_with('['));
    let mut all: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    all.iter_mut().for_each(by_numbers);
    all.sort_by_cached_key(Value::to_string);
    all
}

/// E7: a facility moves to PostgreSQL and back: every row is there, the journal has the same last hash, and Custody goes
/// on with it.
#[tokio::test]
async fn e7_a_facility_moves_to_the_other_database_and_back() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let (files, there, back) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let paths = ["first", "second", "third"].map(|name| files.path().join(name));
    let [first, second, third] = paths.each_ref().map(|p| p.to_str().unwrap());
    let own = test.dir.path();
    let said = done(&["export", "--to", first], own);
    assert!(said.contains("rows, secrets among them"), "{said}");
    assert!(refused(&["export", "--to", first], own).contains("is there already"));

    postgres::new_database(there.path()).await;
    assert!(done(&["import", "--all", first], there.path()).contains("the journal verifies"));
    assert!(refused(&["import", "--all", first], there.path()).contains("goes into an empty database"));
    assert!(refused(&["import", "--all", first], own).contains("There are data already"));
    let verified = |dir: &Path| done(&["audit", "verify"], dir);
    assert_eq!(verified(own), verified(there.path()));

    done(&["export", "--to", second], there.path());
    assert_eq!(rows(&paths[0]), rows(&paths[1]));
    done(&["import", "--all", second], back.path());
    done(&["export", "--to", third], back.path());
    assert_eq!(rows(&paths[0]), rows(&paths[2]));
    assert_eq!(verified(own), verified(back.path()));

    for dir in [there.path(), back.path()] {
        let served = Served::start("serve", dir, "Custody is at ");
        assert!(served.get("/devices/magnet").await.contains("magnet"));
    }
    // The policy that it was started with is in the journal, behind what came.
    assert!(verified(there.path()) != verified(own));
}

/// E7: what is no whole export changes nothing, and is told what is wrong with it.
#[tokio::test]
async fn e7_what_was_cut_or_changed_does_not_come_in() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let files = tempfile::tempdir().unwrap();
    let whole = files.path().join("whole");
    done(&["export", "--to", whole.to_str().unwrap()], test.dir.path());
    let text = fs::read_to_string(&whole).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without_end = lines[..lines.len() - 1].join("\n");
    let without_row = [&lines[..4], &lines[5..]].concat().join("\n");
    let shape = text.replacen("\"shape\":\"m", "\"shape\":\"n", 1);
    let (empty, changed) = (String::new(), text.replace("Ilse", "Else"));
    assert_ne!(changed, text);
    for (bad, why) in [
        (&empty, "its first line is another"),
        (&without_end, "its end is missing"),
        (&without_row, "cut or changed"),
        (&changed, "cut or changed"),
        (&shape, "cut or changed"),
    ] {
        let file = files.path().join("bad");
        fs::write(&file, bad).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let said = refused(&["import", "--all", file.to_str().unwrap()], dir.path());
        assert!(said.contains(why), "{said}");
        assert!(done(&["import", "--all", whole.to_str().unwrap()], dir.path()).contains("verifies"));
    }
    let said = refused(&["import", "--all", "/nowhere"], files.path());
    assert!(said.contains("There is no file /nowhere"), "{said}");
}

/// E7: what goes to a server leaves directories alone that are nothing to it, like one that is called data by chance.
#[test]
fn e7_what_goes_to_a_server_leaves_directories_alone() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_custody"))
        .args(["import", "--all", "export", "--database", "postgres:///custody?host=/nowhere"])
        .current_dir(&place)
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o755);
}

/// F11: a version of Custody that is older than the data says so, and leaves them as they are.
#[tokio::test]
async fn f11_an_older_custody_leaves_newer_data_alone() {
    let test = TestApp::new().await;
    let dir = test.dir.path();
    done(&["token", "list"], dir);
    let tx = test.app.db.begin().await.unwrap();
    let later = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)";
    tx.execute_unprepared(later).await.unwrap();
    tx.commit().await.unwrap();
    let ran = custody(&["token", "list"], dir);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.code() == Some(1) && said.contains("a newer version of Custody has shaped it"), "{said}");
}
