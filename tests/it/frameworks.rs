//! Which version of the framework releases are built against, what production makes of it, and the updates that Custody
//! proposes (G6).

use crate::{
    app::{FULL, REDUCED, TestApp},
    git_verify::rules_for,
    given::{operated, policy_with, policy_with_servers, tag},
    http_server::{Behaviour, HttpServer},
    repository::Repository,
};
use chrono::Duration;
use custody::{
    domain::{
        framework::{BuiltAgainst, BuiltWith},
        lifecycle::{Command, GateId},
        policy::Policy,
        refusal::Code,
        repository::RepositoryAddress,
        stage::Stage,
    },
    ports::git::{Git, Limits, Update as Wanted, Updated},
    service::{
        Error, checks,
        frameworks::{self, Update, UpdateState},
        reminders,
    },
    store,
};
use serde_json::json;
use std::{fs, os::unix::fs::PermissionsExt};

/// Today 3.0.4 is current, deprecated from December on and rejected from January on.
const KNOWN: &str = r#"
[[frameworks.known]]
name = "Karabo"
versions = [
    "3.1.2",
    { version = "3.0.4", deprecated = 2026-12-01, rejected = 2027-01-01 },
    { version = "2.20.4", deprecated = 2025-01-01, rejected = 2026-01-01 },
]
"#;

const PATTERN: &str = "^karabo==([0-9.]+)$";
const BRANCH: &str = "custody/karabo-3.1.2";

fn builds(pattern: &str) -> Command {
    Command::BuildAgainst { framework: "Karabo".to_owned(), file: "v.txt".to_owned(), pattern: pattern.to_owned() }
}

impl TestApp {
    async fn with_frameworks(more: &str) -> Self {
        Self::with_policy(&policy_with(&format!("[frameworks]\n{more}{KNOWN}"))).await
    }

    /// Puts what is in the work tree onto the trunk, tagged where a name is given.
    fn commits_work(&self, name: Option<&str>) {
        self.repository.git(&["add", "-A"]);
        self.repository.git(&["commit", "-q", "--allow-empty", "-m", "another version"]);
        if let Some(name) = name {
            self.repository.git(&["tag", "-a", "-m", name, name]);
        }
    }

    /// The version that the trunk's file says from now on.
    fn file_says(&self, version: &str, name: Option<&str>) {
        fs::write(self.repository.root().join("work/v.txt"), format!("karabo=={version}\n")).unwrap();
        self.commits_work(name);
    }

    async fn built_with(&self, name: &str) -> Option<BuiltWith> {
        self.device("magnet").await.release(&tag(name)).unwrap().framework.clone()
    }

    async fn built_version(&self, name: &str) -> Option<String> {
        self.built_with(name).await?.version().map(str::to_owned)
    }

    async fn has_verified(&self, who: &str, name: &str) {
        self.does(who, "magnet", Command::VerifyTag { tag: tag(name) }).await.unwrap();
    }

    async fn checks_round(&self) {
        checks::round(&self.app).await.unwrap();
        self.shown().await;
    }

    async fn framework_updates(&self) -> Vec<Update> {
        frameworks::look(&self.app, "magnet").await.unwrap().1
    }

    async fn framework_update(&self) -> Update {
        let mut all = self.framework_updates().await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// In reduced support, with a release that is built against a rejected version.
    async fn is_outdated(&self) {
        self.reduced_support("magnet").await;
        self.file_says("2.20.4", Some("1.1.0"));
        self.does("ilse", "magnet", builds(PATTERN)).await.unwrap();
        self.has_verified("ilse", "1.1.0").await;
        assert_eq!(self.built_version("1.1.0").await.as_deref(), Some("2.20.4"));
    }

    /// The same in a repository that a server has, which takes what is pushed.
    async fn with_outdated(more: &str) -> (Self, HttpServer) {
        let policy = format!("{}[frameworks]\n{more}{KNOWN}", policy_with_servers(60));
        let test = Self::with_policy(&policy).await;
        test.repository.git(&["config", "http.receivepack", "true"]);
        let server = HttpServer::start(Behaviour::Serve(test.repository.root().to_owned())).await;
        test.repository.is_served_at(server.address());
        test.is_outdated().await;
        (test, server)
    }

    /// What the repository does with every push.
    fn does_with_pushes(&self, script: &str) -> std::path::PathBuf {
        let hooks = self.repository.folder().join("hooks");
        fs::create_dir_all(&hooks).unwrap();
        let hook = hooks.join("pre-receive");
        fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
        hook
    }

    async fn deploys_by_hand(&self, name: &str, server: &str) -> custody::service::Result<()> {
        let command = Command::Deploy { server: server.into(), tag: Some(tag(name)) };
        self.does("lena", "magnet", command).await.map(|_| ())
    }
}

fn why(built: Option<BuiltWith>) -> String {
    match built {
        Some(BuiltWith::NotFound { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

/// G6: the version is the one that the file says at the tag, whatever the trunk says by now; a release without the file
/// has none, and is a release all the same.
#[tokio::test]
async fn g6_the_version_is_read_at_the_tag() {
    let test = TestApp::with_frameworks("").await;
    test.reduced_support("magnet").await;
    test.file_says("3.0.4", Some("1.1.0"));
    test.file_says("3.1.2", None);
    test.does("ilse", "magnet", builds(PATTERN)).await.unwrap();
    test.has_verified("ilse", "1.1.0").await;
    assert_eq!(test.built_version("1.1.0").await.as_deref(), Some("3.0.4"));
    test.has_verified("ilse", "1.0.0").await;
    assert!(why(test.built_with("1.0.0").await).contains("There is no v.txt"));
    let device = test.device("magnet").await;
    assert_eq!(test.replayed(&device).await, device);
}

/// G6: what is on record before anybody said which file counts is read by the regular checks, and again once another
/// pattern is said; a person can have it read at once.
#[tokio::test]
async fn g6_releases_on_record_are_read_later() {
    let test = TestApp::with_frameworks("").await;
    test.reduced_support("magnet").await;
    test.file_says("3.0.4", Some("1.1.0"));
    test.has_verified("ilse", "1.1.0").await;
    assert_eq!(test.built_with("1.1.0").await, None);
    test.does("ilse", "magnet", builds(PATTERN)).await.unwrap();
    test.checks_round().await;
    assert_eq!(test.built_version("1.1.0").await.as_deref(), Some("3.0.4"));
    test.does("ilse", "magnet", builds("^tango==([0-9.]+)$")).await.unwrap();
    assert_eq!(test.built_with("1.1.0").await, None);
    test.does("lena", "magnet", Command::ReadFramework { tag: tag("1.1.0") }).await.unwrap();
    assert!(why(test.built_with("1.1.0").await).contains("finds nothing"));
    let revision = test.device("magnet").await.revision;
    test.checks_round().await;
    assert!(test.built_with("1.1.0").await.is_some());
    test.checks_round().await;
    assert!(test.device("magnet").await.revision <= revision + 1, "what was read is not read again");
    // A tag that moved is not read as what was verified.
    test.does("ilse", "magnet", builds(PATTERN)).await.unwrap();
    test.repository.git(&["tag", "-f", "-a", "-m", "moved", "1.1.0", "main~1"]);
    let moved = test.does("lena", "magnet", Command::ReadFramework { tag: tag("1.1.0") }).await;
    assert!(matches!(&moved, Err(Error::Refused(r)) if r.code == Code::NoSuchThing), "{moved:?}");
    assert_eq!(test.built_with("1.1.0").await, None);
}

/// G6, A16: what is no plain text of bounded size is not read: a symbolic link, a folder, a file without end, one that is
/// not UTF-8. The tag is a release all the same.
#[tokio::test]
async fn g6_what_is_no_text_is_not_read() {
    let test = TestApp::with_frameworks("").await;
    test.reduced_support("magnet").await;
    test.does("ilse", "magnet", builds(PATTERN)).await.unwrap();
    let file = test.repository.root().join("work/v.txt");
    std::os::unix::fs::symlink("/etc/passwd", &file).unwrap();
    test.commits_work(Some("1.1.0"));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    fs::write(file.join("v.txt"), "karabo==3.0.4\n").unwrap();
    test.commits_work(Some("1.2.0"));
    fs::remove_dir_all(&file).unwrap();
    fs::write(&file, format!("karabo==3.0.4\n{}", "x".repeat(256 << 10))).unwrap();
    test.commits_work(Some("1.3.0"));
    fs::write(&file, b"karabo==3.0.4\n\xff\xfe").unwrap();
    test.commits_work(Some("1.4.0"));
    for (name, says) in [
        ("1.1.0", "a symbolic link"),
        ("1.2.0", "a folder"),
        ("1.3.0", "larger than 256 KiB"),
        ("1.4.0", "not a text in UTF-8"),
    ] {
        test.has_verified("ilse", name).await;
        let why = why(test.built_with(name).await);
        assert!(why.contains(says), "{name}: {why}");
    }
    for (file, pattern) in
        [("../v.txt", PATTERN), ("/etc/passwd", PATTERN), ("v.txt", "(a{1000}){1000}"), ("v.txt", "x")]
    {
        let command = Command::BuildAgainst { framework: "Karabo".into(), file: file.into(), pattern: pattern.into() };
        let refused = test.does("ilse", "magnet", command).await;
        assert!(matches!(&refused, Err(Error::Refused(r)) if r.code == Code::Incomplete), "{file}: {refused:?}");
    }
}

/// G6, T10: whoever has no part in it says nothing, and of what CTRL owns its contributors say no more.
#[tokio::test]
async fn g6_strangers_say_nothing() {
    let test = TestApp::with_frameworks("").await;
    test.ctrl_owned("magnet").await;
    for who in ["noor", "otto", "ada", "ilse"] {
        let refused = test.does(who, "magnet", builds(PATTERN)).await;
        assert!(matches!(&refused, Err(Error::Refused(r)) if r.code == Code::NotYours), "{who}: {refused:?}");
        let put = json!({ "framework": "Karabo", "file": "v.txt", "pattern": PATTERN });
        let (status, said) = test.acts(who).await.put("/devices/magnet/framework", put).await;
        assert_eq!((status, said["code"].as_str()), (403, Some("not_yours")), "{who}: {said}");
    }
    test.does("lena", "magnet", builds(PATTERN)).await.unwrap();
}

/// G6: a release that is built against a rejected version does not go into production, by hand nor by permit, with the
/// gate that says why; a deprecated one goes with a word, until its day has come.
#[tokio::test]
async fn g6_production_refuses_rejected_versions() {
    let test = TestApp::with_frameworks("").await;
    test.ctrl_owned("magnet").await;
    test.does("lena", "magnet", builds(PATTERN)).await.unwrap();
    for (version, name) in [("2.20.4", "1.1.0"), ("3.0.4", "1.2.0")] {
        test.file_says(version, Some(name));
        test.on_staging("magnet", name).await;
        test.reports_stage("jonas", "magnet", name, Stage::Deployable, true).await.unwrap();
    }
    let refused = |result: custody::service::Result<()>| match result {
        Err(Error::Refused(r)) => {
            let open: Vec<GateId> = r.gates.iter().filter(|g| g.is_open()).map(|g| g.id).collect();
            assert_eq!(open, [GateId::G6], "{}", r.sentence);
            r.sentence
        }
        other => panic!("{other:?}"),
    };
    let why = refused(test.deploys_by_hand("1.1.0", FULL).await);
    assert!(why.contains("Karabo 2.20.4, rejected since 1 Jan 2026: update it to 3.1.2"), "{why}");
    let lena = test.acts("lena").await;
    let check = format!("/deployments/check?device=magnet&tag=1.1.0&server={}", FULL.replace('/', "%2F"));
    let (status, said) = lena.get(&check).await;
    assert_eq!(status, 409, "{said}");
    let gate = said["gates"].as_array().unwrap().iter().find(|g| g["id"] == "G6").unwrap();
    assert_eq!(gate["met"], false, "{said}");

    test.deploys_by_hand("1.2.0", FULL).await.unwrap();
    test.advance(Duration::days(10));
    test.deploys_by_hand("1.2.0", FULL).await.unwrap();
    let page = test.stranger().page("/devices/magnet/releases/1.2.0").await;
    assert!(page.contains("deprecated since 1 Dec 2026, rejected from 1 Jan 2027 on"), "{page}");
    test.advance(Duration::days(31));
    assert!(refused(test.deploys_by_hand("1.2.0", FULL).await).contains("rejected since 1 Jan 2027"));
}

/// G6: a placed release whose version is deprecated from that day on is told once, and stands on the page of whoever
/// updates it.
#[tokio::test]
async fn g6_a_day_that_has_come_is_told_once() {
    let test = TestApp::with_frameworks("").await;
    test.reduced_support("magnet").await;
    test.file_says("3.0.4", Some("1.1.0"));
    test.does("ilse", "magnet", builds(PATTERN)).await.unwrap();
    test.has_verified("ilse", "1.1.0").await;
    let deploy = Command::Deploy { server: REDUCED.into(), tag: Some(tag("1.1.0")) };
    test.does("ilse", "magnet", deploy).await.unwrap();
    let told = async || {
        reminders::send(&test.app, &[test.device("magnet").await]).await.unwrap();
        let all = test.was_told("ilse").await;
        all.into_iter().filter(|t| t.contains("is built against Karabo 3.0.4")).count()
    };
    assert_eq!(told().await, 0, "it is current today");
    test.advance(Duration::days(10));
    assert_eq!((told().await, told().await), (1, 1), "told once");
    test.advance(Duration::days(31));
    assert_eq!((told().await, told().await), (2, 2), "and once that it is rejected");
    // What the next step asks of her comes first.
    test.does("ilse", "magnet", operated()).await.unwrap();
    let page = test.browser("ilse").await.page("/my").await;
    assert!(page.contains("Update Karabo 3.0.4"), "{page}");
}

/// G6: for what is outdated Custody pushes a branch with the one line, once, and changes nothing else; the next release
/// that has it ends the update.
#[tokio::test]
async fn g6_an_update_is_proposed_once() {
    let (test, _server) = TestApp::with_outdated("propose = true\npropose_address = \"custody@example.org\"\n").await;
    let trunk = test.repository.id("main");
    test.checks_round().await;
    let git = |arguments: &[&str]| test.repository.git(arguments);
    assert_eq!(git(&["show", &format!("{BRANCH}:v.txt")]), "karabo==3.1.2");
    assert_eq!(git(&["diff", "--name-only", "main", BRANCH]), "v.txt");
    assert_eq!(
        git(&["log", "-1", "--format=%an <%ae> %s", BRANCH]),
        "Custody <custody@example.org> Update Karabo to 3.1.2"
    );
    assert_eq!((git(&["rev-parse", &format!("{BRANCH}~1")]), test.repository.id("main")), (trunk.clone(), trunk));
    let update = test.framework_update().await;
    assert_eq!((update.state, update.branch.as_deref(), update.tries), (UpdateState::Proposed, Some(BRANCH), 0));
    let proposed = test.device("magnet").await.built.proposed.unwrap();
    assert_eq!((proposed.branch.as_str(), proposed.commit.as_str()), (BRANCH, test.repository.id(BRANCH).as_str()));
    let told = test.was_told("ilse").await;
    assert_eq!(told.iter().filter(|t| t.contains("proposed the update to Karabo 3.1.2")).count(), 1, "{told:?}");
    let revision = test.device("magnet").await.revision;
    test.checks_round().await;
    assert_eq!(test.device("magnet").await.revision, revision, "once");
    let page = test.browser("ilse").await.page("/devices/magnet").await;
    assert!(page.contains(BRANCH) && page.contains("id=\"framework\""), "{page}");

    test.repository.git(&["merge", "-q", "--ff-only", BRANCH]);
    test.repository.git(&["tag", "-a", "-m", "1.2.0", "1.2.0"]);
    test.checks_round().await;
    assert_eq!(test.built_version("1.2.0").await.as_deref(), Some("3.1.2"), "the new tag is found by itself");
    test.checks_round().await;
    assert_eq!(test.framework_update().await.state, UpdateState::Done);
    let device = test.device("magnet").await;
    assert_eq!(test.replayed(&device).await, device);
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// G6: what a crash left between the push and the record is found in the repository and put on record, not pushed anew.
#[tokio::test]
async fn g6_a_branch_that_has_it_is_taken_for_it() {
    let (test, _server) = TestApp::with_outdated("propose = true\n").await;
    test.repository.git(&["checkout", "-q", "-b", BRANCH]);
    test.file_says("3.1.2", None);
    test.repository.git(&["checkout", "-q", "main"]);
    let there = test.repository.id(BRANCH);
    test.checks_round().await;
    assert_eq!(test.repository.id(BRANCH), there);
    assert_eq!(test.framework_update().await.commit.unwrap().as_str(), there);
}

/// G6: a push that the repository refuses is on record in its words, told once and tried again, less and less often.
#[tokio::test]
async fn g6_a_refused_push_is_tried_again() {
    let (test, _server) = TestApp::with_outdated("propose = true\n").await;
    let hook = test.does_with_pushes("echo 'You may not push here.' >&2\nexit 1");
    test.checks_round().await;
    let update = test.framework_update().await;
    assert_eq!((update.state, update.tries), (UpdateState::Waiting, 1));
    assert!(update.why.as_ref().unwrap().contains("You may not push here."), "{update:?}");
    assert!(update.diff.unwrap().contains("+karabo==3.1.2"));
    frameworks::keep(&test.app).await.unwrap();
    assert_eq!(test.framework_update().await.tries, 1, "not due yet");
    test.advance(Duration::minutes(1));
    frameworks::keep(&test.app).await.unwrap();
    assert_eq!(test.framework_update().await.tries, 2);
    let told = test.was_told("ilse").await;
    assert_eq!(told.iter().filter(|t| t.contains("You may not push here.")).count(), 1, "{told:?}");
    fs::remove_file(hook).unwrap();
    test.advance(Duration::minutes(2));
    frameworks::keep(&test.app).await.unwrap();
    assert_eq!(test.framework_update().await.state, UpdateState::Proposed);
    assert!(test.device("magnet").await.built.proposed.is_some());
}

/// G6: a branch of this name that has the update and something besides is not called Custody's: whoever trusts it would merge
/// the rest too.
#[tokio::test]
async fn g6_a_branch_that_brings_more_stays() {
    let (test, _server) = TestApp::with_outdated("propose = true\n").await;
    let other = test.repository.root().join("work/other.txt");
    for tries in 1..=2 {
        test.repository.git(&["checkout", "-q", "-b", BRANCH]);
        fs::write(&other, "what nobody asked for\n").unwrap();
        // In the same commit, and in one before it that the trunk does not have.
        if tries == 2 {
            test.commits_work(None);
        }
        test.file_says("3.1.2", None);
        test.repository.git(&["checkout", "-q", "main"]);
        test.checks_round().await;
        let update = test.framework_update().await;
        assert_eq!((update.state, update.tries), (UpdateState::Waiting, tries), "{update:?}");
        assert!(update.why.as_ref().unwrap().contains("something else"), "{update:?}");
        assert_eq!(test.device("magnet").await.built.proposed, None);
        test.repository.git(&["branch", "-q", "-D", BRANCH]);
        test.advance(Duration::minutes(1));
    }
}

/// G6, A17: nothing is pushed into a folder of this machine, whose hooks would run as Custody: the change is shown, once.
#[tokio::test]
async fn g6_no_hook_of_a_folder_runs() {
    let test = TestApp::with_frameworks("propose = true\n").await;
    test.is_outdated().await;
    let marker = test.repository.root().join("marker");
    test.does_with_pushes(&format!("touch '{}'", marker.display()));
    for _ in 0..2 {
        test.checks_round().await;
        let update = test.framework_update().await;
        assert_eq!((update.state, update.branch), (UpdateState::ByHand, None));
    }
    assert!(!marker.exists());
    assert_eq!(test.repository.git(&["for-each-ref", "--format=%(refname)", "refs/heads"]), "refs/heads/main");
    let told = test.was_told("ilse").await;
    assert_eq!(told.iter().filter(|t| t.contains("Make it on the trunk")).count(), 1, "{told:?}");
}

/// G6: an update of a framework that nobody asks about any more ends, whether or not anything of the other one was read.
#[tokio::test]
async fn g6_an_update_of_another_framework_ends() {
    let tango = "[[frameworks.known]]\nname = \"Tango\"\nversions = [\"10.0.0\"]\n";
    let test = TestApp::with_policy(&policy_with(&format!("{KNOWN}{tango}"))).await;
    test.is_outdated().await;
    test.checks_round().await;
    assert_eq!(test.framework_update().await.state, UpdateState::ByHand);
    let other = Command::BuildAgainst { framework: "Tango".into(), file: "v.txt".into(), pattern: PATTERN.into() };
    test.does("ilse", "magnet", other).await.unwrap();
    frameworks::keep(&test.app).await.unwrap();
    assert_eq!(test.framework_update().await.state, UpdateState::Dropped);
}

/// G6: a branch of this name that holds something else stays as it is.
#[tokio::test]
async fn g6_a_branch_that_is_there_stays() {
    let (test, _server) = TestApp::with_outdated("propose = true\n").await;
    test.repository.git(&["branch", BRANCH, "main~1"]);
    let there = test.repository.id(BRANCH);
    test.checks_round().await;
    assert_eq!(test.repository.id(BRANCH), there);
    let update = test.framework_update().await;
    assert_eq!(update.state, UpdateState::Waiting);
    assert!(update.why.unwrap().contains("something else"));
    assert_eq!(test.device("magnet").await.built.proposed, None);
}

/// G6, F9: a repository that is away loses nothing: the update waits, nobody is blamed, and it is proposed once it is back.
#[tokio::test]
async fn g6_f9_a_repository_that_is_away_delays_the_update() {
    let (test, _server) = TestApp::with_outdated("propose = true\n").await;
    let (here, away) = (test.repository.folder(), test.repository.root().join("away.git"));
    fs::rename(&here, &away).unwrap();
    test.checks_round().await;
    let update = test.framework_update().await;
    assert_eq!((update.state, update.tries), (UpdateState::Waiting, 1));
    assert!(!test.was_told("ilse").await.iter().any(|t| t.contains("could not be proposed")));
    assert_eq!(test.built_version("1.1.0").await.as_deref(), Some("2.20.4"), "what was read stays");
    fs::rename(&away, &here).unwrap();
    test.advance(Duration::minutes(1));
    frameworks::keep(&test.app).await.unwrap();
    assert_eq!(test.framework_update().await.state, UpdateState::Proposed);
}

/// G6: where the facility has nothing pushed, the change is shown to whoever is signed in; once the trunk has it a tag is
/// asked for, and what is asked no more ends.
#[tokio::test]
async fn g6_an_update_by_hand_is_shown() {
    let (test, _server) = TestApp::with_outdated("").await;
    test.checks_round().await;
    let update = test.framework_update().await;
    assert_eq!((update.state, update.branch), (UpdateState::ByHand, None));
    assert_eq!(test.repository.git(&["for-each-ref", "--format=%(refname)", "refs/heads"]), "refs/heads/main");
    let page = test.browser("ilse").await.page("/devices/magnet").await;
    assert!(page.contains("-karabo==2.20.4\n+karabo==3.1.2"), "{page}");
    let page = test.stranger().page("/devices/magnet").await;
    assert!(page.contains("Karabo 2.20.4") && !page.contains("+karabo=="), "the repository may be private: {page}");
    test.does("ilse", "magnet", Command::ForgetFramework {}).await.unwrap();
    test.checks_round().await;
    assert_eq!(test.framework_update().await.state, UpdateState::Dropped);

    let (test, _server) = TestApp::with_outdated("propose = true\n").await;
    test.file_says("3.1.2", None);
    test.checks_round().await;
    assert_eq!(test.framework_update().await.state, UpdateState::NotNeeded);
    assert!(test.was_told("ilse").await.iter().any(|t| t.contains("make a new tag")));
}

/// G6, E3: programs say and read the same, and everybody sees which version stands where before it is rejected.
#[tokio::test]
async fn g6_versions_are_shown_to_people_and_programs() {
    let test = TestApp::with_frameworks("").await;
    test.reduced_support("magnet").await;
    test.file_says("3.0.4", Some("1.1.0"));
    let ilse = test.acts("ilse").await;
    let wanted = json!({ "framework": "Karabo", "file": "v.txt", "pattern": PATTERN });
    let (status, said) = ilse.put("/devices/magnet/framework", wanted.clone()).await;
    assert_eq!((status, &said["reads"]), (200, &wanted), "{said}");
    test.has_verified("ilse", "1.1.0").await;
    let deploy = Command::Deploy { server: REDUCED.into(), tag: Some(tag("1.1.0")) };
    test.does("ilse", "magnet", deploy).await.unwrap();
    let (_, of) = ilse.get("/devices/magnet/framework").await;
    assert_eq!(of["releases"][0]["built"]["version"], "3.0.4", "{of}");
    let (_, release) = ilse.get("/devices/magnet/releases/1.1.0").await;
    assert_eq!(release["framework"]["standing"], "current", "{release}");
    let (_, device) = ilse.get("/devices/magnet").await;
    assert_eq!(device["releases"][0]["framework_version"], "3.0.4", "{device}");
    let (status, all) = ilse.get("/frameworks").await;
    assert_eq!((status, &all["frameworks"][0]["proposed"]), (200, &json!("3.1.2")), "{all}");
    assert_eq!(all["frameworks"][0]["versions"][2]["standing"], "rejected");
    assert_eq!(
        (&all["placed"][0]["device"], &all["placed"][0]["version"]),
        (&json!("magnet"), &json!("3.0.4")),
        "{all}"
    );
    let page = test.stranger().page("/frameworks").await;
    assert!(page.contains("/devices/magnet#framework") && page.contains("deprecated from 1 Dec 2026 on"), "{page}");
    let (status, said) = ilse.delete("/devices/magnet/framework").await;
    assert_eq!((status, &said["reads"]), (200, &json!(null)), "{said}");
    assert_eq!(ilse.delete("/devices/magnet/framework").await.0, 409);
    // By the form.
    let fields = [("framework", "Karabo"), ("file", "v.txt"), ("pattern", PATTERN)];
    test.browser("ilse").await.acts(&test, "magnet", "build-against", &fields).await;
    assert!(test.device("magnet").await.built.against.is_some());
}

/// G6, A18: an update is pushed over http by the same road as everything is read, and found there when it is tried again.
#[tokio::test]
async fn g6_an_update_is_pushed_over_http() {
    let repository = Repository::new();
    fs::write(repository.root().join("work/v.txt"), "karabo==3.0.4\n").unwrap();
    let repository = repository.commit("a").tag("1.0.0").commit("b");
    repository.git(&["config", "http.receivepack", "true"]);
    let server = HttpServer::start(Behaviour::Serve(repository.root().to_owned())).await;
    let rules = rules_for(&repository);
    let address = RepositoryAddress::parse(&server.address(), &rules).unwrap();
    let git = Git::new(rules, Limits::default());
    let against = BuiltAgainst::new("Karabo", "v.txt", PATTERN, &Policy::built_in().frameworks).unwrap();
    let trunk = repository.id("main");
    let update = Wanted {
        trunk: "main",
        against: &against,
        to: "3.1.2",
        branch: BRANCH,
        message: "Update Karabo to 3.1.2",
        name: "Custody",
        address: "custody@example.org",
        at: crate::app::morning(),
        pushes: true,
    };
    let first = git.propose(&address, &update).await.unwrap();
    let Updated::Pushed { commit, .. } = &first else { panic!("{first:?}") };
    assert_eq!((commit.as_str(), repository.id("main")), (repository.id(BRANCH).as_str(), trunk));
    assert_eq!(git.propose(&address, &update).await.unwrap(), first);
    // It was read a moment before: without the right to push it does not count as away.
    repository.git(&["config", "http.receivepack", "false"]);
    let other = Wanted { branch: "custody/other-1", ..update };
    let refused = git.propose(&address, &other).await.unwrap();
    assert!(matches!(&refused, Updated::Refused { why, .. } if why.contains("403")), "{refused:?}");
    for odd in ["-x", "a..b", "refs/heads/x", ""] {
        let odd = Wanted { branch: odd, ..other.clone() };
        assert!(git.propose(&address, &odd).await.is_err());
    }
}
