//! G8: what a device depends on, and who says what came of a re-test.

use super::given::*;
use crate::domain::{
    id::{DeviceId, PersonId, RetestId},
    lifecycle::{Actor, Command as C},
    refusal::Code,
    retest::{self, DEPENDENCIES_MOST, Retest, Standing, Told, Tried},
};
use uuid::Uuid;

const SOURCE: DeviceId = DeviceId(Uuid::from_u128(1001));

fn sets(names: &[&str]) -> C {
    C::SetDependencies { on: names.iter().map(|n| (*n).to_owned()).collect() }
}

fn asked(world: &World) -> Retest {
    Retest {
        id: RetestId(Uuid::from_u128(7)),
        device: world.device.id,
        on: SOURCE,
        tag: tag("2.1.0"),
        commit: commit(7),
        opened: world.now,
        standing: Standing::Waiting,
        overtaken_by: None,
        many: 0,
    }
}

fn told(passed: bool) -> Told {
    Told { passed, job: None, release: None, commit: None, link: String::new(), text: "Seen.".to_owned() }
}

fn says(world: &World, who: PersonId, told: &Told) -> Result<Tried, Code> {
    retest::decide(&world.device, &asked(world), told, &world.facts(Actor::Person(who))).map_err(|r| r.code)
}

/// G8: named are devices on record, never itself, not without end; what is the same already changes nothing.
#[test]
fn g8_what_can_be_depended_on() {
    let mut world = device().reduced_support();
    let own = world.device.name().to_owned();
    world.refused_as(Code::NotYours, NOOR, sets(&["beamSource"]));
    world.refused_as(Code::AlreadyDone, ILSE, sets(&[]));
    world.refused_as(Code::NoSuchThing, ILSE, sets(&["beamSource", "nothingLikeIt"]));
    world.refused_as(Code::Incomplete, ILSE, sets(&[&own]));
    let many: Vec<String> = (0..=DEPENDENCIES_MOST).map(|n| format!("device{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    world.refused_as(Code::Incomplete, ILSE, sets(&many));
    world.must(ILSE, sets(&["beamSource"]));
    assert_eq!(world.device.depends_on.get("beamSource"), Some(&SOURCE));
    world.refused_as(Code::AlreadyDone, LENA, sets(&["beamSource"]));
    world.must(KARL, sets(&[]));
    assert!(world.device.depends_on.is_empty());
    device().discussed().refused_as(Code::WrongState, ILSE, sets(&["beamSource"]));
}

/// G8: only what is newer than every release that stands is news.
#[test]
fn g8_what_is_new() {
    let mut world = device().ctrl_owned();
    assert!(retest::is_newest(&world.device, &tag("1.4.2")));
    assert!(!retest::is_newest(&world.device, &tag("1.4.1")) && !retest::is_newest(&world.device, &tag("1.4.2rc1")));
    world.reads_tag("1.5.0", 2).must(KARL, C::VerifyTag { tag: tag("1.5.0") });
    assert!(retest::is_newest(&world.device, &tag("1.5.0")) && !retest::is_newest(&world.device, &tag("1.4.2")));
    assert_eq!(retest::newest(&world.device).map(|r| r.tag().as_str()), Some("1.5.0"));
}

/// G8: contributors, CTRL and jobs of the device report; nobody else; nothing of what has ended or depends on it no longer.
#[test]
fn g8_who_reports() {
    let mut world = device().ctrl_owned();
    world.must(LENA, sets(&["beamSource"]));
    for who in [ILSE, MAREK, LENA, KARL, RAVI] {
        assert!(says(&world, who, &told(true)).is_ok(), "{who}");
    }
    for who in [NOOR, OTTO, ADMIN] {
        assert_eq!(says(&world, who, &told(true)), Err(Code::NotYours), "{who}");
        let job = Told { job: Some("pipeline".to_owned()), ..told(true) };
        assert!(says(&world, who, &job).is_ok_and(|t| t.job.is_some()), "its token is for the device");
    }
    assert!(retest::whose(&world.device).iter().eq(&world.device.ctrl_contact), "whoever takes care of it for CTRL");
    world.must(LENA, sets(&[]));
    assert_eq!(says(&world, LENA, &told(true)), Err(Code::WrongState), "it depends on it no longer");
    let ended = device().retired();
    assert_eq!(says(&ended, LENA, &told(true)), Err(Code::WrongState));
}

/// G8, A20, A25: a failure is explained, a link is a web address, and what it was tried out with is the device's own.
#[test]
fn g8_what_a_result_says() {
    let mut world = device().ctrl_owned();
    world.must(LENA, sets(&["beamSource"]));
    let own = world.device.release(&tag("1.4.2")).unwrap().commit().clone();
    let bare = Told { text: " ".to_owned(), ..told(false) };
    assert_eq!(says(&world, LENA, &bare), Err(Code::Incomplete));
    let linked = Told { link: "https://ci.example.org/17".to_owned(), ..bare.clone() };
    assert!(says(&world, LENA, &linked).is_ok());
    for link in ["javascript:alert(1)", "ftp://example.org", "not an address"] {
        let odd = Told { link: link.to_owned(), ..told(true) };
        assert_eq!(says(&world, LENA, &odd), Err(Code::Incomplete), "{link}");
    }
    let long = Told { text: "x".repeat(2001), ..told(true) };
    assert_eq!(says(&world, LENA, &long), Err(Code::Incomplete));
    let with = |release: Option<&str>, commit| Told { release: release.map(tag), commit, ..told(true) };
    let tried = says(&world, LENA, &with(Some("1.4.2"), None)).unwrap();
    assert_eq!((tried.commit.as_ref(), tried.by), (Some(&own), Some(LENA)));
    assert_eq!(says(&world, LENA, &with(Some("9.9.9"), None)), Err(Code::NoSuchThing));
    assert_eq!(says(&world, LENA, &with(Some("1.4.2"), Some(commit(99)))), Err(Code::OtherCommit));
    assert!(says(&world, LENA, &with(None, Some(commit(99)))).is_ok());
}
