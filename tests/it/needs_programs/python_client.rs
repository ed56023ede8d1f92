//! The Python client that a beamline scientist pastes, run for real (E3). Needs python3.

use crate::app::TestApp;
use custody::service::tokens::{self, TokenScope};
use std::path::Path;

async fn runs(test: &TestApp, token: &str, words: &[&str]) -> (i32, String, String) {
    let done = tokio::process::Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("static/tools/custody_client.py"))
        .args(words)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("CUSTODY_URL", &test.url)
        .env("CUSTODY_TOKEN", token)
        .kill_on_drop(true)
        .output()
        .await
        .expect("python3 runs: apt-get install python3");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

/// E3: the example tells a status, what one may do, does it once, says why not, and tells what happened.
#[tokio::test]
async fn e3_the_python_client_asks_and_acts() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let token =
        async |who: &str, scope| tokens::create(&test.app, &test.caller(who), "client", scope, 1).await.unwrap().1;
    let (ilse, reads) = (token("ilse", TokenScope::Admin).await, token("noor", TokenScope::Read).await);

    let (code, said, _) = runs(&test, &reads, &["status", "magnet"]).await;
    assert_eq!(code, 0);
    assert!(said.starts_with("magnet: ") && said.contains("call Ilse Hartmann +49 40 66969 214"), "{said}");

    let (code, said, _) = runs(&test, &ilse, &["commands", "magnet"]).await;
    assert_eq!(code, 0);
    assert!(said.contains("raise_point(text)") && said.contains("withdraw(reason)"), "{said}");

    let before = test.device("magnet").await.revision;
    let (code, said, wrong) = runs(&test, &ilse, &["do", "magnet", "raise_point", "text=Which filter is meant?"]).await;
    assert_eq!((code, wrong.as_str()), (0, ""));
    assert_eq!(said, "Ilse Hartmann raised point 6: Which filter is meant?\n");
    assert_eq!(test.device("magnet").await.revision, before + 1);

    // A command of somebody else's, with the gates.
    let lena = token("lena", TokenScope::Admin).await;
    assert_eq!(runs(&test, &lena, &["do", "magnet", "take_request"]).await.0, 0);
    let (code, said, wrong) = runs(&test, &lena, &["do", "magnet", "accept"]).await;
    assert_eq!((code, said.as_str()), (1, ""));
    assert!(wrong.contains("  OPEN L"), "{wrong}");
    let (code, _, wrong) = runs(&test, &reads, &["do", "magnet", "countersign"]).await;
    assert!(code == 1 && wrong.contains("It only reads"), "{wrong}");

    let (code, said, _) = runs(&test, &reads, &["events"]).await;
    assert_eq!(code, 0);
    assert!(said.contains("magnet Ilse Hartmann raised point 6: Which filter is meant?"), "{said}");
}
