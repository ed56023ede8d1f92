//! The stages that a release passes on its way (G3), each reported by a job or by a person. A release never changes;
//! what is reported of it stands beside what was reported before, and the last report of a stage counts.

use super::{
    device::Device,
    id::PersonId,
    lifecycle::{Facts, StateName, Who},
    pipeline,
    refusal::{Code, Refusal},
    tag::{CommitId, TagName},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The longest text and the longest link of a report, in characters.
pub const TEXT_MAX: usize = 2000;

/// More reports on one release than this are a loop in somebody's pipeline: each is read with every further one, and stands
/// on the release's page. People report on.
const REPORTS_MOST: usize = 1000;

/// In the order in which a release passes them.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Stage {
    Built,
    /// Before deployment.
    Tested,
    /// It runs where it can be looked at, and waits for a person's check.
    Staging,
    /// A person answered "is it deployable?".
    Deployable,
    ProductionRequested,
    /// What came of its deployment onto a full-support server; Custody itself puts that on record.
    Deployed,
    /// After deployment.
    TestedAfter,
}

impl Stage {
    pub fn label(self) -> &'static str {
        match self {
            Self::Built => "Built",
            Self::Tested => "Tested",
            Self::Staging => "On staging",
            Self::Deployable => "Found deployable",
            Self::ProductionRequested => "Asked for production",
            Self::Deployed => "Deployed",
            Self::TestedAfter => "Tested after deployment",
        }
    }

    /// What must have passed before it can be reported.
    pub fn after(self) -> &'static [Stage] {
        use Stage::*;
        match self {
            Built | Deployed => &[],
            Tested => &[Built],
            Staging => &[Built, Tested],
            Deployable => &[Built, Tested, Staging],
            ProductionRequested => &[Built, Tested, Staging, Deployable],
            TestedAfter => &[Deployed],
        }
    }

    /// Who may report it: the one table of it.
    pub fn reporters(self) -> &'static [Reporter] {
        use Reporter::*;
        match self {
            Self::Built | Self::Tested => &[Job, Forge, Ctrl],
            Self::Staging | Self::TestedAfter => &[Job, Ctrl],
            Self::Deployable => &[Checker],
            Self::ProductionRequested => &[Ctrl],
            Self::Deployed => &[Custody],
        }
    }

    /// The same in words.
    pub fn whose(self) -> &'static str {
        match self {
            Self::Built | Self::Tested => "a job or pipeline of the device, or CTRL",
            Self::Staging | Self::TestedAfter => "a job of the device, or CTRL",
            Self::Deployable => "a person of CTRL who has no part in it and did not ask for its staging",
            Self::ProductionRequested => "a person of CTRL",
            Self::Deployed => "Custody itself, when it is deployed",
        }
    }
}

/// Who reports a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumIter)]
pub enum Reporter {
    /// A program, by a token that is bound to the device.
    Job,
    /// A forge, by a webhook that was proved; it tells of its own pipelines.
    Forge,
    /// A person of CTRL who has no part in the device.
    Ctrl,
    /// The same with a second pair of eyes: not whoever asked for the staging, nor an author of the commit (A1).
    Checker,
    Custody,
}

/// How the text of a stage begins that nobody reported: somebody placed the release by hand, and by that it is deployed.
pub const BY_HAND: &str = "Placed by hand onto ";

/// What was reported of one stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub stage: Stage,
    pub passed: bool,
    /// Who reported it, or made the token of the job that did; nobody where Custody itself saw it or a forge told.
    pub by: Option<PersonId>,
    /// The name of the job's token, or the forge's run as [`super::pipeline`] writes it.
    pub job: Option<String>,
    /// The commit that it is about: the release's own (A20).
    pub commit: CommitId,
    /// A web address, or nothing.
    pub link: String,
    pub text: String,
    pub at: DateTime<Utc>,
}

/// What was reported of one release, oldest first: everything, or of each stage the last that passed and the last that
/// failed, which is all that says how the stages stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    pub reports: Vec<Report>,
    /// How many there are in all.
    pub many: usize,
}

/// The way of a release of which nothing was reported.
pub static NO_WAY: Way = Way { reports: Vec::new(), many: 0 };

/// How a stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Nothing was reported.
    Open,
    Passed(&'a Report),
    Failed(&'a Report),
    /// It passed, and something before it failed since: it is to be passed again.
    Overtaken(&'a Report),
}

impl Way {
    /// The last report of a stage, and its place.
    fn last(&self, stage: Stage) -> Option<(usize, &Report)> {
        self.reports.iter().enumerate().rev().find(|(_, r)| r.stage == stage)
    }

    /// How a stage stands: the last report counts, and a failure of what must come before it voids it.
    pub fn standing(&self, stage: Stage) -> Standing<'_> {
        match self.last(stage) {
            None => Standing::Open,
            Some((_, r)) if !r.passed => Standing::Failed(r),
            Some((place, r)) => {
                let failed_since =
                    self.reports[place + 1..].iter().any(|later| !later.passed && stage.after().contains(&later.stage));
                if failed_since { Standing::Overtaken(r) } else { Standing::Passed(r) }
            }
        }
    }

    pub fn passed(&self, stage: Stage) -> bool {
        matches!(self.standing(stage), Standing::Passed(_))
    }

    /// Since when it has been on staging without a person's answer (G4).
    pub fn waits_for_check(&self) -> Option<DateTime<Utc>> {
        let Standing::Passed(staging) = self.standing(Stage::Staging) else {
            return None;
        };
        let (place, _) = self.last(Stage::Staging)?;
        let answered = self.last(Stage::Deployable).is_some_and(|(answer, _)| answer > place);
        let ready = Stage::Deployable.after().iter().all(|s| self.passed(*s));
        (ready && !answered).then_some(staging.at)
    }

    /// Which of these stages lack, in their order.
    pub fn lacks(&self, needs: &[Stage]) -> Vec<Stage> {
        needs.iter().copied().filter(|s| !self.passed(*s)).collect()
    }

    /// Whether they asked for its staging, themselves or by a job of theirs.
    pub fn asked_for_staging(&self, person: PersonId) -> bool {
        self.reports.iter().any(|r| r.stage == Stage::Staging && r.by == Some(person))
    }
}

/// What somebody wants to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub stage: Stage,
    pub passed: bool,
    /// The job's token, where a program reports; the forge's run, where nobody does.
    pub job: Option<String>,
    pub commit: CommitId,
    pub link: String,
    pub text: String,
}

/// Judges a report on a stage of a release on record.
pub fn decide(device: &Device, tag: &TagName, way: &Way, told: &Told, facts: &Facts) -> Result<Report, Refusal> {
    let refuse = |code, sentence: String| Err(Refusal::new(code, sentence));
    let stage = told.stage;
    may_report(device, tag, way, stage, told.job.is_some(), facts)?;
    let Some(release) = device.release(tag) else {
        return refuse(Code::NoSuchThing, format!("{tag} is no release on record: have Custody verify it first."));
    };
    if !matches!(device.state.name(), StateName::ReducedSupport | StateName::UnderReview | StateName::CtrlOwned) {
        return refuse(
            Code::WrongState,
            format!("{} is {}: its releases go no further.", device.name(), device.state.name().label()),
        );
    }
    if !release.stands() {
        return refuse(
            Code::WrongState,
            format!("{tag} moved or vanished in the repository after it was verified: make a new tag."),
        );
    }
    if told.commit != *release.commit() {
        let (other, own) = (told.commit.short(), release.commit().short());
        return refuse(
            Code::OtherCommit,
            format!("{tag} is {own}, and this is about {other}: report what was done with {own}."),
        );
    }
    if told.job.is_some() && way.reports.len() >= REPORTS_MOST {
        let sentence = format!(
            "{tag} has {REPORTS_MOST} reports already, so a pipeline repeats itself: make a new tag, or have somebody of CTRL report."
        );
        return refuse(Code::WrongState, sentence);
    }
    if told.job.is_some() && facts.actor.person().is_none() {
        pipeline::must_be_news(way, told)?;
    }
    let lacks = way.lacks(stage.after());
    if let Some(first) = lacks.first() {
        return refuse(
            Code::WrongState,
            format!(
                "“{}” comes before “{}” and has not passed for {tag}: it is for {} to report.",
                first.label(),
                stage.label(),
                first.whose()
            ),
        );
    }
    if stage == Stage::Deployable && way.waits_for_check().is_none() && (told.passed || !way.passed(stage)) {
        let answered = way.last(stage).and_then(|(_, r)| r.by).map_or("Somebody", |p| facts.people.name(p));
        return refuse(
            Code::AlreadyDone,
            format!("{answered} has answered already for {tag}. It is asked again once it is back on staging."),
        );
    }
    if stage == Stage::ProductionRequested && told.passed && way.passed(stage) {
        return refuse(Code::AlreadyDone, format!("Production has been asked for with {tag}."));
    }
    if stage == Stage::Deployable && !told.passed && told.text.trim().is_empty() {
        return refuse(Code::Incomplete, "Say what you found, so that it can be mended.".to_owned());
    }
    if told.text.chars().count() > TEXT_MAX {
        return refuse(Code::Incomplete, format!("Shorten the text to {TEXT_MAX} characters, and link to the rest."));
    }
    Ok(Report {
        stage,
        passed: told.passed,
        by: facts.actor.person(),
        job: told.job.clone(),
        commit: told.commit.clone(),
        link: link(&told.link)?,
        text: told.text.trim().to_owned(),
        at: facts.now,
    })
}

/// Whether whoever acts may report this stage: the same for a door, a page and a decision.
pub fn may_report(
    device: &Device,
    tag: &TagName,
    way: &Way,
    stage: Stage,
    job: bool,
    facts: &Facts,
) -> Result<(), Refusal> {
    let not_yours = || Err(Refusal::new(Code::NotYours, format!("“{}” is for {}.", stage.label(), stage.whose())));
    let reporters = stage.reporters();
    let Some(me) = facts.actor.person() else {
        let own = if job { Reporter::Forge } else { Reporter::Custody };
        return if reporters.contains(&own) { Ok(()) } else { not_yours() };
    };
    if job {
        return if reporters.contains(&Reporter::Job) { Ok(()) } else { not_yours() };
    }
    let ctrl = facts.standing(device).contains(&Who::Ctrl);
    if reporters.contains(&Reporter::Checker) {
        if device.has_contributed(me) {
            let sentence = "You are a contributor of this device, or were one in this cycle: somebody else checks it.";
            return Err(Refusal::new(Code::SelfApproval, sentence));
        }
        if !ctrl {
            return not_yours();
        }
        if way.asked_for_staging(me) {
            let sentence = format!("You asked for the staging of {tag}: a second person checks it.");
            return Err(Refusal::new(Code::SelfApproval, sentence));
        }
        let authors = device.release(tag).map(|r| &r.verified.authors);
        if authors.is_some_and(|a| facts.person().is_some_and(|p| p.wrote(a, facts.author_key))) {
            let sentence = format!("You wrote part of {tag}: somebody who did not checks it.");
            return Err(Refusal::new(Code::AuthorApproval, sentence));
        }
        return Ok(());
    }
    if reporters.contains(&Reporter::Ctrl) && ctrl { Ok(()) } else { not_yours() }
}

/// A link is a web address that a browser opens, or none (A25). What reads addresses forgives the character NUL, which not
/// every database keeps.
pub(super) fn link(given: &str) -> Result<String, Refusal> {
    let given = given.trim();
    let is_address = |u: url::Url| matches!(u.scheme(), "http" | "https");
    let plain = given.is_empty()
        || (given.len() <= TEXT_MAX && !given.chars().any(char::is_control) && given.parse().is_ok_and(is_address));
    if plain {
        Ok(given.to_owned())
    } else {
        Err(Refusal::new(Code::Incomplete, "Give a web address as the link, like https://ci.example.org/jobs/17."))
    }
}
