//! `custody observe`, as an agent on a server runs it.

use crate::{
    app::{FULL, REDUCED, TestApp},
    chat_server::ChatServer,
    reserved::Reserved,
};
use custody::service::tokens::{self, TokenScope};
use std::{path::Path, process::Output};
use tokio::process::Command;

async fn observe(to: &str, from: &Path, token: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_custody"));
    command.arg("observe").arg("--from").arg(from).args(["--to", to]).arg("--token-file").arg(token).args(more);
    command.kill_on_drop(true).output().await.unwrap()
}

/// G10, A24: a table becomes a report; exit codes tell a wrong report from an absent Custody; nothing wrong is reported.
#[tokio::test]
async fn g10_the_agent_reports_what_it_reads() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let scope = TokenScope::Observe(REDUCED.into());
    let (_, secret) = tokens::create(&test.app, &test.caller("lena"), "agent", scope, 30).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (token, table) = (dir.path().join("token"), dir.path().join("runs.csv"));
    std::fs::write(&token, format!("{secret}\n")).unwrap();
    let head = "instance,class,server,host,version,since\n";
    let row = |server: &str| format!("SCS_TEST/MON/MAGNET,magnetClass,{server},scs-rr-01,1.0.0,2026-11-21T02:47:00Z\n");
    let id = test.device("magnet").await.id;
    let running = || test.app.projection.read().places(id).len();

    std::fs::write(&table, format!("{head}{}{}", row(REDUCED), row(FULL))).unwrap();
    let refused = observe(&test.url, &table, &token, &[]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("speaks for") && !said.contains(&secret), "{said}");
    assert_eq!(running(), 0);

    let done = observe(&test.url, &table, &token, &["--server", REDUCED]).await;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(said, "1 reported: 0 gone, 0 not registered\n");
    assert_eq!(running(), 1);

    // Of a name that is mistyped nothing is found, and that says nothing of the server that the token speaks for.
    let mistyped = observe(&test.url, &table, &token, &["--server", "cppServer/contrib_scs_1"]).await;
    let said = String::from_utf8_lossy(&mistyped.stderr).into_owned();
    assert_eq!(mistyped.status.code(), Some(2), "{said}");
    assert!(said.contains(&format!("speaks for {REDUCED} only, not for cppServer/contrib_scs_1.")), "{said}");
    assert_eq!(running(), 1);

    // A table that lost its first line would else say that nothing runs.
    std::fs::write(&table, "").unwrap();
    assert_eq!(observe(&test.url, &table, &token, &[]).await.status.code(), Some(2));
    assert_eq!(running(), 1);
    std::fs::write(&table, head).unwrap();
    assert_eq!(observe(&test.url, &table, &token, &["--partial"]).await.status.code(), Some(0));
    assert_eq!(running(), 1);
    assert_eq!(observe(&test.url, &table, &token, &["--server", REDUCED]).await.status.code(), Some(0));
    assert_eq!(running(), 0, "of the right server it says that nothing runs there");

    let nobody = Reserved::new();
    let away = observe(&format!("http://{}", nobody.at), &table, &token, &[]).await;
    assert_eq!(away.status.code(), Some(1), "{}", String::from_utf8_lossy(&away.stderr));
    let open = observe("http://custody.example.org", &table, &token, &[]).await;
    assert_eq!(open.status.code(), Some(2), "the token is not sent in the open");
}

/// G10: what an address answers is reported as a file is; what leads elsewhere, fails, is no text or is too much is not.
#[tokio::test]
async fn g10_the_agent_reads_from_an_address() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let scope = TokenScope::Observe(REDUCED.into());
    let (_, secret) = tokens::create(&test.app, &test.caller("lena"), "agent", scope, 30).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    std::fs::write(&token, &secret).unwrap();
    let source = ChatServer::start().await;
    let id = test.device("magnet").await.id;
    let head = "instance,class,server,host,version,since\n";
    let row = format!("{head}SCS_TEST/MON/MAGNET,magnetClass,{REDUCED},scs-rr-01,1.0.0,2026-11-21T02:47:00Z\n");
    let large = format!("{row}{}", "#".repeat(2 << 20));
    for (status, header, body, code, running) in [
        (302, Some(("location", "/elsewhere")), "", 1, 0),
        (500, None, row.as_str(), 1, 0),
        (200, None, large.as_str(), 2, 0),
        (200, None, "<title>Sign in</title>", 2, 0),
        (200, None, row.as_str(), 0, 1),
    ] {
        source.answers(status, header, body);
        let done = observe(&test.url, Path::new(&source.url), &token, &[]).await;
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(code), "{status}: {said}");
        assert_eq!(test.app.projection.read().places(id).len(), running, "{status}");
        assert!(!said.contains(&secret), "{said}");
    }
}
