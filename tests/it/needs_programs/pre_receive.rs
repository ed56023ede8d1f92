//! The hook for git servers, in a real repository, asked by real pushes over file and over http (G2, A3, A14, A19, T10).
//! It needs curl.

use crate::{
    app::TestApp,
    http_server::{Behaviour, HttpServer},
};
use custody::domain::lifecycle::Command as Act;
use std::{
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::Path,
    process::Stdio,
};
use tokio::process::Command;

/// Somebody's clone of the device's repository, which has the hook.
struct Clone {
    folder: tempfile::TempDir,
    /// Where it pushes to.
    to: String,
    who: &'static str,
}

impl Clone {
    async fn git(&self, arguments: &[&[u8]]) -> (bool, String) {
        let mut all = Command::new("git");
        arguments.iter().for_each(|a| {
            all.arg(std::ffi::OsStr::from_bytes(a));
        });
        let done = all
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path())
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"), ("LC_ALL", "C")])
            .envs([("GIT_AUTHOR_NAME", "Lena"), ("GIT_AUTHOR_EMAIL", "lena@example.org")])
            .envs([("GIT_COMMITTER_NAME", "Lena"), ("GIT_COMMITTER_EMAIL", "lena@example.org")])
            .envs([("REMOTE_USER", self.who), ("GIT_TERMINAL_PROMPT", "0")])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
    }

    async fn must(&self, arguments: &[&str]) {
        let bytes: Vec<&[u8]> = arguments.iter().map(|a| a.as_bytes()).collect();
        let (done, said) = self.git(&bytes).await;
        assert!(done, "git {arguments:?}: {said}");
    }

    async fn push(&self, what: &[&str]) -> (bool, String) {
        let mut all: Vec<&[u8]> = vec![b"push", b"-f", self.to.as_bytes()];
        all.extend(what.iter().map(|w| w.as_bytes()));
        self.git(&all).await
    }

    /// A commit on this branch, and a tag on it.
    async fn tags(&self, branch: &str, tag: &str) {
        self.must(&["checkout", "-q", "-B", branch]).await;
        self.must(&["commit", "-q", "--allow-empty", "-m", tag]).await;
        self.must(&["tag", "-a", "-m", tag, tag]).await;
    }

    async fn takes(&self, what: &[&str]) {
        let (done, said) = self.push(what).await;
        assert!(done, "{what:?} by {}: {said}", self.who);
    }

    async fn refuses(&self, what: &[&str], because: &str) {
        let (done, said) = self.push(what).await;
        assert!(!done && said.contains(because), "{what:?} by {}: {said}", self.who);
    }
}

/// The hook as the device's repository has it, with its settings.
async fn install(test: &TestApp, name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/tools/pre-receive");
    let hooks = test.repository.folder().join("hooks");
    let _ = std::fs::remove_dir_all(&hooks);
    std::fs::create_dir_all(&hooks).unwrap();
    std::fs::copy(file, hooks.join(name)).unwrap();
    std::fs::set_permissions(hooks.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    let token = test.dir.path().join("hook.token");
    std::fs::write(&token, format!("{}\n", test.evidence_token("magnet").await)).unwrap();
    for (key, value) in [
        ("receive.denyCurrentBranch", "ignore"),
        ("receive.denyDeletes", "false"),
        ("custody.url", &test.url),
        ("custody.repository", &test.repository.file_address()),
        ("custody.tokenfile", &token.to_string_lossy()),
    ] {
        test.repository.git(&["config", key, value]);
    }
}

async fn clone(test: &TestApp, to: String, who: &'static str) -> Clone {
    let clone = Clone { folder: tempfile::tempdir().unwrap(), to, who };
    clone.must(&["clone", "-q", &test.repository.file_address(), "."]).await;
    clone
}

/// What holds by whatever way is pushed.
async fn good_in_and_bad_out(lena: &Clone, ilse: &Clone) {
    lena.tags("main", "1.1.0").await;
    lena.takes(&["main", "1.1.0"]).await;
    // Branches pass, whoever pushes them.
    ilse.tags("idea", "1.9.0").await;
    ilse.takes(&["idea"]).await;
    ilse.refuses(&["1.9.0"], "not known as one of CTRL").await;
    ilse.refuses(&["1.9.0"], "is not on the trunk main").await;
    for (tag, because) in [
        ("1.2.0-dirty", "A dirty build is no release"),
        ("1.2.0-DIRTY", "A dirty build is no release"),
        ("\u{ff11}.2.0", "not plain ASCII"),
        ("1.2.0\u{200b}", "not plain ASCII"),
        ("1%2E2", "percent sign"),
        ("release\"'$(id)`id`", "syntax of git"),
        ("nightly", "not a name by the facility"),
    ] {
        lena.tags("main", tag).await;
        lena.refuses(&["main", &format!("refs/tags/{tag}")], because).await;
    }
    lena.must(&["tag", "-f", "-a", "-m", "moved", "1.0.0", "HEAD"]).await;
    lena.refuses(&["1.0.0"], "for ever: make a new tag").await;
    lena.must(&["tag", "-f", "-a", "-m", "moved", "1.1.0", "HEAD"]).await;
    lena.refuses(&["1.1.0"], "does not move").await;
    lena.refuses(&[":refs/tags/1.0.0"], "its tag stays").await;
    lena.must(&["tag", "1.3.0", "HEAD^{tree}"]).await;
    lena.refuses(&["1.3.0"], "leads to a tree").await;
    lena.must(&["tag", "-a", "-m", "x", "1.4.0", "HEAD"]).await;
    lena.must(&["branch", "1.4.0"]).await;
    lena.refuses(&["main", "refs/heads/1.4.0", "refs/tags/1.4.0"], "name of a branch too").await;
    // Of several, one bad is enough, and none of them is in.
    lena.must(&["tag", "-a", "-m", "x", "1.5.0", "HEAD"]).await;
    lena.refuses(&["main", "1.5.0", "refs/tags/nightly"], "nightly").await;
    lena.takes(&["main", "1.5.0"]).await;
}

/// G2, A3, A14, A19, T10: over file.
#[tokio::test]
async fn g2_tags_are_judged_when_they_are_pushed() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    install(&test, "pre-receive").await;
    let (lena, ilse) = (
        clone(&test, test.repository.file_address(), "lena").await,
        clone(&test, test.repository.file_address(), "ilse").await,
    );
    good_in_and_bad_out(&lena, &ilse).await;
    test.does("lena", "magnet", Act::VerifyTag { tag: crate::given::tag("1.1.0") }).await.unwrap();

    // As an update hook, which is asked of each reference.
    install(&test, "update").await;
    lena.tags("main", "1.6.0").await;
    lena.takes(&["main"]).await;
    lena.takes(&["1.6.0"]).await;
    lena.tags("main", "1.7.0-dirty").await;
    lena.refuses(&["1.7.0-dirty"], "A dirty build is no release").await;
}

/// G2, A3, A14, A19, T10: over http, where the server says who pushes.
#[tokio::test]
async fn g2_tags_are_judged_over_http() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    install(&test, "pre-receive").await;
    let root = test.repository.root().to_owned();
    let of_lena = HttpServer::start(Behaviour::Take(root.clone(), "lena")).await;
    let of_ilse = HttpServer::start(Behaviour::Take(root, "ilse")).await;
    // Whoever they say that they are themselves counts for nothing.
    let (lena, ilse) = (clone(&test, of_lena.address(), "ilse").await, clone(&test, of_ilse.address(), "lena").await);
    good_in_and_bad_out(&lena, &ilse).await;
}

/// G2: where Custody cannot be asked, the setting says what happens; branches pass as ever.
#[tokio::test]
async fn g2_the_hook_without_custody() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    install(&test, "pre-receive").await;
    let lena = clone(&test, test.repository.file_address(), "lena").await;
    lena.tags("main", "1.1.0").await;
    lena.must(&["tag", "nightly"]).await;
    lena.must(&["tag", "v2"]).await;
    lena.must(&["tag", "\u{ff11}.2.0"]).await;
    for (key, value, says) in [
        ("custody.url", "http://127.0.0.1:1", "cannot be asked"),
        ("custody.tokenfile", "/nothing/here", "have to be set"),
        ("custody.repository", "https://git.example.org/other.git", "in another repository"),
    ] {
        install(&test, "pre-receive").await;
        test.repository.git(&["config", key, value]);
        lena.takes(&["main"]).await;
        for tag in ["1.1.0", "v2", "\u{ff11}.2.0"] {
            lena.refuses(&[&format!("refs/tags/{tag}")], says).await;
        }
        let (done, said) = lena.push(&["nightly"]).await;
        assert!(done && said.contains(says), "{said}");
        lena.takes(&[":nightly"]).await;
    }
    test.repository.git(&["config", "custody.whenaway", "accept"]);
    let (done, said) = lena.push(&["1.1.0"]).await;
    assert!(done && said.contains("verifies it later"), "{said}");
}

/// G2: where the server cannot write what it judges by, no push is let through, and that is said.
#[tokio::test]
async fn g2_what_cannot_be_looked_at_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let hook = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/tools/pre-receive");
    let programs = folder.path().join("bin");
    std::fs::create_dir(&programs).unwrap();
    let (old, new) = ("0".repeat(40), "a1".repeat(20));
    let runs = async |reference: &str, arguments: &[&str], path: String| {
        std::fs::write(folder.path().join("pushed"), format!("{old} {new} {reference}\n")).unwrap();
        let pushed = std::fs::File::open(folder.path().join("pushed")).unwrap();
        let mut command = Command::new("/bin/sh");
        command.arg(&hook).args(arguments).current_dir(folder.path()).env("PATH", path).stdin(pushed);
        let done = command.output().await.unwrap();
        (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let path = std::env::var("PATH").unwrap();
    assert_eq!(runs("refs/heads/main", &[], path.clone()).await, (true, String::new()));
    // What a full disk or a read-only one does: no folder, a folder that takes no file, a search that is cut off.
    for (program, does) in [("mktemp", "exit 1"), ("mktemp", "echo /nothing/here"), ("grep", "exit 2")] {
        let file = programs.join(program);
        std::fs::write(&file, format!("#!/bin/sh\n{does}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        let broken = format!("{}:{path}", programs.display());
        for (reference, arguments) in [
            ("refs/tags/1.0.0", &[][..]),
            ("refs/heads/main", &[]),
            ("", &["refs/tags/1.0.0", old.as_str(), new.as_str()]),
        ] {
            let (taken, said) = runs(reference, arguments, broken.clone()).await;
            assert!(
                !taken && said.contains("cannot write its temporary files"),
                "{program} {does} {reference}: {said}"
            );
        }
        std::fs::remove_file(&file).unwrap();
    }
}
