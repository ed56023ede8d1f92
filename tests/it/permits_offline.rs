//! The command line as pipelines and hosts run it: `custody gate`, `custody deployment report`, `custody permit verify`,
//! `custody keys` (G9, A11 to A13, F14).

use crate::{
    app::{FULL, REDUCED, TestApp},
    given::tag,
    permits::ANY,
    postgres,
};
use chrono::Utc;
use custody::domain::lifecycle::Command;
use std::path::Path;

/// Runs the program in a folder; its exit code, and what it said.
async fn runs(folder: &Path, token: &str, args: &[&str]) -> (i32, String, String) {
    let done = tokio::process::Command::new(env!("CARGO_BIN_EXE_custody"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("CUSTODY_TOKEN", token)
        .stdin(std::process::Stdio::null())
        .output()
        .await
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

/// G9, A11: from the gate to the report; the host decides from the keys alone, once.
#[tokio::test]
async fn g9_a_pipeline_asks_and_a_host_verifies() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    // The program's clock is the machine's.
    test.advance(Utc::now() - test.app.clock.now());
    let token = test.deploy_token("lena", ANY).await;
    let folder = tempfile::tempdir().unwrap();
    let run = async |args: &[&str]| runs(folder.path(), &token, args).await;
    let gate = |tag: &'static str, server: &'static str, more: &[&'static str]| {
        let mut all = vec!["gate", "--device", "magnet", "--tag", tag, "--server", server, "--url", &test.url];
        all.extend_from_slice(more);
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let run_gate = async |args: Vec<String>| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        run(&args).await
    };

    let (code, out, err) = run_gate(gate("1.0.0", FULL, &["--dry-run"])).await;
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("ALLOWED  magnet 1.0.0 onto ") && out.contains("met   G1"), "{out}");
    let (code, out, _) = run_gate(gate("1.0.0", REDUCED, &[])).await;
    assert_eq!(code, 1, "{out}");
    assert!(out.starts_with("REFUSED") && out.contains("OPEN  G1") && out.contains("hand the device back"), "{out}");
    assert_eq!(run_gate(gate("1.0.0-dirty", FULL, &[])).await.0, 2);
    assert_eq!(run(&["gate", "--device", "magnet"]).await.0, 2);
    let (code, _, err) =
        run(&["gate", "--device", "m", "--tag", "1.0.0", "--server", "s", "--url", "http://127.0.0.1:1"]).await;
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("cannot be reached"), "{err}");
    let (code, _, err) = runs(folder.path(), "", &["gate", "--device", "m", "--tag", "1", "--server", "s"]).await;
    assert_eq!(code, 2, "{err}");

    // A20: the job's tree is of another commit than the release.
    let (own, head) = (test.commit_of("1.0.0").to_string(), test.commit_of("HEAD").to_string());
    for dry in [&["--dry-run"][..], &[]] {
        let mut args = gate("1.0.0", FULL, dry);
        args.extend(["--commit".to_owned(), head.clone()]);
        let (code, out, _) = run_gate(args).await;
        assert!(code == 1 && out.contains("OPEN  Tag") && out.contains("the release's own commit"), "{code} {out}");
    }
    let mut args = gate("1.0.0", FULL, &["--json", "--permit-file", "permit"]);
    args.extend(["--commit".to_owned(), own.clone()]);
    let (code, out, err) = run_gate(args).await;
    assert_eq!(code, 0, "{err}");
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(folder.path().join("permit")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let keys = reqwest::get(format!("{}/.well-known/jwks.json", test.url)).await.unwrap().text().await.unwrap();
    std::fs::write(folder.path().join("jwks.json"), &keys).unwrap();
    let verify = async |more: &[&str]| {
        let mut all = vec!["permit", "verify", "--keys", "jwks.json"];
        all.extend_from_slice(more);
        run(&all).await
    };
    let all = ["--server", FULL, "--device", "magnet", "--tag", "1.0.0", "--commit", &own, "permit"];
    let (code, out, err) = verify(&all).await;
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("PERMITTED  magnet 1.0.0 onto "), "{out}");
    // A13: of an old copy nobody knows what was revoked since.
    let young = ["--server", FULL, "--keys-max-age-hours", "24", "permit"];
    assert_eq!(verify(&young).await.0, 0);
    let copy = std::fs::File::open(folder.path().join("jwks.json")).unwrap();
    for hours in [25, -25] {
        let day = std::time::Duration::from_secs(25 * 3600);
        let now = std::time::SystemTime::now();
        copy.set_modified(if hours > 0 { now - day } else { now + day }).unwrap();
        let (code, _, err) = verify(&young).await;
        assert!(code == 1 && err.contains("fetch /.well-known/jwks.json anew"), "{hours}: {err}");
    }
    for wrong in [
        vec!["--server", REDUCED, "permit"],
        vec!["--server", FULL, "--device", "camera", "permit"],
        vec!["--server", FULL, "--tag", "1.0.1", "permit"],
        vec!["--server", FULL, "--commit", &head, "permit"],
        vec!["--server", FULL, "--issuer", "https://evil.example.org", "permit"],
        vec!["--server", FULL, "not.a.permit"],
        vec!["--server", FULL, "-"],
    ] {
        let (code, out, err) = verify(&wrong).await;
        assert_eq!((code, out.as_str()), (1, ""), "{wrong:?}");
        assert!(err.starts_with("REFUSED"), "{err}");
    }
    let spend = ["--server", FULL, "--spent", "spent", "permit"];
    assert_eq!(verify(&["--server", REDUCED, "--spent", "spent", "permit"]).await.0, 1, "refused uses nothing up");
    let both = tokio::join!(verify(&spend), verify(&spend));
    assert_eq!(both.0.0 + both.1.0, 1, "one of two at once: {both:?}");
    let (code, _, err) = verify(&spend).await;
    assert_eq!(code, 1);
    assert!(err.contains("used on this host already"), "{err}");
    std::fs::write(folder.path().join("bad.json"), keys.replace("Ed25519", "X25519")).unwrap();
    assert_eq!(run(&["permit", "verify", "--keys", "bad.json", "--server", FULL, "permit"]).await.0, 2);

    let id = answer["id"].as_str().unwrap();
    let report = async |more: &[&str]| {
        let mut all = vec!["deployment", "report", "--deployment", id, "--url", &test.url];
        all.extend_from_slice(more);
        run(&all).await
    };
    assert_eq!(report(&["--what", "started"]).await.0, 2, "the permit is needed");
    assert_eq!(report(&["--what", "succeeded"]).await.0, 1);
    assert_eq!(report(&["--what", "started", "--permit", "permit"]).await.0, 0);
    assert_eq!(report(&["--what", "started", "--permit", "permit"]).await.0, 1, "once");
    assert_eq!(report(&["--what", "tests_after", "--result", "passed"]).await.0, 0);
    let (code, out, _) = report(&["--what", "succeeded", "--link", "https://ci.example.org/1"]).await;
    assert_eq!((code, out.as_str()), (0, "Taken: succeeded. The deployment is succeeded.\n"));
    assert_eq!(report(&["--what", "failed"]).await.0, 2, "a reason is needed");
    test.does("lena", "magnet", Command::CheckTag { tag: tag("1.0.0") }).await.unwrap();
}

/// E1, G9: a token goes to no address where others could read it on its way; on the machine itself it may.
#[tokio::test]
async fn e1_a_token_goes_over_no_network_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let id = "018f2b7e-0000-7000-8000-000000000000";
    let commit = "a1".repeat(20);
    for args in [
        &["gate", "--device", "m", "--tag", "1.0.0", "--server", "s"][..],
        &["gate", "--device", "m", "--tag", "1.0.0", "--server", "s", "--dry-run"],
        &["deployment", "report", "--deployment", id, "--what", "succeeded"],
        &["stage", "--device", "m", "--tag", "1.0.0", "--stage", "built", "--result", "passed", "--commit", &commit],
    ] {
        for (url, expected, says) in [
            ("http://custody.example.org", 2, "the token would go over the network unencrypted; use https"),
            ("http://192.0.2.7:8080/", 2, "unencrypted"),
            ("http://127.0.0.1:1", 3, "cannot be reached"),
            ("http://[::1]:1", 3, "cannot be reached"),
        ] {
            let all: Vec<&str> = args.iter().copied().chain(["--url", url]).collect();
            let (code, _, err) = runs(folder.path(), "custody_1", &all).await;
            assert!(code == expected && err.contains(says), "{all:?}: {code} {err}");
        }
    }
}

/// A13: keys on the data directory, while Custody serves from it too.
#[tokio::test]
async fn a13_keys_are_kept_from_the_command_line() {
    let test = TestApp::new().await;
    custody::service::permits::keep(&test.app).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = postgres::flags(test.dir.path());
    let keys = async |args: &[&str]| {
        let mut all = vec!["keys"];
        all.extend_from_slice(args);
        all.extend(data.iter().map(String::as_str));
        runs(folder.path(), "", &all).await
    };
    let (code, out, err) = keys(&["list"]).await;
    assert_eq!(code, 0, "{err}");
    assert!(out.trim_end().ends_with("signs"), "{out}");
    let first = out.split_whitespace().next().unwrap().to_owned();
    assert_eq!(keys(&["rotate"]).await.0, 0);
    let (_, out, _) = keys(&["list"]).await;
    assert!(out.contains("signs until") && out.contains("published, signs next"), "{out}");
    assert_eq!(keys(&["revoke", &first]).await.0, 0);
    assert_eq!(keys(&["revoke", &first]).await.0, 2, "there is none any more");
    let (code, _, err) = keys(&["revoke", "-begins-like-a-flag"]).await;
    assert!(code == 2 && !err.contains("unexpected argument"), "{err}");
    assert!(keys(&["list"]).await.1.contains("revoked"));
    assert_eq!(custody::service::permits::published(&test.app).await.unwrap().keys.len(), 1);
    assert!(custody::store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}
