//! The API beside its description, by schemathesis: requests made from the description, right ones and wrong ones, and
//! every check of theirs on what comes back (E3). `tests/run` installs it, exactly as `requirements.txt` says.

use crate::served::Served;
use std::path::{Path, PathBuf};

/// The whole run, a machine that does other things too included.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(900);

/// What ends a token, or the account of who made it.
const ENDS_TOKENS: [&str; 5] = [
    "delete_tokens_token",
    "delete_me_tokens_token",
    "post_people_person_close",
    "post_people_person_erasure",
    "post_people_person_join",
];

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemathesis")
}

/// An admin token of the sample facility's administrator.
fn token(data: &Path) -> String {
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_custody"))
        .args(["token", "new", "--name", "schemathesis", "--scope", "admin", "--as", "ruth", "--data"])
        .arg(data)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

/// E3: whatever is asked, what is answered is what is described, and nothing is an error of Custody's own.
#[tokio::test]
async fn e3_schemathesis_finds_nothing() {
    let program = home().join(".venv/bin/st");
    assert!(program.exists(), "schemathesis is not installed: tests/run does it, or pip install -r requirements.txt");
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo-data");
    let at = data.clone();
    let started = move || Served::start("demo", &at, "Custody's demo is at ");
    let custody = tokio::task::spawn_blocking(started).await.unwrap();
    let run = tokio::process::Command::new(program)
        .arg("--config-file")
        .arg(home().join("schemathesis.toml"))
        .arg("run")
        .arg(format!("{}/api/v1/openapi.json", custody.url))
        .args(["--header", &format!("Authorization: Bearer {}", token(&data))])
        // A stream does not end; a test of its own follows it.
        .args(["--exclude-path", "/api/v1/events/stream"])
        // They would end the run's own token: it is among those that are listed.
        .args(ENDS_TOKENS.map(|id| ["--exclude-operation-id", id]).as_flattened())
        .args(["--checks", "all", "--phases", "examples,coverage,fuzzing", "--max-examples", "2", "--seed", "1"])
        // Within what the door takes from one address.
        .args(["--rate-limit", "48/s", "--request-timeout", "30", "--no-color", "--continue-on-failure"])
        // It keeps what it found where it is run.
        .current_dir(folder.path())
        .env_clear()
        .envs([("HOME", folder.path().as_os_str()), ("PATH", "/usr/local/bin:/usr/bin:/bin".as_ref())])
        .env("LC_ALL", "C.UTF-8")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let done = tokio::time::timeout(PATIENCE, run).await.expect("schemathesis ends in time").unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
}
