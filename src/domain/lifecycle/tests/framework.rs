//! G6: which version of the framework a release is built against, and what production makes of it.

use super::given::*;
use crate::domain::{
    deployment::Environment,
    framework::{BuiltWith, FileAt, Reading},
    lifecycle::{Actor, Command as C, GateId as G, Turn, gates::judge},
    policy::Policy,
    refusal::Code,
};

const KNOWN: &str = "[[frameworks.known]]\nname = \"Karabo\"\nversions = [\"3.1.2\", \
                     { version = \"3.0.4\", deprecated = 2026-06-01, rejected = 2026-09-01 }]\n";

fn known(more: &str) -> Policy {
    policy(&format!("[frameworks]\n{more}{KNOWN}"))
}

fn build_against(pattern: &str) -> C {
    C::BuildAgainst { framework: "Karabo".into(), file: "v.txt".into(), pattern: pattern.into() }
}

impl World {
    /// What the repository answers for a commit's file, by the words on record.
    fn reads_file(&mut self, n: u8, at: &FileAt) -> &mut Self {
        let against = self.device.built.against.clone().unwrap();
        self.readings.framework = Some(Ok(Reading { commit: commit(n), built: against.read(at), against }));
        self
    }

    fn says(&mut self, text: &str) -> &mut Self {
        self.reads_file(1, &FileAt::Content(text.into())).must(KARL, C::ReadFramework { tag: tag("1.4.2") })
    }

    fn is_built(&self) -> Option<BuiltWith> {
        self.device.release(&tag("1.4.2")).unwrap().framework.clone()
    }

    fn on(&mut self, day: &str) -> &mut Self {
        self.now = format!("{day}T10:00:00Z").parse().unwrap();
        self
    }
}

/// Owned by CTRL in 1.4.2, where the version stands in `v.txt`.
fn owned(more: &str) -> World {
    let mut world = device().ctrl_owned();
    world.under(known(more)).must(KARL, build_against("karabo==([0-9.]+)"));
    world
}

/// G6: a rejected version goes into production no longer, from its day on, by whoever asks; a deprecated one does with a
/// word, and in development anything does.
#[test]
fn g6_production_takes_no_rejected_version() {
    let mut world = owned("");
    world.says("karabo==3.0.4");
    let redeploys = || World::deploy(FULL, "1.4.2");
    for (day, words) in
        [("2026-05-31", "current"), ("2026-06-01", "deprecated since 1 Jun 2026"), ("2026-08-31", "3.1.2")]
    {
        world.on(day);
        let why = judge(G::G6, &world.device, Some(&redeploys()), &world.facts(Actor::Person(KARL))).why;
        assert!(why.contains(words), "{day}: {why}");
        world.clone().must(KARL, redeploys());
    }
    world.on("2026-09-01");
    let gate = world.stopped_only_by(G::G6, Turn::Ctrl, KARL, redeploys());
    assert!(gate.why.contains("rejected since 1 Sep 2026: update it to 3.1.2"), "{}", gate.why);
    // What was asked for before is begun no more.
    let mut asked = owned("");
    asked.says("karabo==3.0.4").must(KARL, redeploys());
    let permit = asked.permit(FULL);
    asked.on("2026-09-01").stopped_only_by(G::G6, Turn::Ctrl, KARL, permit);
    // An environment of development takes it.
    world.servers.get_mut(&FULL_TOO.into()).unwrap().environment = Environment::Development;
    world.must(KARL, World::deploy(FULL_TOO, "1.4.2"));
}

/// G6: what is not on record, or not to be found, is shown, and refused where the policy says so; what was not read is
/// read first.
#[test]
fn g6_unknown_versions_are_taken_or_refused_as_the_policy_says() {
    for (text, why) in [("karabo==9.9.9", "not on record"), ("nothing", "could not be found")] {
        let mut world = owned("");
        world.stopped_only_by(G::G6, Turn::Machine, KARL, World::deploy(FULL, "1.4.2"));
        world.says(text);
        let gate = judge(G::G6, &world.device, Some(&World::deploy(FULL, "1.4.2")), &world.facts(Actor::Person(KARL)));
        assert!(gate.met && gate.why.contains(why), "{}", gate.why);
        world.must(KARL, World::deploy(FULL, "1.4.2"));
        let mut strict = owned("unknown = \"refuse\"\n");
        let gate = strict.says(text).stopped_only_by(G::G6, Turn::Ctrl, KARL, World::deploy(FULL, "1.4.2"));
        assert!(gate.why.contains(why), "{}", gate.why);
    }
    // Nothing is asked where nobody said anything, or the facility has no framework.
    let mut world = device().ctrl_owned();
    world.under(known("unknown = \"refuse\"\n")).must(KARL, World::deploy(FULL, "1.4.2"));
    let mut world = owned("");
    world.under(policy("")).must(KARL, World::deploy(FULL, "1.4.2"));
}

/// G6, T10: contributors say it while it is theirs, CTRL once CTRL owns it; nobody else, and nothing that is no path.
#[test]
fn g6_who_says_what_it_is_built_against() {
    let mut world = device().reduced_support();
    world.under(known(""));
    for stranger in [NOOR, OTTO] {
        world.refused_as(Code::NotYours, stranger, build_against("(a)"));
    }
    for (file, pattern) in [("../v.txt", "(a)"), ("/etc/passwd", "(a)"), ("-x", "(a)"), ("v.txt", "a"), ("v.txt", "(")]
    {
        let command = C::BuildAgainst { framework: "Karabo".into(), file: file.into(), pattern: pattern.into() };
        world.refused_as(Code::Incomplete, ILSE, command);
    }
    let other = C::BuildAgainst { framework: "Tango".into(), file: "v.txt".into(), pattern: "(a)".into() };
    world.refused_as(Code::Incomplete, ILSE, other);
    world.must(ILSE, build_against("(a)")).refused_as(Code::AlreadyDone, ILSE, build_against("(a)"));
    world.must(MAREK, C::ForgetFramework {}).refused_as(Code::AlreadyDone, KARL, C::ForgetFramework {});
    let mut world = owned("");
    for command in [build_against("(b)"), C::ForgetFramework {}] {
        world.refused_as(Code::NotYours, ILSE, command);
    }
    world.must(KARL, C::ForgetFramework {});
}

/// G6: what was read by other words, of another commit or not at all is not taken for the release's own.
#[test]
fn g6_a_reading_is_of_this_release_and_these_words() {
    let mut world = owned("");
    let reads = || C::ReadFramework { tag: tag("1.4.2") };
    world.refused_as(Code::NoSuchThing, KARL, reads());
    world.reads_file(2, &FileAt::Content("karabo==3.0.4".into())).refused_as(Code::NoSuchThing, KARL, reads());
    world.readings.framework = Some(Err("The repository does not answer.".into()));
    assert!(world.refused_as(Code::NoSuchThing, KARL, reads()).sentence.contains("does not answer"));
    world.says("karabo==3.0.4");
    assert_eq!(world.is_built().unwrap().version(), Some("3.0.4"));
    assert!(world.does(KARL, reads()).unwrap().is_empty(), "the same again is nothing new");
    world.must(KARL, build_against("other==([0-9.]+)"));
    assert_eq!(world.is_built(), None, "read again by the new words");
    world.refused_as(Code::NoSuchThing, KARL, reads());
    world.says("other==3.1.2");
    assert_eq!(world.is_built().unwrap().version(), Some("3.1.2"));
    world.must(KARL, C::ForgetFramework {}).refused_as(Code::Incomplete, KARL, reads());
    assert_eq!(world.is_built(), None);
    // A tag brings its own reading along.
    let mut world = owned("");
    world.reads_file(2, &FileAt::Content("karabo==3.1.2".into()));
    world.reads_tag("1.5.0", 2).must(KARL, C::VerifyTag { tag: tag("1.5.0") });
    let built = world.device.release(&tag("1.5.0")).unwrap().framework.clone().unwrap();
    assert_eq!((built.framework(), built.version()), ("Karabo", Some("3.1.2")));
}
