//! When a release is ready to move on, in hand-written tables.

use super::*;
use crate::domain::{
    deployment::Reported,
    id::{DeploymentId, DeviceId},
    release::VerifiedTag,
    server::SupportClass,
    tag::CommitId,
};
use uuid::Uuid;

fn at() -> DateTime<Utc> {
    "2026-11-21T08:00:00Z".parse().unwrap()
}

fn tag(name: &str) -> TagName {
    serde_json::from_value(name.into()).unwrap()
}

fn deployment(environment: Environment, state: DeploymentState, tests: &[bool]) -> Deployment {
    let commit = CommitId::parse(&"a1".repeat(20)).unwrap();
    let by = PersonId(Uuid::from_u128(1));
    let report = |passed: &bool| Reported {
        at: at(),
        by: Some(by),
        report: Report::TestsAfter { passed: *passed, link: String::new(), text: String::new() },
    };
    Deployment {
        id: DeploymentId(Uuid::from_u128(2)),
        device: DeviceId(Uuid::from_u128(3)),
        revision: 1,
        release: VerifiedTag {
            tag: tag("1.5.0"),
            object: commit.clone(),
            commit: commit.clone(),
            tree: commit,
            annotated: true,
            tagger: None,
            tagger_email: None,
            tagged_at: None,
            signed: false,
            authors: BTreeSet::new(),
        },
        on_record: None,
        server: "cppServer/ctrl_scs_01".into(),
        environment,
        asked: Mark { by, at: at() },
        permit: None,
        gates: Vec::new(),
        before: Vec::new(),
        state,
        reports: tests.iter().map(report).collect(),
    }
}

/// G5: it moves on once it has succeeded in development, and what its tests after say counts: the last of them, and
/// whether there are any where the policy waits for them.
#[test]
fn g5_what_is_ready_to_move_on() {
    use DeploymentState::*;
    use Environment::{Development as Dev, Production as Prod};
    let plain = Policy::built_in();
    let waits = Policy::parse("[environments.development]\ntests_after = true").unwrap();
    #[rustfmt::skip]
    let table: &[(Environment, DeploymentState, &[bool], bool, bool)] = &[
        // where, state,     tests after,    ready, ready where the policy waits for tests
        (Dev,  Succeeded,    &[],            true,  false),
        (Dev,  Succeeded,    &[true],        true,  true),
        (Dev,  Succeeded,    &[false],       false, false),
        (Dev,  Succeeded,    &[false, true], true,  true),
        (Dev,  Succeeded,    &[true, false], false, false),
        (Dev,  Allowed,      &[],            false, false),
        (Dev,  Started,      &[true],        false, false),
        (Dev,  Failed,       &[true],        false, false),
        (Dev,  RolledBack,   &[true],        false, false),
        (Dev,  Expired,      &[],            false, false),
        (Prod, Succeeded,    &[true],        false, false),
    ];
    for (environment, state, tests, ready, where_waited) in table {
        let d = deployment(*environment, *state, tests);
        assert_eq!(is_ready(&d, &plain), *ready, "{environment} {state} {tests:?}");
        assert_eq!(is_ready(&d, &waits), *where_waited, "{environment} {state} {tests:?}, tests wanted");
    }
}

/// G5: what goes back is older than what is placed there, by the order of versions.
#[test]
fn g5_what_goes_back() {
    let placed = |release: Option<&str>| Placement {
        server: "cppServer/ctrl_scs_01".into(),
        class: SupportClass::Full,
        release: release.map(tag),
        mark: Mark { by: PersonId(Uuid::from_u128(1)), at: at() },
        permit: None,
    };
    for (there, comes, back) in [
        (Some("1.5.0"), "1.4.9", true),
        (Some("1.10.0"), "1.9.0", true),
        (Some("1.5.0"), "1.5.0rc1", true),
        (Some("1.5.0"), "1.5.0", false),
        (Some("v1.5.0"), "1.5.0", false),
        (Some("1.5.0rc1"), "1.5.0", false),
        (Some("1.4.9"), "1.5.0", false),
        (None, "1.0.0", false),
    ] {
        let place = placed(there);
        assert_eq!(goes_back(Some(&place), None, &tag(comes)).is_some(), back, "{comes} over {there:?}");
    }
    let (newer, older) = (tag("1.5.0"), tag("1.4.9"));
    assert_eq!(goes_back(None, None, &older), None, "nothing was ever there");
    // What was removed, or is hot-developed on since, went there all the same.
    assert_eq!(goes_back(None, Some(&newer), &older), Some(&newer));
    assert_eq!(goes_back(Some(&placed(None)), Some(&newer), &older), Some(&newer));
    assert_eq!(goes_back(None, Some(&newer), &newer), None);
    // What is there counts before what was.
    assert_eq!(goes_back(Some(&placed(Some("1.4.8"))), Some(&newer), &older), None);
}

/// G5, F9: a repository that is away is tried again, less and less often, and never less than hourly.
#[test]
fn g5_a_repository_that_is_away_is_tried_again() {
    let minutes: Vec<i64> = [0, 1, 2, 3, 4, 5, 6, 7, 100, u32::MAX].map(|n| pause(n).num_minutes()).into();
    assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
}
