//! Tags of which nobody tells, found at the regular checks (G2, F9).

use crate::{
    app::TestApp,
    given::{application, policy_with_servers},
    hooks::now,
    http_server::{Behaviour, HttpServer},
};
use custody::{
    domain::{release::TagNow, tag::TagName},
    service, store,
};

/// G2: tags of which nobody told are found at the regular check, the newest first, history left alone; what is no
/// release does not stand in the way of what is.
#[tokio::test]
async fn g2_tags_are_found_where_nobody_tells() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let at_head = |name: &str| {
        test.repository.git(&["commit", "-q", "--allow-empty", "-m", name]);
        test.repository.git(&["tag", "-a", "-m", name, name]);
    };
    ["0.9.0", "1.1.0"].into_iter().for_each(at_head);
    let on_record = || async {
        let device = test.device("magnet").await;
        let mut names: Vec<TagName> = device.releases.iter().map(|r| r.tag().clone()).collect();
        names.sort_by_key(TagName::order);
        names.iter().map(|t| t.as_str().to_owned()).collect::<Vec<_>>()
    };
    service::checks::round(&test.app).await.unwrap();
    assert_eq!(on_record().await, ["1.1.0"], "without any on record it is the newest");
    ["1.2.0", "1.3.0", "1.4.0", "1.5.0"].into_iter().for_each(at_head);
    // Not on the trunk.
    test.repository.git(&["checkout", "-q", "-b", "aside"]);
    ["2.0.0", "2.1.0", "2.2.0"].into_iter().for_each(at_head);
    test.repository.git(&["checkout", "-q", "main"]);
    for _ in 0..3 {
        service::checks::round(&test.app).await.unwrap();
    }
    assert_eq!(on_record().await, ["1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"]);
}

/// G2: what comes to a repository later is new whatever its version, a few in each round; what was there at the first look
/// is history and stays so, a thousand of it too, until it names something else. A restart forgets nothing of that.
#[tokio::test]
async fn g2_back_ports_are_found_where_nobody_tells() {
    let mut test = TestApp::new().await;
    let head = test.repository.id("main");
    let old: Vec<String> = (0..1000).map(|n| format!("create refs/tags/0.1.{n} {head}\n")).collect();
    test.repository.feed(&["update-ref", "--stdin"], &old.concat());
    test.reduced_support("magnet").await;
    let names = async |test: &TestApp| {
        let mut names: Vec<TagName> = test.device("magnet").await.releases.iter().map(|r| r.tag().clone()).collect();
        names.sort_by_key(TagName::order);
        names.iter().map(|t| t.as_str().to_owned()).collect::<Vec<_>>()
    };
    let round = async |test: &TestApp| service::checks::round(&test.app).await.unwrap();
    round(&test).await;
    assert_eq!(names(&test).await, ["1.0.0"]);
    // Five at once, without a word; some are older than all that is on record.
    let push = |test: &TestApp, name: &str| {
        test.repository.git(&["commit", "-q", "--allow-empty", "-m", name]);
        test.repository.git(&["tag", "-a", "-m", name, name]);
    };
    for name in ["0.9.5", "0.9.6", "1.0.1", "1.1.0", "1.2.0"] {
        push(&test, name);
    }
    round(&test).await;
    assert_eq!(names(&test).await, ["1.0.0", "1.0.1", "1.1.0", "1.2.0"], "three in a round, the newest first");
    test.reopen().await;
    round(&test).await;
    let all = ["0.9.5", "0.9.6", "1.0.0", "1.0.1", "1.1.0", "1.2.0"];
    assert_eq!(names(&test).await, all);
    let quiet = {
        // Whoever feeds the board asks once a second, however long the round takes.
        let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
        let statements = test.app.db.statements();
        round(&test).await;
        test.app.db.statements() - statements
    };
    assert_eq!(names(&test).await, all, "history is left alone");
    assert!(quiet < 60, "{quiet} statements, where nothing is new");
    // One of history that names something else is new, and so is one that is made again elsewhere.
    test.repository.git(&["tag", "-f", "-a", "-m", "again", "0.1.7", "main"]);
    round(&test).await;
    assert_eq!(names(&test).await, ["0.1.7", "0.9.5", "0.9.6", "1.0.0", "1.0.1", "1.1.0", "1.2.0"]);
}

/// G2: a tag may be pushed before its branch is merged: it is read again once the trunk has moved, and then found; that
/// it is no release goes on record once.
#[tokio::test]
async fn g2_a_tag_is_found_once_its_branch_is_merged() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let round = async || service::checks::round(&test.app).await.unwrap();
    round().await;
    let refused = format!("refused/{}", test.device("magnet").await.id);
    let refusals = async || store::journal::list_all(&test.app.db.read, &refused).await.unwrap().len();
    let commits = |what: &str| test.repository.git(&["commit", "-q", "--allow-empty", "-m", what]);
    test.repository.git(&["checkout", "-q", "-b", "aside"]);
    commits("Fix limit switch polarity");
    test.repository.git(&["tag", "-a", "-m", "x", "1.1.0"]);
    test.repository.git(&["checkout", "-q", "main"]);
    round().await;
    let before = refusals().await;
    // The trunk moves without it.
    commits("Say what the limits are");
    for _ in 0..2 {
        round().await;
        assert_eq!((now(&test, "1.1.0").await, refusals().await), (None, before));
    }
    test.repository.git(&["merge", "-q", "--no-ff", "-m", "Merge aside", "aside"]);
    round().await;
    assert_eq!(now(&test, "1.1.0").await, Some(TagNow::Stands));
}

/// F9, G2: a new tag that cannot be read because the repository is away is no tag that was refused: it is found when the
/// repository is back.
#[tokio::test]
async fn f9_tags_are_found_when_the_repository_is_back() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    service::checks::round(&test.app).await.unwrap();
    test.repository.git(&["tag", "-a", "-m", "x", "0.9.1", "main"]);
    let listed = service::readings::list_tags(&test.app, &test.device("magnet").await).await.ok().unwrap();
    let aside = test.repository.root().join("aside.git");
    std::fs::rename(test.repository.folder(), &aside).unwrap();
    // It went away between the listing and the reading.
    service::reconcile::find_new(&test.app, &test.device("magnet").await, listed).await.unwrap();
    service::checks::round(&test.app).await.unwrap();
    assert_eq!(now(&test, "0.9.1").await, None);
    std::fs::rename(&aside, test.repository.folder()).unwrap();
    service::checks::round(&test.app).await.unwrap();
    assert_eq!(now(&test, "0.9.1").await, Some(TagNow::Stands));
}

/// G2, A3: a tag that moves is found also while the repository has no trunk of the name on record; a new one is found once
/// the trunk is back.
#[tokio::test]
async fn a3_a_tag_that_moves_is_found_without_the_trunk() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.repository.git(&["branch", "-m", "main", "trunk"]);
    test.repository.git(&["tag", "-f", "-a", "-m", "moved", "1.0.0", "HEAD"]);
    test.repository.git(&["tag", "-a", "-m", "new", "1.1.0", "HEAD"]);
    service::checks::round(&test.app).await.unwrap();
    assert!(test.device("magnet").await.repository.unwrap().reached.is_err());
    assert!(matches!(now(&test, "1.0.0").await, Some(TagNow::Moved { .. })));
    assert_eq!(now(&test, "1.1.0").await, None);
    test.repository.git(&["branch", "-m", "trunk", "main"]);
    service::checks::round(&test.app).await.unwrap();
    assert_eq!(now(&test, "1.1.0").await, Some(TagNow::Stands));
}

/// F9, G2: a git server that never answers costs a round of checks a few reads of it, and nothing on others waits for that.
#[tokio::test]
async fn f9_a_server_that_hangs_is_asked_no_more_in_a_round() {
    let hangs = HttpServer::start(Behaviour::Hang).await;
    // On a machine that is busy the one that answers needs some of that.
    let test = TestApp::with_policy(&policy_with_servers(4)).await;
    for n in 0..12 {
        let mut asked = application(&test, &format!("away{n:02}"));
        asked.request.repository = hangs.address();
        test.requested_as(asked).await;
    }
    // The last by its name.
    test.reduced_support("magnet").await;
    assert_eq!(service::checks::round(&test.app).await.unwrap(), 13);
    assert!((1..=8).contains(&hangs.requests()), "{}", hangs.requests());
    assert!(test.device("magnet").await.repository.unwrap().reached.is_ok());
    let lost = test.device("away00").await.repository.unwrap().reached;
    assert!(lost.is_err(), "{lost:?}");
}
