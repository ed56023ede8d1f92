//! The main job through the services: request, acceptance, development, review, ownership, hand-back, and again, with
//! a real repository.

use crate::{
    app::{FULL, REDUCED, TestApp},
    given::{day, tag},
};
use chrono::Duration;
use custody::{
    domain::{
        cycle::HelpKind,
        lifecycle::{Command, GateId, StateName},
        support::Support,
    },
    service::{Error, retention},
    store::{self, instances::VersionNames},
};

async fn support(test: &TestApp, name: &str) -> Option<Support> {
    let id = test.device(name).await.id;
    let (verdict, _) = store::standing::find_support(&test.app.db.read, id).await.unwrap().unwrap();
    verdict.map(|v| v.support)
}

/// L, H, T, B: the whole cycle, handed back and owned again with a new tag; what the journal tells replays to what is.
#[tokio::test]
async fn the_whole_cycle_and_again() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.sees(REDUCED, &[("magnet", "1.0.0-1-gabcdef0-dirty")]).await;
    assert_eq!(support(&test, "magnet").await, Some(Support::ReducedSupport));
    test.asks_for_transfer("magnet").await;
    test.ready_to_own("magnet", "1.0.0").await;
    // N1 holds until CTRL has taken it: it runs on a server that is not a reduced one.
    assert_eq!(support(&test, "magnet").await, Some(Support::NotSupported));
    test.does("ravi", "magnet", Command::TakeOwnership {}).await.unwrap();
    assert_eq!(support(&test, "magnet").await, Some(Support::FullySupported));

    // B1, B2, B4: support is restricted at once; until it is seen there it counts as N1 says.
    let back = Command::HandBack {
        server: REDUCED.into(),
        until: Some(day("2026-12-14")),
        reason: "A new scan mode.".to_owned(),
    };
    test.does("ilse", "magnet", back).await.unwrap();
    let device = test.device("magnet").await;
    assert_eq!((device.state.name(), device.cycle.number), (StateName::ReducedSupport, 2));
    assert_eq!(device.cycle.base, Some(tag("1.0.0")), "B3 names the base");
    assert_eq!(support(&test, "magnet").await, Some(Support::NotSupported));
    test.sees(FULL, &[]).await;
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    assert_eq!(support(&test, "magnet").await, Some(Support::ReducedSupport));

    // B3: the next cycle starts at the discussion.
    let early = test.does("ilse", "magnet", Command::RequestTransfer {}).await;
    let Err(Error::Refused(refusal)) = early else { panic!("{early:?}") };
    assert!(refusal.gates.iter().any(|g| g.id == GateId::B3 && !g.met));
    for point in 1..=5 {
        test.does("lena", "magnet", Command::SignOffPoint { point }).await.unwrap();
    }
    // A new tag, by somebody who writes code.
    test.repository.git(&["commit", "--allow-empty", "-m", "a new scan mode"]);
    test.repository.git(&["tag", "-a", "-m", "1.1.0", "1.1.0"]);
    test.asks_for_transfer("magnet").await;
    test.ready_to_own("magnet", "1.1.0").await;
    test.does("chiara", "magnet", Command::TakeOwnership {}).await.unwrap();

    let device = test.device("magnet").await;
    assert_eq!(device.state.name(), StateName::CtrlOwned);
    assert_eq!(test.replayed(&device).await, device, "the journal replays to the row");
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// B2, O1, A37: that it was on its reduced server counts after a hand-back, be it gone from there with the next report or
/// for longer than that is kept of others.
#[tokio::test]
async fn b2_where_it_was_after_a_hand_back_counts_when_it_has_stopped() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    let back = Command::HandBack { server: REDUCED.into(), until: None, reason: "A new scan mode.".to_owned() };
    test.does("ilse", "magnet", back).await.unwrap();
    test.sees(FULL, &[]).await;
    assert_eq!(support(&test, "magnet").await, Some(Support::NotSupported));
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    test.sees(REDUCED, &[]).await;
    assert_eq!(support(&test, "magnet").await, Some(Support::ReducedSupport), "it has been there");
    test.advance(Duration::days(366));
    retention::sweep(&test.app).await.unwrap();
    let id = test.device("magnet").await.id;
    let kept = async || {
        let known = store::instances::list_of_device(&test.app.db.read, id, &VersionNames::default()).await.unwrap();
        known.into_iter().map(|k| k.seen.server.0).collect::<Vec<_>>()
    };
    assert_eq!(kept().await, [REDUCED], "nothing comes of the full server");
    let help = Command::AskHelp { kind: HelpKind::PairSession, text: "With the limits.".to_owned() };
    test.does("ilse", "magnet", help).await.unwrap();
    assert_eq!(support(&test, "magnet").await, Some(Support::ReducedSupport));
    for ends in [Command::Remove { server: REDUCED.into() }, Command::Retire { reason: "Nobody uses it.".to_owned() }] {
        test.does("lena", "magnet", ends).await.unwrap();
    }
    retention::sweep(&test.app).await.unwrap();
    assert!(kept().await.is_empty(), "it is kept for no longer than it tells something");
}

/// G2, A3: a tag that is moved after it was verified is found by the regular check, and the release stays what it was.
#[tokio::test]
async fn a3_a_moved_tag_is_found() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    let before = test.device("magnet").await.release(&tag("1.0.0")).unwrap().verified.clone();
    test.repository.git(&["tag", "-f", "-a", "-m", "moved", "1.0.0", "HEAD"]);
    custody::service::checks::round(&test.app).await.unwrap();
    let device = test.device("magnet").await;
    let release = device.release(&tag("1.0.0")).unwrap();
    assert!(!release.stands());
    assert_eq!(release.verified, before);
    assert_eq!(support(&test, "magnet").await, Some(Support::NotSupported));
    let again = test.does("lena", "magnet", Command::Deploy { server: FULL.into(), tag: Some(tag("1.0.0")) }).await;
    assert!(matches!(again, Err(Error::Refused(_))), "{again:?}");
    // A moved tag cannot be verified as the release it was.
    let verified = test.does("lena", "magnet", Command::VerifyTag { tag: tag("1.0.0") }).await;
    assert!(matches!(verified, Err(Error::Refused(_))), "{verified:?}");

    test.repository.git(&["tag", "-d", "1.0.0"]);
    test.does("noor", "magnet", Command::CheckTag { tag: tag("1.0.0") }).await.unwrap();
    let gone = test.device("magnet").await;
    assert!(matches!(gone.release(&tag("1.0.0")).unwrap().tag_now, custody::domain::release::TagNow::Vanished { .. }));
}

/// A8, A1: an attempt to break a rule changes nothing and is on record, with all gates in the answer.
#[tokio::test]
async fn refused_attempts_are_on_record() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    let before = test.device("magnet").await;
    for (who, command) in [
        ("ilse", Command::TakeOwnership {}),
        ("ravi", Command::TakeOwnership {}),
        ("noor", Command::Retire { reason: "Old.".to_owned() }),
        ("lena", Command::Accept {}),
    ] {
        let Err(Error::Refused(refusal)) = test.does(who, "magnet", command.clone()).await else {
            panic!("{command:?} by {who}");
        };
        let rule = custody::domain::lifecycle::rule(command.kind());
        assert_eq!(refusal.gates.iter().map(|g| g.id).collect::<Vec<_>>(), rule.gates, "all gates are listed");
    }
    assert_eq!(test.device("magnet").await, before);
    let refused = store::journal::list_all(&test.app.db.read, &format!("refused/{}", before.id)).await.unwrap();
    assert_eq!(refused.len(), 4);
    assert_eq!(refused[0].actor, Some(test.person("ilse")));
}
