//! What a tag on its way into a repository is judged by, in a table by hand.

use super::*;
use crate::domain::{
    cycle::{Mark, Remark},
    id::{DeviceId, PersonId},
    lifecycle::{State, state::Owned},
    release::{Release, TagNow, VerifiedTag},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

fn at() -> DateTime<Utc> {
    "2026-11-21T08:00:00Z".parse().unwrap()
}

fn tag(name: &str) -> TagName {
    TagName::parse(name, &TagRule::default()).unwrap()
}

fn id(digit: char) -> CommitId {
    CommitId::parse(&digit.to_string().repeat(40)).unwrap()
}

fn mark() -> Mark {
    Mark { by: PersonId(Uuid::from_u128(2)), at: at() }
}

fn developed() -> State {
    State::ReducedSupport { since: at() }
}

fn owned() -> State {
    let owned =
        Owned { release: tag("1.0.0"), commit: id('a'), approved: Vec::new(), second_joined: true, took: mark() };
    State::CtrlOwned { since: at(), owned }
}

/// In this state, with the release 1.0.0 on record as `aaaa…`.
fn device(state: State) -> Device {
    let mut d = Device::draft(DeviceId(Uuid::from_u128(1)), at());
    d.request.name = "beamCheck".to_owned();
    d.request.trunk = "main".to_owned();
    d.state = state;
    let (object, commit, tree) = (id('a'), id('a'), id('b'));
    let (tagger, tagger_email, tagged_at, authors) = (None, None, None, BTreeSet::new());
    d.releases.push(Release {
        verified: VerifiedTag {
            tag: tag("1.0.0"),
            object,
            commit,
            tree,
            annotated: true,
            tagger,
            tagger_email,
            tagged_at,
            signed: false,
            authors,
        },
        at: at(),
        tag_now: TagNow::Stands,
        framework: None,
    });
    d
}

fn person(roles: &[Role], active: bool) -> Person {
    Person {
        id: PersonId(Uuid::from_u128(2)),
        name: "Lena Brandt".to_owned(),
        phone: None,
        emails: BTreeSet::new(),
        active,
        roles: roles.iter().cloned().collect(),
        teams: BTreeSet::new(),
        conduct: None,
        trained: std::collections::BTreeMap::new(),
        time_zone: "Europe/Berlin".to_owned(),
        absences: Vec::new(),
    }
}

/// A new tag that nothing is wrong with.
fn fine() -> Pushed {
    Pushed {
        name: "1.1.0".to_owned(),
        old: None,
        new: Some(id('c')),
        kind: Kind::Tag,
        is_commit: true,
        branches: ["main".to_owned(), "aside".to_owned()].into(),
        is_branch: false,
    }
}

fn open(d: &Device, annotated: bool, pushed: &Pushed, pusher: &[&Person]) -> Vec<&'static str> {
    let all = judge(d, &TagRule::default(), annotated, pushed, pusher, "lena");
    assert!(all.iter().all(|c| c.device == "beamCheck" && !c.why.is_empty()), "{all:?}");
    all.iter().filter(|c| !c.met).map(|c| c.id).collect()
}

/// G2, A3, A14, A15, A16, A19: what is changed about a tag that is fine, and which conditions it does not meet then; while
/// the device is developed, and with a rule that takes annotated tags alone.
#[test]
fn g2_each_thing_that_is_wrong_is_one_condition() {
    type Change = fn(&mut Pushed);
    #[rustfmt::skip]
    let table: &[(&str, Change, &[&str], &[&str])] = &[
        // what,                   change,                                        open,       where it has to be annotated
        ("as it is",               |_| {},                                        &[],         &[]),
        ("a light tag",            |p| p.kind = Kind::Commit,                     &[],         &["object"]),
        ("dirty",                  |p| p.name = "1.1.0-dirty".to_owned(),         &["name"],   &["name"]),
        ("look-alike",             |p| p.name = "1.1.\u{ff10}".to_owned(),        &["name"],   &["name"]),
        ("syntax of git",          |p| p.name = "../1.1.0".to_owned(),            &["name"],   &["name"]),
        ("an option",              |p| p.name = "--upload-pack=x".to_owned(),     &["name"],   &["name"]),
        ("no name",                |p| p.name.clear(),                            &["name"],   &["name"]),
        ("a branch’s name",        |p| p.is_branch = true,                        &["object"], &["object"]),
        ("a tag of a tree",        |p| p.is_commit = false,                       &["object", "trunk"], &["object", "trunk"]),
        ("a tree",                 |p| (p.kind, p.is_commit) = (Kind::Tree, false), &["object", "trunk"], &["object", "trunk"]),
        ("beside the trunk",       |p| p.branches.retain(|b| b != "main"),         &["trunk"],  &["trunk"]),
        ("on a look-alike trunk",  |p| p.branches = ["Main".to_owned()].into(),   &["trunk"],  &["trunk"]),
        ("on nothing",             |p| p.branches.clear(),                        &["trunk"],  &["trunk"]),
        ("moves a version",        |p| p.old = Some(id('d')),                     &["stays"],  &["stays"]),
        ("names the same again",   |p| p.old = p.new.clone(),                     &[],         &[]),
        ("moves a release",        |p| (p.name, p.old) = ("1.0.0".to_owned(), Some(id('a'))), &["stays"], &["stays"]),
        ("makes another of it",    |p| p.name = "1.0.0".to_owned(),               &["stays"],  &["stays"]),
        ("spells one otherwise",   |p| p.name = "v1.0.0".to_owned(),              &["stays"],  &["stays"]),
        ("takes that away",        |p| (p.name, p.old, p.new) = ("v1.0.0".to_owned(), Some(id('c')), None), &[], &[]),
        ("puts a release back",    |p| (p.name, p.new) = ("1.0.0".to_owned(), Some(id('a'))), &[], &[]),
        ("deletes a release",      |p| (p.name, p.old, p.new) = ("1.0.0".to_owned(), Some(id('a')), None), &["stays"], &["stays"]),
        ("deletes what is none",   |p| (p.old, p.new) = (Some(id('c')), None),    &[],         &[]),
        ("deletes an odd name",    |p| (p.name, p.old, p.new) = ("nightly".to_owned(), Some(id('c')), None), &[], &[]),
        ("all at once",            |p| (p.old, p.is_branch, p.branches) = (Some(id('d')), true, BTreeSet::new()), &["stays", "object", "trunk"], &["stays", "object", "trunk"]),
    ];
    let d = device(developed());
    for (what, change, expected, where_annotated) in table {
        let mut pushed = fine();
        change(&mut pushed);
        assert_eq!(open(&d, false, &pushed, &[]), *expected, "{what}");
        assert_eq!(open(&d, true, &pushed, &[]), *where_annotated, "{what}, annotated");
    }
}

/// T10: who tags what CTRL owns, and that a developed device asks nobody for it.
#[test]
fn t10_ctrl_tags_what_it_owns() {
    let (ctrl, gone, other) =
        (person(&[Role::Ctrl], true), person(&[Role::Ctrl], false), person(&[Role::Doc, Role::Admin], true));
    let table: &[(&[&Person], &[&str])] = &[
        (&[&ctrl], &[]),
        (&[&other, &ctrl], &[]),
        (&[&gone], &["pusher"]),
        (&[&other], &["pusher"]),
        (&[], &["pusher"]),
    ];
    for (pushers, expected) in table {
        assert_eq!(open(&device(owned()), false, &fine(), pushers), *expected, "{pushers:?}");
        assert_eq!(open(&device(developed()), false, &fine(), pushers), [""; 0]);
    }
}

/// G2: which states have rules for tags: what has ended has none.
#[test]
fn g2_what_has_ended_judges_no_tag() {
    let why = || Remark { text: "Over.".to_owned(), mark: mark() };
    let listed = |state| {
        let all = judge(&device(state), &TagRule::default(), false, &fine(), &[], "lena");
        all.iter().map(|c| c.id).collect::<Vec<_>>()
    };
    let each = ["name", "stays", "object", "trunk"];
    let table: &[(State, &[&str])] = &[
        (State::Requested { since: at() }, &each),
        (State::Accepted { since: at() }, &each),
        (developed(), &each),
        (owned(), &["name", "stays", "object", "trunk", "pusher"]),
        (State::Declined { reason: why() }, &[]),
        (State::Withdrawn { reason: why() }, &[]),
        (State::Retired { reason: why() }, &[]),
    ];
    for (state, expected) in table {
        assert_eq!(listed(state.clone()), *expected, "{state:?}");
    }
}

/// A25: how a server calls whoever pushes is shown in one line of bounded length.
#[test]
fn a25_what_a_stranger_is_called_is_bounded() {
    let all = judge(&device(owned()), &TagRule::default(), false, &fine(), &[], &format!("x\n{}", "y".repeat(500)));
    let why = &all.iter().find(|c| c.id == "pusher").unwrap().why;
    assert!(why.contains(r"x\nyyy") && !why.contains('\n') && why.len() < 250, "{why}");
}
