//! N1, O1, O6: what the shift is told, written down a second time by hand.

use super::given::*;
use crate::domain::{
    contact::{NOTE_MAX, OperatorRules, WhenStopped},
    lifecycle::{Command as C, StateName},
    refusal::Code,
    support::{Support, of_device, of_instance},
    version::classify,
};
use strum::IntoEnumIterator;

/// F fully supported, r reduced support, N not supported at all. Columns: on a reduced server in the verified tag, or
/// dirty; on a full one in the verified tag that is deployed there, in another tag, dirty, ahead of it, without a
/// version, in the framework's; on a server that nobody knows.
const TABLE: &str = "
                              reduced      full                                        nobody
                              tag   dirty  tag   other dirty ahead none  hash other-g  knows
draft                         N     N      N     N     N     N     N     N    N        N
requested                     N     N      N     N     N     N     N     N    N        N
accepted                      N     N      N     N     N     N     N     N    N        N
reduced_support               r     r      N     N     N     N     N     N    N        N
under_review                  r     r      N     N     N     N     N     N    N        N
ctrl_owned                    r     r      F     N     N     N     N     N    N        N
declined                      N     N      N     N     N     N     N     N    N        N
withdrawn                     N     N      N     N     N     N     N     N    N        N
retired                       N     N      N     N     N     N     N     N    N        N
";

const SIGHTS: [(&str, &str); 10] = [
    (REDUCED, "1.4.2"),
    (REDUCED, "1.4.2-dirty"),
    (FULL, "1.4.2"),
    (FULL, "1.4.1"),
    (FULL, "1.4.2-0-g0101010-dirty"),
    (FULL, "1.4.2-3-g0101010"),
    (FULL, ""),
    (FULL, "0101010101"),
    (FULL, "1.4.2-0-g0202020"),
    ("cppServer/nobody_knows", "1.4.2"),
];

fn worlds() -> Vec<World> {
    vec![
        device(),
        device().requested(),
        device().accepted(),
        device().reduced_support(),
        device().under_review(),
        device().ctrl_owned(),
        device().declined(),
        device().withdrawn(),
        device().retired(),
    ]
}

fn status(world: &World) -> Option<Support> {
    of_device(&world.device, &world.seen).map(|v| v.support)
}

/// N1, O1: by state, server and version.
#[test]
fn o1_the_status_of_an_instance_is_as_written() {
    let rows: Vec<Vec<&str>> = TABLE.lines().skip(3).map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), StateName::iter().count());
    for (row, mut world) in rows.iter().zip(worlds()) {
        assert_eq!(row[0], world.device.state.name().to_string());
        assert_eq!(row.len(), 1 + SIGHTS.len());
        for (cell, (server, version)) in row[1..].iter().zip(SIGHTS) {
            world.sees(server, version);
            let written = match *cell {
                "F" => Support::FullySupported,
                "r" => Support::ReducedSupport,
                "N" => Support::NotSupported,
                other => panic!("{other}"),
            };
            let verdict = of_instance(Some(&world.device), &world.seen[0]);
            assert_eq!(verdict.support, written, "{} on {server} in {version:?}: {}", row[0], verdict.why);
            assert_eq!(status(&world), Some(written), "the device is as its one instance");
        }
    }
}

/// N1: in those words.
#[test]
fn n1_contributed_on_a_full_server_is_not_supported_at_all() {
    let mut world = device().reduced_support();
    world.sees(FULL, "1.4.2");
    let verdict = of_device(&world.device, &world.seen).unwrap();
    assert_eq!(verdict.support.label(), "Not supported at all");
    assert!(verdict.why.contains("contributed device on cppServer/ctrl_scs_01"), "{}", verdict.why);
}

/// H5, O1: a modified framework takes the support of what runs on reduced servers, whoever owns it.
#[test]
fn h5_a_modified_framework_takes_the_support() {
    for mut world in [device().reduced_support(), device().under_review(), device().ctrl_owned()] {
        world.device.cycle.setup.framework_modified = Some(true);
        world.sees(REDUCED, "1.4.2");
        assert_eq!(status(&world), Some(Support::NotSupported));
    }
    let mut world = device().ctrl_owned();
    world.device.cycle.setup.framework_modified = Some(true);
    world.sees(FULL, "1.4.2");
    assert_eq!(status(&world), Some(Support::FullySupported), "it was modified on the development server only");
}

/// N5, O1: a shut-down shows over everything else, wherever it runs, and ends with the restart.
#[test]
fn o1_a_shut_down_shows_over_everything() {
    for mut world in [device().requested(), device().reduced_support(), device().under_review(), device().ctrl_owned()]
    {
        let before = status(&world);
        world.must(KARL, World::stops());
        assert_eq!(status(&world), Some(Support::ShutDown));
        for (server, version) in SIGHTS {
            let mut seen = world.clone();
            seen.sees(server, version);
            assert_eq!(status(&seen), Some(Support::ShutDown));
            assert_eq!(of_instance(Some(&seen.device), &seen.seen[0]).support, Support::ShutDown);
        }
        world.must(ROSA, C::Restart { text: reason() });
        assert_eq!(status(&world), before);
    }
}

/// O1: nobody registered it.
#[test]
fn o1_what_nobody_registered_is_unknown() {
    let mut world = device();
    for (server, version) in SIGHTS {
        world.sees(server, version);
        assert_eq!(of_instance(None, &world.seen[0]).support, Support::Unknown);
    }
    assert!(Support::Unknown.label().starts_with("Unknown"));
}

/// O1: a device is as its most urgent instance; N2: seen in both classes is a violation of its own.
#[test]
fn o1_the_most_urgent_instance_decides() {
    let mut world = device().ctrl_owned();
    world.sees(FULL, "1.4.2").sees_too("B", FULL, "1.4.2-dirty");
    assert_eq!(status(&world), Some(Support::NotSupported));
    world.seen[1].gone = Some(world.now);
    assert_eq!(status(&world), Some(Support::FullySupported));
    world.sees(FULL, "1.4.2").sees_too("B", REDUCED, "1.4.2");
    let verdict = of_device(&world.device, &world.seen).unwrap();
    assert_eq!(verdict.support, Support::NotSupported);
    assert!(verdict.why.contains("never both"), "{}", verdict.why);
}

/// O1: from the most urgent: shut down, not supported at all, unknown, reduced, full.
#[test]
fn o1_the_order_of_urgency() {
    use Support::{FullySupported, NotSupported, ReducedSupport, ShutDown, Unknown};
    let mut all: Vec<Support> = Support::iter().collect();
    all.sort_by_key(|s| -s.urgency());
    assert_eq!(all, [ShutDown, NotSupported, Unknown, ReducedSupport, FullySupported]);
}

/// O1, G2: a release whose tag moved, or that is deployed elsewhere, is not what is supported.
#[test]
fn o1_only_the_deployed_verified_tag_is_supported() {
    let mut world = device().ctrl_owned();
    world.sees(FULL_TOO, "1.4.2");
    assert_eq!(status(&world), Some(Support::NotSupported), "nothing is deployed there");
    world.reads_tag("1.4.3", 3).must(KARL, C::VerifyTag { tag: tag("1.4.3") });
    world.sees(FULL, "1.4.3");
    assert_eq!(status(&world), Some(Support::NotSupported), "verified, and not deployed");
    world.sees(FULL, "1.4.2").readings.tag_now = Some(Ok(Some(commit(77))));
    assert_eq!(status(&world), Some(Support::FullySupported));
    world.must(NOOR, C::CheckTag { tag: tag("1.4.2") });
    assert_eq!(status(&world), Some(Support::NotSupported), "its tag moved");
}

/// O1, G10: one commit can carry several tags: what names the deployed release's own commit is that release, and what
/// names another is not.
#[test]
fn o1_the_commit_counts_where_it_is_printed() {
    let mut world = device().ctrl_owned();
    for (version, is) in [
        ("1.4.3-0-g0101010", Support::FullySupported),
        ("1.5.0rc1-0-g0101010", Support::FullySupported),
        ("1.4.3-0-g0202020", Support::NotSupported),
        ("1.4.3", Support::NotSupported),
    ] {
        world.sees(FULL, version);
        assert_eq!(status(&world), Some(is), "{version}");
        let is_released = world.device.has_released(&classify(version, &[], &[]));
        assert_eq!(is_released, is == Support::FullySupported, "{version}");
    }
    // It is on record too.
    world.reads_tag("1.4.3", 1).must(KARL, C::VerifyTag { tag: tag("1.4.3") });
    world.sees(FULL, "1.4.3-0-g0101010");
    assert_eq!(status(&world), Some(Support::FullySupported));
}

/// B2: after a hand-back it is as N1 says until it is seen on the reduced server and on no full one.
#[test]
fn b2_after_a_hand_back_it_is_as_n1_says_until_it_is_seen() {
    let mut world = device().handed_back();
    assert_eq!(status(&world), Some(Support::NotSupported), "the last sight was before");
    world.sees(FULL, "1.4.2");
    assert_eq!(status(&world), Some(Support::NotSupported));
    world.sees_too("B", REDUCED, "1.4.2");
    assert_eq!(status(&world), Some(Support::NotSupported));
    world.sees(REDUCED, "1.4.2");
    assert_eq!(status(&world), Some(Support::ReducedSupport));
    world.seen[0].gone = Some(world.now);
    assert_eq!(status(&world), Some(Support::ReducedSupport), "it has been there");
}

/// O1: what nobody has seen is as the record says, and nothing is said of what is not running by the record.
#[test]
fn o1_unseen_is_as_on_record() {
    let expected = [
        None,
        None,
        None,
        Some(Support::ReducedSupport),
        Some(Support::ReducedSupport),
        Some(Support::FullySupported),
        None,
        None,
        None,
    ];
    assert_eq!(worlds().len(), expected.len());
    for (mut world, expected) in worlds().into_iter().zip(expected) {
        world.seen.clear();
        assert_eq!(status(&world), expected, "{}", world.device.state.name());
    }
}

/// O6: one of four answers to "it stopped", in the contributor's words, changed by contributors and CTRL only.
#[test]
fn o6_what_operators_may_do_is_the_contributors_word() {
    let words: Vec<&str> = WhenStopped::iter().map(WhenStopped::words).collect();
    assert_eq!(words, ["Restart any time", "Restart once, then call", "Call first", "Do not restart"]);
    let mut world = device().requested();
    assert_eq!(world.device.operators, operators(), "as it was sent in");
    let mut changed = operators();
    (changed.when_stopped, changed.may_stop) = (WhenStopped::DoNotRestart, false);
    let set = || C::SetOperatorRules { operators: changed.clone() };
    for who in [OTTO, NOOR] {
        world.refused_as(Code::NotYours, who, set());
    }
    world.must(ILSE, set());
    assert_eq!(world.device.operators, changed);
    world.refused_as(Code::AlreadyDone, ILSE, set());
}

/// O6, A35: the note to operators is short, on the way in as little as later, and by whatever door.
#[test]
fn o6_the_note_to_operators_is_short() {
    let with = |letters: usize| OperatorRules { note: "x".repeat(letters), ..operators() };
    let mut world = device();
    world.application.operators = with(NOTE_MAX + 1);
    let application = Box::new(world.application.clone());
    world.refused_as(Code::Incomplete, ILSE, C::Submit { application });
    let mut world = device().requested();
    let refusal = world.refused_as(Code::Incomplete, ILSE, C::SetOperatorRules { operators: with(NOTE_MAX + 1) });
    assert!(refusal.sentence.contains("1000 characters"), "{}", refusal.sentence);
    world.must(ILSE, C::SetOperatorRules { operators: with(NOTE_MAX) });
}
