//! The README's back-up and the way back, of a file and of a PostgreSQL: its own lines, with other places (F12, E7).

use super::readme::{block, command, with};
use crate::{
    app::{POLICY, TestApp},
    backup::{custody, entries, said},
    postgres,
    served::Served,
};
use custody::store;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// The file that the README goes back to.
const FILE: &str = "custody-2026-11-21-0200";

/// Runs lines of a shell that finds the program; each has to succeed.
fn shell(dir: &Path, lines: &str) -> Output {
    let programs = Path::new(env!("CARGO_BIN_EXE_custody")).parent().unwrap();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-euc", lines]).current_dir(dir).env_clear();
    let done = shell.env("PATH", format!("{}:/usr/bin:/bin", programs.display())).output().unwrap();
    assert!(done.status.success(), "{lines}\n{}", said(&done));
    done
}

/// The one file in a folder.
fn only(folder: &Path) -> String {
    let mut all = fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
    let one = all.next().expect("there is a file");
    assert_eq!(all.next(), None);
    one
}

/// F12, E7, A31: of a file of SQLite's: backed up by the unit, restored, verified against checkpoints, and put to where the
/// service starts; what was revoked since counts again there, is found in the journal of before, and revoked again.
#[tokio::test(flavor = "multi_thread")]
async fn f12_the_readmes_way_back_ends_where_the_service_starts() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let (data, checkpoints, kept) = (at("custody"), at("checkpoints"), at("backup"));
    for dir in [&data, &kept] {
        fs::create_dir(dir).unwrap();
    }
    let begun = custody(&["backup"], &[("--data", test.dir.path()), ("--to", &data.join("custody.db"))]);
    assert!(begun.status.success(), "{}", said(&begun));
    fs::write(data.join("policy.toml"), POLICY.as_str()).unwrap();
    let taken = custody(&["audit", "checkpoint"], &[("--data", &data), ("--to", &checkpoints)]);
    assert!(taken.status.success(), "{}", said(&taken));
    let token = |args: &[&str]| {
        let done = custody(&[&["token"], args].concat(), &[("--data", &data)]);
        assert!(done.status.success(), "{}", said(&done));
        said(&done)
    };
    token(&["new", "--name", "leaks", "--scope", "read", "--as", "lena"]);
    let all = token(&["list"]);
    let leaks = all.lines().find(|l| l.contains("  leaks  ")).unwrap().split_whitespace().next().unwrap();

    let there = ["/var/lib/custody", "/srv/checkpoints", "/srv/backup", "/usr/local/bin/custody"];
    let here = [data.as_path(), &checkpoints, &kept, Path::new("custody")].map(|place| place.display().to_string());
    // Not each line names each place.
    let moved = |text: String| there.iter().zip(&here).fold(text, |text, (there, here)| text.replace(there, here));
    let unit = block("**Back-up.**", "ini");
    shell(place.path(), &moved(block("**Checkpoints.**", "sh")));
    for key in ["ExecStart", "ExecStartPost"] {
        shell(place.path(), &moved(command(&unit, key)));
    }
    token(&["revoke", leaks]);
    let back = with(block("To go back, with Custody stopped:", "sh"), &[(FILE, &only(&kept))]);
    let held = entries(&shell(place.path(), &moved(back)));
    // Whoever the service runs as, here it is whoever runs this.
    let put = with(block("The unit starts in", "sh"), &[("chown -R custody:", "chown -R \"$(id -u):$(id -g)\"")]);
    shell(place.path(), &moved(put));
    assert!(at("custody-before").join("custody.db").exists());
    assert_eq!(fs::read_to_string(data.join("policy.toml")).unwrap(), *POLICY);
    let ended = with(block("What ended after the back-up", "sh"), &[("+42", &format!("+{}", held + 1))]);
    let ended = said(&shell(place.path(), &moved(ended)));
    let revoked: Vec<&str> = ended.lines().filter(|l| l.contains("\"kind\":\"")).collect();
    assert!(revoked.len() == 1 && revoked[0].contains(&format!("\"token/{leaks}\"")), "{ended}");
    assert!(token(&["list"]).lines().any(|l| l.starts_with(leaks) && l.contains("counts until")));
    token(&["revoke", leaks]);
    let custody = Served::start("serve", &data, "Custody is at ");
    assert!(custody.get("/?q=magnet").await.contains("href=\"/devices/magnet\""));
}

/// F12, E7: of a PostgreSQL: dumped by the unit as its own account, restored into a database beside it, verified against
/// checkpoints.
#[tokio::test(flavor = "multi_thread")]
async fn f12_the_readmes_dump_is_restored_beside_it() {
    let test = TestApp::on_postgres().await;
    test.reduced_support("magnet").await;
    let (server, database) = postgres::on_server(test.dir.path());
    let place = tempfile::tempdir().unwrap();
    let (checkpoints, keys) = (place.path().join("checkpoints"), place.path().join("keys.json"));
    let taken = custody(&["audit", "checkpoint"], &[("--data", test.dir.path()), ("--to", &checkpoints)]);
    assert!(taken.status.success(), "{}", said(&taken));
    let listed = custody(&["keys", "list", "--jwks"], &[("--data", test.dir.path())]);
    fs::write(keys, listed.stdout).unwrap();
    let folder = tempfile::tempdir().unwrap();
    postgres::own(folder.path());
    let kept = folder.path().display().to_string();

    let unit = block("On PostgreSQL its own programs do that", "ini");
    assert!(unit.contains("\nUser=postgres\n"), "{unit}");
    let dump = with(command(&unit, "ExecStart"), &[("/srv/backup", &kept), (" custody'", &format!(" {database}'"))]);
    server.shell(&dump);
    server.shell(&with(command(&unit, "ExecStartPost"), &[("/srv/backup", &kept)]));
    let restored = server.address("custody_restored");
    let environment = place.path().join("environment");
    let replicas = restored.as_str().replace("/custody_restored?", "/custody?");
    fs::write(&environment, format!("CUSTODY_DATABASE='{replicas}'\n")).unwrap();
    let back = with(
        block("Or, on PostgreSQL, into a database of its own", "sh"),
        &[
            (&format!("/srv/backup/{FILE}"), &format!("{kept}/{}", only(folder.path()))),
            ("/etc/custody/environment", environment.to_str().unwrap()),
            ("/srv/checkpoints", checkpoints.to_str().unwrap()),
        ],
    );
    let (theirs, own): (Vec<&str>, Vec<&str>) = back.lines().partition(|line| line.starts_with("sudo -u postgres "));
    for line in theirs {
        server.shell(line.trim_start_matches("sudo -u postgres "));
    }
    shell(place.path(), &own.join("\n"));
    let db = store::Db::connect(&restored).await.unwrap();
    let device = store::devices::find_by_name(&db.read, "magnet").await.unwrap();
    assert_eq!(device, Some(test.device("magnet").await));
    db.close().await.unwrap();
}
