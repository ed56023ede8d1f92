//! Local changes on instruments, and the rollouts that would overwrite them (R7).

use crate::{
    app::TestApp,
    given::day,
    rollouts::{asks, code, facility, must, now, plan, plans, replayed, run_all},
};
use chrono::Duration;
use custody::{
    domain::{
        id::TargetName,
        lifecycle::gates::GateId,
        local_change::{LocalChange, Said},
        refusal::Code,
        rollout::{Answer, Command, State},
    },
    service::{
        self, Error,
        local_changes::{self, New},
        rollouts,
    },
};

pub async fn records(test: &TestApp, who: &str, target: &str, until: &str) -> service::Result<LocalChange> {
    let said = Said { what: "Raises the limit.".to_owned(), ticket: "OPS-7".to_owned(), until: day(until) };
    let new = New { target: target.into(), device: None, said };
    local_changes::record(&test.app, &test.caller(who), new, None).await
}

/// R7: CTRL and who contributes to a device there record a local change with its ticket and its end; past that it is told
/// once, and with another day once more; who ends it has seen it as it is.
#[tokio::test]
async fn r7_a_local_change_is_on_record() {
    let test = facility().await;
    test.requested("magnet").await;
    for (who, target) in [("noor", "SCS"), ("ilse", "MID"), ("ilse", "LAB")] {
        assert_eq!(code(records(&test, who, target, "2026-11-22").await), Code::NotYours, "{who} on {target}");
    }
    assert_eq!(code(records(&test, "lena", "FXE", "2026-11-22").await), Code::NoSuchThing);
    assert_eq!(code(records(&test, "lena", "SCS", "2026-11-20").await), Code::Incomplete);
    let c = records(&test, "ilse", "SCS", "2026-11-22").await.unwrap();
    assert_eq!((c.revision, c.recorded.by), (1, test.person("ilse")));
    let said = Said { what: "It.".to_owned(), ticket: "OPS-8".to_owned(), until: day("2026-11-30") };
    let of_device = New { target: "LAB".into(), device: Some("magnet".to_owned()), said: said.clone() };
    let again = || {
        let caller = test.caller("ilse");
        let (app, new) = (test.app.clone(), of_device.clone());
        async move { local_changes::record(&app, &caller, new, Some("once".to_owned())).await }
    };
    let (first, second) = (again().await.unwrap(), again().await.unwrap());
    assert_eq!(first, second, "a repetition records none");
    let unknown = New { device: Some("nothing".to_owned()), ..of_device.clone() };
    let unknown = local_changes::record(&test.app, &test.caller("ilse"), unknown, None).await;
    assert!(matches!(unknown, Err(Error::Invalid(_))), "{unknown:?}");

    let overdue = async |who: &str| {
        test.was_told(who).await.iter().filter(|t| t.contains("OPS-7 on SCS was to be there until")).count()
    };
    local_changes::keep(&test.app).await.unwrap();
    assert_eq!(overdue("lena").await, 0);
    test.advance(Duration::days(2));
    for _ in [1, 2] {
        local_changes::keep(&test.app).await.unwrap();
    }
    assert_eq!((overdue("lena").await, overdue("ilse").await, overdue("noor").await), (1, 1, 0));
    let page =
        local_changes::list(&test.app, &local_changes::Which { open: true, ..Default::default() }).await.unwrap();
    assert_eq!(page.changes.iter().map(|c| c.is_overdue(page.today)).collect::<Vec<_>>(), [false, true]);
    assert_eq!(page.devices.values().collect::<Vec<_>>(), ["magnet"]);
    let later = Said { until: day("2026-11-25"), ..Said { ticket: "OPS-7".to_owned(), ..said } };
    let by_ilse = test.caller("ilse");
    let stale = local_changes::change(&test.app, &by_ilse, c.id, later.clone(), Some(7)).await;
    assert!(matches!(stale, Err(Error::Stale(_))));
    local_changes::change(&test.app, &by_ilse, c.id, later, Some(1)).await.unwrap();
    test.advance(Duration::days(3));
    local_changes::keep(&test.app).await.unwrap();
    assert_eq!(overdue("lena").await, 2, "another day is told anew");
    let reason = || "Merged in 2.4.2.".to_owned();
    let ended = local_changes::end(&test.app, &by_ilse, c.id, reason(), Some(2)).await.unwrap();
    assert!(ended.ended.is_some_and(|e| e.by == Some(test.person("ilse"))));
    assert_eq!(code(local_changes::end(&test.app, &by_ilse, c.id, reason(), None).await), Code::AlreadyDone);
    assert_eq!(local_changes::load(&test.app, c.id).await.unwrap().revision, 3);
}

/// R7: a rollout lists the local changes that it would overwrite, and asks; what is cleared ends with the target's steps,
/// and what is applied again waits for that.
#[tokio::test]
async fn r7_a_rollout_asks_for_local_changes() {
    let test = facility().await;
    let cleared = records(&test, "lena", "SCS", "2026-12-24").await.unwrap();
    let kept = records(&test, "lena", "SCS", "2026-12-24").await.unwrap();
    records(&test, "lena", "LAB", "2026-12-24").await.unwrap();
    let r = plans(&test, "lena", &plan(&test, "hotfix", &[("SCS", 0), ("MID", 1)])).await.unwrap();
    let view = rollouts::load(&test.app, None, &r.number).await.unwrap();
    assert_eq!(view.changes.iter().map(|c| c.id).collect::<Vec<_>>(), [cleared.id, kept.id]);
    let Err(Error::Refused(refused)) = asks(&test, "lena", &r, Command::Start {}).await else { panic!("not answered") };
    let open: Vec<GateId> = refused.gates.iter().filter(|g| g.is_open()).map(|g| g.id).collect();
    assert_eq!((refused.code, open), (Code::GatesOpen, vec![GateId::R7]));
    for (change, answer) in [(cleared.id, Answer::Clear), (kept.id, Answer::ApplyAgain)] {
        must(&test, "jonas", &r, Command::AnswerChange { target: "SCS".into(), change, answer }).await;
    }
    must(&test, "lena", &r, Command::Start {}).await;
    rollouts::take_lease(&test.app).await.unwrap();
    // One that is recorded while it runs keeps its own target back, and no other.
    let late = records(&test, "lena", "MID", "2026-12-24").await.unwrap();
    run_all(&test.app, &r).await;
    let (scs, mid) = (TargetName::from("SCS"), TargetName::from("MID"));
    let is = now(&test, &r).await;
    assert!(is.target(&scs).unwrap().is_done() && !is.target(&mid).unwrap().has_begun());
    let ended = local_changes::load(&test.app, cleared.id).await.unwrap().ended.unwrap();
    assert_eq!((ended.by, ended.reason.as_str()), (None, "Cleared by the rollout R-2026-1."));
    assert!(local_changes::load(&test.app, kept.id).await.unwrap().ended.is_none());
    must(&test, "jonas", &r, Command::Reapplied { target: scs, change: kept.id }).await;
    must(&test, "jonas", &r, Command::AnswerChange { target: mid, change: late.id, answer: Answer::Clear }).await;
    run_all(&test.app, &r).await;
    let over = now(&test, &r).await;
    assert!(matches!(over.state, State::Finished { .. }), "{:?}", over.state);
    assert!(local_changes::load(&test.app, late.id).await.unwrap().ended.is_some());
    assert_eq!(replayed(&test, &over).await, over);
}
