//! G10: what differs from the record, written down a second time by hand.

use super::*;
use crate::domain::{
    contact::WhenStopped,
    cycle::{Mark, Remark},
    device::{Device, Placement, ShutDown, Vacated},
    id::{DeviceId, PersonId},
    lifecycle::state::State,
    observation::{Seen, Source},
    release::{Release, TagNow, VerifiedTag},
    server::SupportClass,
    tag::{CommitId, TagName, TagRule},
    version::classify,
};
use chrono::{TimeZone, Utc};
use strum::IntoEnumIterator;
use uuid::Uuid;

const FULL: &str = "cppServer/ctrl_01";
const REDUCED: &str = "cppServer/contrib_01";
const ELSEWHERE: &str = "cppServer/ctrl_02";

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 21, 8, 0, 0).unwrap()
}

fn patience() -> Patience {
    Patience { grace: Duration::minutes(10), silent_after_minutes: 10 }
}

fn tag(name: &str) -> TagName {
    TagName::parse(name, &TagRule::default()).unwrap()
}

fn commit(digit: &str) -> CommitId {
    CommitId::parse(&digit.repeat(40)).unwrap()
}

/// Placed on that server a while ago, with the release 1.4.2 where the server is a full one, and moved there from the
/// others.
fn device(server: Option<(&str, SupportClass)>, minutes_ago: i64) -> Device {
    let at = now() - Duration::minutes(minutes_ago);
    let mut d = Device::draft(DeviceId(Uuid::from_u128(1)), at);
    d.request.name = "beamCheck".to_owned();
    d.state = State::ReducedSupport { since: at };
    d.placements.extend(server.map(|(name, class)| Placement {
        server: name.into(),
        class,
        release: (class == SupportClass::Full).then(|| tag("1.4.2")),
        mark: Mark { by: PersonId(Uuid::from_u128(2)), at },
        permit: None,
    }));
    let others = [FULL, ELSEWHERE, REDUCED].into_iter().filter(|other| server.is_none_or(|(s, _)| s != *other));
    d.vacated.extend(others.map(|other| Vacated { server: other.into(), at }));
    d.releases.push(Release {
        verified: VerifiedTag {
            tag: tag("1.4.2"),
            object: commit("a"),
            commit: commit("a"),
            tree: commit("b"),
            annotated: true,
            tagger: None,
            tagger_email: None,
            tagged_at: None,
            signed: false,
            authors: Default::default(),
        },
        at,
        tag_now: TagNow::Stands,
        framework: None,
    });
    d
}

fn seen(server: &str, version: &str, minutes_ago: i64) -> Seen {
    let class = match server {
        FULL | ELSEWHERE => Some(SupportClass::Full),
        REDUCED => Some(SupportClass::Reduced),
        _ => None,
    };
    Seen {
        instance: "SCS/BEAM/CHECK".to_owned(),
        class: "BeamCheck".to_owned(),
        server: server.into(),
        host: "scs-01".to_owned(),
        support_class: class,
        version: classify(version, &["beamCheck".to_owned()], &["3.1.2".to_owned()]),
        since: now() - Duration::days(1),
        seen: now() - Duration::minutes(minutes_ago),
        gone: None,
        source: Source::Agent,
    }
}

/// G10: what runs, how long ago it was reported, where it is placed and since when, and what follows.
#[test]
fn g10_each_difference_is_found_and_no_other() {
    use Kind::*;
    let full = Some((FULL, SupportClass::Full));
    let reduced = Some((REDUCED, SupportClass::Reduced));
    type Case =
        (&'static [(&'static str, &'static str, i64)], Option<(&'static str, SupportClass)>, i64, &'static [Kind]);
    let table: &[Case] = &[
        (&[(FULL, "1.4.2", 0)], full, 60, &[]),
        (&[(FULL, "beamCheck-v1.4.2", 0)], full, 60, &[]),
        (&[(FULL, "1.4.1", 0)], full, 60, &[OtherVersion]),
        (&[(FULL, "", 0)], full, 60, &[OtherVersion]),
        (&[(FULL, "1.4.2-3-gaaaaaaa", 0)], full, 60, &[Ahead]),
        (&[(FULL, "1.4.3.dev3+gaaaaaaaaa", 0)], full, 60, &[Ahead]),
        (&[(FULL, "1.4.2-dirty", 0)], full, 60, &[Dirty]),
        (&[(FULL, "beamCheck-3.1.2", 0)], full, 60, &[FalseClean]),
        (&[(FULL, "1.4.2-0-gaaaaaaa", 0)], full, 60, &[]),
        (&[(FULL, "1.4.2-0-gccccccc", 0)], full, 60, &[FalseClean]),
        (&[(REDUCED, "1.4.2-0-gccccccc", 0)], reduced, 60, &[FalseClean]),
        // One commit can carry several tags.
        (&[(FULL, "1.4.3-0-gaaaaaaa", 0)], full, 60, &[]),
        (&[(FULL, "1.4.3-0-gccccccc", 0)], full, 60, &[OtherVersion]),
        (&[(FULL, "1.4.3-0-gaaaaaaa-dirty", 0)], full, 60, &[Dirty]),
        // Where support is reduced its contributors may run anything.
        (&[(REDUCED, "1.4.2-3-gaaaaaaa-dirty", 0)], reduced, 60, &[]),
        (&[(REDUCED, "", 0)], reduced, 60, &[]),
        (&[(ELSEWHERE, "1.4.2", 0)], full, 60, &[WrongServer, NotSeen]),
        (&[("cppServer/nobody_knows", "1.4.2", 0)], reduced, 60, &[WrongServer]),
        (&[(FULL, "1.4.2", 0)], None, 60, &[WrongServer]),
        (&[(REDUCED, "1.4.2", 0), (FULL, "1.4.2", 0)], full, 60, &[BothClasses, WrongServer]),
        (&[(FULL, "1.4.2", 10)], full, 60, &[]),
        // Silence is the server's.
        (&[(FULL, "1.4.2", 11)], full, 60, &[]),
        (&[], full, 60, &[NotSeen]),
        (&[], reduced, 60, &[]),
        // A deployment under way: what it replaces may still run, yet nothing dirty.
        (&[(ELSEWHERE, "1.4.1", 0)], full, 9, &[]),
        (&[(FULL, "1.4.1", 0)], full, 9, &[]),
        (&[(FULL, "1.4.1", 0)], full, 10, &[OtherVersion]),
        (&[(FULL, "1.4.2-dirty", 0)], full, 9, &[Dirty]),
        (&[(REDUCED, "1.4.2", 0), (FULL, "1.4.2", 0)], full, 9, &[]),
        (&[], full, 9, &[]),
    ];
    for (n, (running, placed, minutes, expected)) in table.iter().enumerate() {
        let all: Vec<Seen> = running.iter().map(|(server, version, ago)| seen(server, version, *ago)).collect();
        let found = of_device(&device(*placed, *minutes), &all, patience(), now());
        let mut kinds: Vec<Kind> = found.differs.iter().map(|d| d.kind).collect();
        kinds.sort();
        assert_eq!(kinds, *expected, "row {n}: {running:?} {placed:?}: {found:?}");
    }
}

/// G10: what was started after it was placed elsewhere is on the wrong server at once; the grace is for what was there.
#[test]
fn g10_what_is_started_on_the_wrong_server_is_found_at_once() {
    let d = device(Some((FULL, SupportClass::Full)), 9);
    let started = |server, minutes| Seen { since: now() - Duration::minutes(minutes), ..seen(server, "1.4.2", 0) };
    let kinds = |all: &[Seen]| kinds(of_device(&d, all, patience(), now()).differs);
    assert_eq!(kinds(&[started(ELSEWHERE, 10)]), []);
    assert_eq!(kinds(&[started(ELSEWHERE, 8)]), [Kind::WrongServer]);
    assert_eq!(kinds(&[started(REDUCED, 8), started(FULL, 8)]), [Kind::WrongServer, Kind::BothClasses]);
    assert_eq!(kinds(&[started(REDUCED, 10), started(FULL, 8)]), []);
}

/// G10: a new placement excuses what it replaced, and nothing else; and what is excused, if it is open already, stays so.
#[test]
fn g10_a_new_placement_excuses_what_it_replaced_alone() {
    // Placed on its reduced server again, nine minutes ago; it was never placed on the full one.
    let mut again = device(Some((REDUCED, SupportClass::Reduced)), 9);
    again.vacated.clear();
    let stray = seen(FULL, "1.4.2", 0);
    assert_eq!(kinds(of_device(&again, std::slice::from_ref(&stray), patience(), now()).differs), [Kind::WrongServer]);
    let both = of_device(&again, &[stray.clone(), seen(REDUCED, "1.4.2", 0)], patience(), now());
    assert_eq!(kinds(both.differs), [Kind::WrongServer, Kind::BothClasses]);
    // It was, until nine minutes ago.
    let moved = device(Some((REDUCED, SupportClass::Reduced)), 9);
    let found = of_device(&moved, &[stray.clone(), seen(REDUCED, "1.4.2", 0)], patience(), now());
    assert_eq!(kinds(found.differs), []);
    assert_eq!(kinds(found.under_way), [Kind::WrongServer, Kind::BothClasses]);
    // Taken off a server, and placed nowhere else.
    assert_eq!(kinds(of_device(&device(None, 9), &[stray], patience(), now()).differs), [Kind::WrongServer]);
    // What settles is the server where it was placed anew.
    let mut two = device(Some((FULL, SupportClass::Full)), 60);
    let old = two.placements[0].clone();
    let mark = Mark { at: now() - Duration::minutes(9), ..old.mark };
    two.placements.push(Placement { server: ELSEWHERE.into(), mark, ..old });
    let found = of_device(&two, &[seen(FULL, "1.4.1", 0), seen(ELSEWHERE, "1.4.1", 0)], patience(), now());
    let of = |all: Vec<Drift>| all.into_iter().map(|d| (d.kind, d.server.0)).collect::<Vec<_>>();
    assert_eq!(of(found.differs), [(Kind::OtherVersion, FULL.to_owned())]);
    assert_eq!(of(found.under_way), [(Kind::OtherVersion, ELSEWHERE.to_owned())]);
}

fn kinds(all: Vec<Drift>) -> Vec<Kind> {
    all.iter().map(|d| d.kind).collect()
}

/// N5, G10: what CTRL shut down is to stand still: nothing misses it, and what runs of it is the difference, once there was
/// time to stop it. What else is wrong with it waits, and is not mended by that.
#[test]
fn n5_what_was_shut_down_and_runs_is_found() {
    let at = |minutes| Mark { by: PersonId(Uuid::from_u128(2)), at: now() - Duration::minutes(minutes) };
    let stopped = |minutes| {
        let mut d = device(Some((FULL, SupportClass::Full)), 60);
        d.shut_down = Some(ShutDown {
            reason: Remark { mark: at(minutes), text: "It floods the broker.".to_owned() },
            affected: "The broker.".to_owned(),
            responsible: PersonId(Uuid::from_u128(2)),
            conditions: String::new(),
        });
        d
    };
    let found = |d: &Device, all: &[Seen]| of_device(d, all, patience(), now());
    assert_eq!(found(&stopped(30), &[]), Found::default());
    let other = [seen(FULL, "1.4.1", 0)];
    let (late, early) = (found(&stopped(30), &other), found(&stopped(9), &other));
    assert!(late.differs[0].words.contains("although CTRL shut it down"), "{late:?}");
    assert_eq!((kinds(late.differs), kinds(late.under_way)), (vec![Kind::NotStopped], vec![Kind::OtherVersion]));
    assert_eq!((kinds(early.differs), kinds(early.under_way)), (vec![], vec![Kind::NotStopped, Kind::OtherVersion]));
    // Started again, it has some time to show itself.
    let mut restarted = device(Some((FULL, SupportClass::Full)), 60);
    restarted.restarted = Some(at(9).at);
    assert_eq!(kinds(found(&restarted, &[]).differs), []);
    restarted.restarted = Some(at(10).at);
    assert_eq!(kinds(found(&restarted, &[]).differs), [Kind::NotSeen]);
}

/// G10, N5, O6: what is shut down or has ended is told to start nowhere, and where a call comes first the remedy says so.
#[test]
fn g10_a_remedy_fits_how_the_device_stands() {
    let operators = |may_stop| OperatorRules { when_stopped: WhenStopped::CallFirst, may_stop, note: String::new() };
    let terms = |state, shut_down, may_stop, support| Terms::of(state, shut_down, &operators(may_stop), support);
    let runs = terms(StateName::CtrlOwned, false, true, Some(Support::FullySupported));
    let calls = terms(StateName::CtrlOwned, false, false, Some(Support::FullySupported));
    let unsupported = terms(StateName::CtrlOwned, false, true, Some(Support::NotSupported));
    let stopped = terms(StateName::CtrlOwned, true, true, Some(Support::ShutDown));
    let ended = [StateName::Retired, StateName::Withdrawn, StateName::Declined].map(|s| terms(s, false, true, None));
    for kind in Kind::iter() {
        assert_eq!(kind.remedy_of(runs), kind.remedy());
        let stops = ["Stop it", "restart it"].iter().any(|s| kind.remedy().contains(s)) && kind != Kind::Unknown;
        for first in [calls, unsupported] {
            assert_eq!(kind.remedy_of(first).starts_with("Call first. "), stops, "{kind}");
        }
        let weak = matches!(kind, Kind::Unknown | Kind::Silent | Kind::NotSeen);
        for nowhere in [[stopped].as_slice(), &ended].concat() {
            let says = kind.remedy_of(nowhere);
            assert_eq!(says.starts_with("Stop it, and start it nowhere"), !weak, "{kind}: {says}");
        }
    }
}

/// G10, N6: whoever holds the device mends what differs; what is to run nowhere, nobody's or a server's is for CTRL.
#[test]
fn g10_an_incident_is_somebodys_turn() {
    let operators = OperatorRules { when_stopped: WhenStopped::CallFirst, may_stop: true, note: String::new() };
    let terms = |state, shut_down| Some(Terms::of(state, shut_down, &operators, None));
    for kind in Kind::iter() {
        let ctrls = matches!(kind, Kind::NotStopped | Kind::Unknown | Kind::Silent);
        for held in [StateName::Requested, StateName::ReducedSupport, StateName::UnderReview] {
            let expected = if ctrls { Turn::Ctrl } else { Turn::Contributor };
            assert_eq!(kind.turn_of(terms(held, false)), expected, "{kind}");
            assert_eq!(kind.turn_of(terms(held, true)), Turn::Ctrl, "{kind}");
        }
        for no_contributors in [terms(StateName::CtrlOwned, false), terms(StateName::Withdrawn, false), None] {
            assert_eq!(kind.turn_of(no_contributors), Turn::Ctrl, "{kind}");
        }
    }
}

/// G10: what is gone differs from nothing but from being deployed.
#[test]
fn g10_what_is_gone_is_no_difference() {
    let gone = Seen { gone: Some(now()), ..seen(ELSEWHERE, "1.4.2-dirty", 100) };
    assert_eq!(of_device(&device(None, 60), &[gone], patience(), now()), Found::default());
}

/// G10: a statement does not fall silent; a collector does.
#[test]
fn g10_only_programs_fall_silent() {
    let by = |source| Seen { source, ..seen(REDUCED, "1.4.2", 100) };
    let stated = by(Source::Statement { person: PersonId(Uuid::from_u128(3)) });
    assert_eq!(of_silent([&stated], patience(), now()), []);
    let collected = by(Source::Collector { name: "tango".to_owned() });
    let found =
        of_silent([&collected, &stated, &seen(FULL, "1.4.2", 10), &seen(ELSEWHERE, "1", 11)], patience(), now());
    let found: Vec<_> = found.iter().map(|d| (d.kind, d.instance.as_str(), d.server.0.as_str())).collect();
    assert_eq!(found, [(Kind::Silent, REDUCED, REDUCED), (Kind::Silent, ELSEWHERE, ELSEWHERE)]);
    assert_eq!(of_stranger(&collected).kind, Kind::Unknown);
    assert_eq!(of_silent([&Seen { gone: Some(now()), ..collected }], patience(), now()), [], "it is gone");
}

/// G10: silence is one difference of a server, however much runs there, and says how much of it is meant.
#[test]
fn g10_a_silent_server_is_one_difference() {
    let table = [
        (0, 0, None),
        (0, 9, None),
        (1, 1, Some("Its one instance on")),
        (9, 9, Some("None of the 9 instances on")),
        (1, 9, Some("One of the 9 instances on")),
        (2, 9, Some("2 of the 9 instances on")),
    ];
    for (silent, running, begins) in table {
        let found = of_server(&FULL.into(), silent, running, patience());
        assert_eq!(found.is_some(), begins.is_some(), "{silent} of {running}");
        if let (Some(d), Some(begins)) = (found, begins) {
            assert!(d.words.starts_with(begins) && d.words.contains("no proof"), "{}", d.words);
        }
    }
}

/// G10: each kind has words and a remedy of its own, and what proves nothing says so.
#[test]
fn g10_each_kind_says_what_to_do() {
    let labels: std::collections::BTreeSet<_> = Kind::iter().map(Kind::label).collect();
    let remedies: std::collections::BTreeSet<_> = Kind::iter().map(Kind::remedy).collect();
    assert_eq!((labels.len(), remedies.len()), (Kind::iter().count(), Kind::iter().count()));
    let unseen = of_device(&device(Some((FULL, SupportClass::Full)), 60), &[], patience(), now());
    assert!(unseen.differs[0].words.contains("no proof"), "{unseen:?}");
}

/// G10: where a page ends is written and read in one way, and nothing else is such a place.
#[test]
fn g10_the_end_of_a_page_is_read_as_it_was_written() {
    for (text, is_open, seq) in [("open.12", true, 12), ("closed.12", false, 12), ("open.0", true, 0)] {
        let cursor = Cursor { is_open, seq };
        assert_eq!((text.parse(), cursor.to_string().as_str()), (Ok(cursor), text));
    }
    for odd in
        ["", "open", "open.", ".12", "Open.12", "shut.12", "open.x", "open.1.2", "open 12", "open.99999999999999999999"]
    {
        assert_eq!(odd.parse::<Cursor>(), Err(NoCursor), "{odd:?}");
    }
}
