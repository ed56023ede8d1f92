//! G3, G4: who reports which stage, in which order, and what lacks before production.

use super::given::*;
use crate::domain::{
    id::PersonId,
    lifecycle::{Actor, GateId as G, Turn},
    refusal::Code,
    stage::{Reporter, Stage, Standing, Told, decide},
    tag::TagName,
};
use strum::IntoEnumIterator;

/// As a forge names its run: the name says nothing where somebody reports by a token.
const JOB: &str = "webhook of git.example.org, run 7";

impl World {
    /// A report of somebody's, or of a job by somebody's token.
    fn told(&self, who: PersonId, job: bool, name: &str, stage: Stage, passed: bool, n: u8) -> Result<(), Code> {
        self.reported(Actor::Person(who), job, &tag(name), stage, passed, n).map(|_| ())
    }

    fn reported(
        &self,
        who: Actor,
        job: bool,
        tag: &TagName,
        stage: Stage,
        passed: bool,
        n: u8,
    ) -> Result<crate::domain::stage::Report, Code> {
        let told = Told {
            stage,
            passed,
            job: job.then(|| JOB.to_owned()),
            commit: commit(n),
            link: String::new(),
            text: "Seen.".to_owned(),
        };
        decide(&self.device, tag, &self.way, &told, &self.facts(who)).map_err(|r| r.code)
    }

    #[track_caller]
    fn passes(&mut self, who: PersonId, name: &str, stages: &[Stage]) -> &mut Self {
        for stage in stages {
            self.goes(who, name, *stage, true);
        }
        self
    }

    #[track_caller]
    fn goes(&mut self, who: PersonId, name: &str, stage: Stage, passed: bool) -> &mut Self {
        let report = self.reported(Actor::Person(who), false, &tag(name), stage, passed, 2);
        self.way.reports.push(report.unwrap_or_else(|code| panic!("{stage}: {code}")));
        self
    }
}

/// A device of CTRL's with a second release, of which nothing was reported.
fn second() -> World {
    let mut world = device().ctrl_owned();
    world.reads_tag("1.5.0", 2).must(KARL, crate::domain::lifecycle::Command::VerifyTag { tag: tag("1.5.0") });
    world
}

use Stage::*;

/// G3: who may report what, written down a second time.
#[test]
fn g3_who_reports_what() {
    const TABLE: [(Stage, &[Reporter]); 7] = [
        (Built, &[Reporter::Job, Reporter::Forge, Reporter::Ctrl]),
        (Tested, &[Reporter::Job, Reporter::Forge, Reporter::Ctrl]),
        (Staging, &[Reporter::Job, Reporter::Ctrl]),
        (Deployable, &[Reporter::Checker]),
        (ProductionRequested, &[Reporter::Ctrl]),
        (Deployed, &[Reporter::Custody]),
        (TestedAfter, &[Reporter::Job, Reporter::Ctrl]),
    ];
    for ((stage, reporters), listed) in TABLE.into_iter().zip(Stage::iter()) {
        assert_eq!((stage, stage.reporters()), (listed, reporters));
        // Everything that comes before it has passed, whatever it is.
        let mut world = second();
        world.passes(KARL, "1.5.0", &[Built, Tested, Staging]);
        if stage > Deployable {
            world.passes(RAVI, "1.5.0", &[Deployable]);
        }
        if stage == TestedAfter {
            let report = world.reported(Actor::Custody, false, &tag("1.5.0"), Deployed, true, 2).unwrap();
            world.way.reports.push(report);
        }
        let job = reporters.contains(&Reporter::Job);
        assert_eq!(world.told(LENA, true, "1.5.0", stage, true, 2).is_ok(), job, "a job, {stage}");
        let ctrl = reporters.iter().any(|r| matches!(r, Reporter::Ctrl | Reporter::Checker));
        assert_eq!(world.told(CHIARA, false, "1.5.0", stage, true, 2).is_ok(), ctrl, "CTRL, {stage}");
        for nobody in [ILSE, MAREK, NOOR, OTTO, SOFIA, ADMIN] {
            let code = world.told(nobody, false, "1.5.0", stage, true, 2).unwrap_err();
            assert!(matches!(code, Code::NotYours | Code::SelfApproval), "{stage} by somebody outside CTRL: {code}");
        }
        let custody = world.reported(Actor::Custody, false, &tag("1.5.0"), stage, true, 2);
        assert_eq!(custody.is_ok(), stage == Deployed, "Custody, {stage}");
        let forge = world.reported(Actor::Custody, true, &tag("1.5.0"), stage, true, 2);
        assert_eq!(forge.is_ok(), reporters.contains(&Reporter::Forge), "a forge, {stage}");
    }
}

/// A1, G3: four eyes. No contributor, nobody who asked for the staging, no author finds it deployable.
#[test]
fn a1_nobody_checks_what_they_had_a_part_in() {
    let mut world = second();
    world.passes(KARL, "1.5.0", &[Built, Tested, Staging]);
    assert_eq!(world.told(ILSE, false, "1.5.0", Deployable, true, 2), Err(Code::SelfApproval));
    assert_eq!(world.told(KARL, false, "1.5.0", Deployable, true, 2), Err(Code::SelfApproval), "asked for staging");
    world.device.releases[1].verified.authors.insert(ARNE_WRITES_AS.to_owned());
    world.person(CHIARA).emails.insert(ARNE_WRITES_AS.to_owned());
    assert_eq!(world.told(CHIARA, false, "1.5.0", Deployable, true, 2), Err(Code::AuthorApproval));
    assert_eq!(world.told(LENA, false, "1.5.0", Deployable, true, 2), Ok(()));
    world.person(LENA).active = false;
    assert_eq!(world.told(LENA, false, "1.5.0", Deployable, true, 2), Err(Code::NotYours), "a closed account");
}

/// G3: the order is kept; what failed stays, the last report counts, and a failure voids what came after.
#[test]
fn g3_the_last_report_counts_in_order() {
    let mut world = second();
    assert_eq!(world.told(KARL, false, "1.5.0", Tested, true, 2), Err(Code::WrongState), "not built");
    world.passes(KARL, "1.5.0", &[Built]).goes(KARL, "1.5.0", Tested, false);
    assert_eq!(world.told(KARL, false, "1.5.0", Staging, true, 2), Err(Code::WrongState), "its tests failed");
    world.passes(KARL, "1.5.0", &[Tested, Staging]);
    assert_eq!(world.way.reports.len(), 4, "the failure stands beside what followed");
    assert!(world.way.waits_for_check().is_some());
    world.passes(RAVI, "1.5.0", &[Deployable]);
    assert_eq!(world.way.waits_for_check(), None);
    assert_eq!(world.told(CHIARA, false, "1.5.0", Deployable, true, 2), Err(Code::AlreadyDone));
    world.goes(KARL, "1.5.0", Tested, false);
    assert!(matches!(world.way.standing(Deployable), Standing::Overtaken(_)));
    assert_eq!(world.way.lacks(&[Built, Tested, Deployable]), [Tested, Deployable]);
    world.passes(KARL, "1.5.0", &[Tested, Staging]).goes(RAVI, "1.5.0", Deployable, false);
    assert_eq!(world.told(CHIARA, false, "1.5.0", Deployable, true, 2), Err(Code::AlreadyDone), "it was answered: no");
    world.passes(KARL, "1.5.0", &[Staging]).passes(CHIARA, "1.5.0", &[Deployable]);
    assert!(world.way.passed(Deployable));
}

/// A20, A3: a report is about the release's own commit, and a tag that moved goes no further.
#[test]
fn a20_a_report_is_about_this_very_commit() {
    let mut world = second();
    assert_eq!(world.told(LENA, true, "1.5.0", Built, true, 1), Err(Code::OtherCommit), "green for another commit");
    assert_eq!(world.told(LENA, true, "9.9.9", Built, true, 2), Err(Code::NoSuchThing));
    world.readings.tag_now = Some(Ok(Some(commit(77))));
    world.must(NOOR, crate::domain::lifecycle::Command::CheckTag { tag: tag("1.5.0") });
    assert_eq!(world.told(LENA, true, "1.5.0", Built, true, 2), Err(Code::WrongState), "the tag moved");
}

/// A35, G3: a pipeline that reports without end is stopped, and says what opens it; people report on.
#[test]
fn a35_a_pipeline_does_not_report_without_end() {
    let mut world = second();
    world.passes(KARL, "1.5.0", &[Built]);
    let one = world.way.reports[0].clone();
    world.way.reports = vec![one.clone(); 999];
    assert_eq!(world.told(LENA, true, "1.5.0", Built, true, 2), Ok(()));
    world.way.reports.push(one);
    assert_eq!(world.told(LENA, true, "1.5.0", Tested, false, 2), Err(Code::WrongState));
    assert_eq!(world.told(KARL, false, "1.5.0", Tested, false, 2), Ok(()));
}

/// G3: onto a full server of what CTRL owns goes what passed; the review stands in for what was taken over.
#[test]
fn g3_production_needs_its_stages() {
    let mut world = second();
    world.stopped_only_by(G::G3, Turn::Machine, KARL, World::deploy(FULL_TOO, "1.5.0"));
    world.passes(KARL, "1.5.0", &[Built, Tested, Staging]);
    let gate = world.stopped_only_by(G::G3, Turn::Ctrl, KARL, World::deploy(FULL_TOO, "1.5.0"));
    assert!(gate.why.contains("Found deployable"), "{}", gate.why);
    assert_eq!(gate.release, Some(tag("1.5.0")));
    world.passes(RAVI, "1.5.0", &[Deployable]).must(KARL, World::deploy(FULL_TOO, "1.5.0"));
    device().ctrl_owned().must(KARL, World::deploy(FULL_TOO, "1.4.2"));

    let mut world = second();
    world.under(policy("[releases]\nproduction_needs = []")).must(KARL, World::deploy(FULL_TOO, "1.5.0"));
    let mut world = second();
    world.under(policy("[releases]\nproduction_needs = [\"built\"]"));
    world.passes(KARL, "1.5.0", &[Built]).must(KARL, World::deploy(FULL_TOO, "1.5.0"));
}
