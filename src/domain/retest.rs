//! Re-tests (G8): a new release of a device marks those that depend on it, and what came of trying it out stays on record.
//! Nobody is kept from anything by one: it is asked for, and it shows.

use super::{
    device::Device,
    id::{DeviceId, PersonId, RetestId},
    lifecycle::{Facts, StateName, Who},
    refusal::{Code, Refusal},
    release::Release,
    stage::{TEXT_MAX, link},
    tag::{CommitId, TagName},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most devices that one depends on (A35).
pub const DEPENDENCIES_MOST: usize = 50;

/// More results of jobs for one re-test than this are a loop in somebody's pipeline. People report on.
const JOBS_MOST: u32 = 100;

/// Where no device is named.
pub static NO_DEVICES: BTreeMap<String, DeviceId> = BTreeMap::new();

/// The states in which a device is asked: what has ended depends on nothing any more.
pub const ASKED: [StateName; 3] = [StateName::ReducedSupport, StateName::UnderReview, StateName::CtrlOwned];

/// How a re-test stands: the last result counts.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Standing {
    Waiting,
    Passed,
    Failed,
    /// Nobody tried it out before it was asked no longer.
    Overtaken,
}

/// One dependent with one new release of what it depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retest {
    pub id: RetestId,
    /// The one that depends.
    pub device: DeviceId,
    /// What it depends on.
    pub on: DeviceId,
    /// The new release of that, and its commit.
    pub tag: TagName,
    pub commit: CommitId,
    pub opened: DateTime<Utc>,
    pub standing: Standing,
    /// The newer release, where that is why it was asked no longer.
    pub overtaken_by: Option<TagName>,
    /// How many results there are.
    pub many: u32,
}

/// What came of trying it out, as somebody reported it. It never changes; another one can follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    pub passed: bool,
    /// Who reported it, or made the token of the job that did.
    pub by: Option<PersonId>,
    /// The name of the job's token.
    pub job: Option<String>,
    /// The dependent's own release that it was tried out with, where that is said.
    pub release: Option<TagName>,
    /// Its own commit, likewise.
    pub commit: Option<CommitId>,
    /// A web address, or nothing.
    pub link: String,
    pub text: String,
    pub at: DateTime<Utc>,
}

/// What somebody wants to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub passed: bool,
    /// The job's token, where a program reports.
    pub job: Option<String>,
    pub release: Option<TagName>,
    pub commit: Option<CommitId>,
    pub link: String,
    pub text: String,
}

/// The newest release of a device whose tag stands, by the order of versions.
pub fn newest(device: &Device) -> Option<&Release> {
    device.releases.iter().filter(|r| r.stands()).max_by_key(|r| r.tag().order())
}

/// Whether this release is newer than every other one that stands. A tag that is verified late is no news.
pub fn is_newest(device: &Device, tag: &TagName) -> bool {
    let order = tag.order();
    let mut others = device.releases.iter().filter(|r| r.stands() && r.tag() != tag);
    others.all(|r| r.tag().order() < order)
}

/// Who tries it out: its contributors while they develop it, and afterwards whoever takes care of it for CTRL.
pub fn whose(device: &Device) -> BTreeSet<PersonId> {
    match device.state.name() {
        StateName::CtrlOwned => device.ctrl_contact.into_iter().collect(),
        _ => device.contributors.clone(),
    }
}

/// Whether whoever acts may report for this dependent. Of a job the door has seen that its token is for the device.
pub fn may_report(device: &Device, job: bool, facts: &Facts) -> Result<(), Refusal> {
    let standing = facts.standing(device);
    let is_theirs = standing.contains(&Who::Contributor) || standing.contains(&Who::Ctrl);
    if is_theirs || (job && facts.actor.person().is_some()) {
        return Ok(());
    }
    let sentence = format!("This is for a contributor of {}, a job of it or CTRL to report.", device.name());
    Err(Refusal::new(Code::NotYours, sentence))
}

/// Whether results are taken: the dependent has not ended, and depends on it still.
pub fn takes_results(device: &Device, retest: &Retest) -> Result<(), Refusal> {
    let (name, state) = (device.name(), device.state.name());
    if !ASKED.contains(&state) {
        let sentence = format!("{name} is {}: nothing is asked of it any longer.", state.label());
        return Err(Refusal::new(Code::WrongState, sentence));
    }
    if !device.depends_on.values().any(|on| *on == retest.on) {
        let sentence = format!("{name} does not depend on it any longer: nothing is asked of it.");
        return Err(Refusal::new(Code::WrongState, sentence));
    }
    Ok(())
}

/// Judges a result. What was overtaken takes one too: whoever tries it out may need longer than the next release.
pub fn decide(device: &Device, retest: &Retest, told: &Told, facts: &Facts) -> Result<Tried, Refusal> {
    may_report(device, told.job.is_some(), facts)?;
    takes_results(device, retest)?;
    let refuse = |code, sentence: String| Err(Refusal::new(code, sentence));
    if told.job.is_some() && retest.many >= JOBS_MOST {
        let sentence = format!(
            "It has {JOBS_MOST} results already, so a pipeline repeats itself: have a contributor or somebody of CTRL report."
        );
        return refuse(Code::WrongState, sentence);
    }
    let text = told.text.trim();
    if text.chars().count() > TEXT_MAX {
        return refuse(Code::Incomplete, format!("Shorten the text to {TEXT_MAX} characters, and link to the rest."));
    }
    let link = link(&told.link)?;
    if !told.passed && text.is_empty() && link.is_empty() {
        return refuse(Code::Incomplete, "Say what failed, or link to it, so that it can be mended.".to_owned());
    }
    let commit = match &told.release {
        None => told.commit.clone(),
        Some(tag) => {
            let Some(release) = device.release(tag) else {
                let sentence = format!("{tag} is no release of {} on record: choose another one.", device.name());
                return refuse(Code::NoSuchThing, sentence);
            };
            if told.commit.as_ref().is_some_and(|commit| commit != release.commit()) {
                let sentence = format!(
                    "{tag} of {} is {}, not the commit that was sent.",
                    device.name(),
                    release.commit().short()
                );
                return refuse(Code::OtherCommit, sentence);
            }
            Some(release.commit().clone())
        }
    };
    Ok(Tried {
        passed: told.passed,
        by: facts.actor.person(),
        job: told.job.clone(),
        release: told.release.clone(),
        commit,
        link,
        text: text.to_owned(),
        at: facts.now,
    })
}
