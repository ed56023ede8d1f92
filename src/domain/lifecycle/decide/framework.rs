//! Which version of the framework a device is built against (G6).

use super::{Code, Refusal, already, none_such};
use crate::domain::{
    device::Device,
    framework::{BuiltAgainst, BuiltWith, Proposed, Reading},
    lifecycle::{command::Command, event::Happened as H, facts::Facts, state::State, table::Who},
    tag::CommitId,
};

pub(super) fn decide(device: &Device, command: &Command, facts: &Facts) -> Result<Vec<H>, Refusal> {
    Ok(vec![match command {
        Command::BuildAgainst { framework, file, pattern } => {
            must_be_theirs(device, facts)?;
            let against = BuiltAgainst::new(framework, file, pattern, &facts.policy.frameworks)
                .map_err(|say| Refusal::new(Code::Incomplete, say))?;
            if device.built.against.as_ref() == Some(&against) {
                return Err(already("That is on record already."));
            }
            H::BuiltAgainstSet { against }
        }
        Command::ForgetFramework {} => {
            must_be_theirs(device, facts)?;
            if device.built.against.is_none() {
                return Err(already("Nothing is asked of its framework."));
            }
            H::FrameworkForgotten
        }
        Command::ReadFramework { tag } => {
            let release = device.release(tag).ok_or_else(|| none_such("release", tag))?;
            if device.built.against.is_none() {
                let say = "Say first which file names the framework’s version.";
                return Err(Refusal::new(Code::Incomplete, say));
            }
            if let Some(Err(why)) = &facts.readings.framework {
                return Err(Refusal::new(Code::NoSuchThing, why.clone()));
            }
            match at(device, release.commit(), facts) {
                Some(built) if release.framework.as_ref() == Some(&built) => return Ok(Vec::new()),
                Some(built) => H::FrameworkRead { tag: tag.clone(), built },
                None => return Err(Refusal::new(Code::NoSuchThing, "The repository has not been read: try again.")),
            }
        }
        Command::NoteUpdate { framework, version, branch, commit } => {
            let is_same = |p: &Proposed| p.commit == *commit && p.branch == *branch;
            if device.built.proposed.as_ref().is_some_and(is_same) {
                return Err(already("That is on record already."));
            }
            H::UpdateProposed {
                framework: framework.clone(),
                version: version.clone(),
                branch: branch.clone(),
                commit: commit.clone(),
            }
        }
        other => unreachable!("{} is judged in another room", other.kind()),
    }])
}

/// What CTRL owns, CTRL answers for: nobody else takes a question out of its way to production (T10).
fn must_be_theirs(device: &Device, facts: &Facts) -> Result<(), Refusal> {
    if matches!(device.state, State::CtrlOwned { .. }) && !facts.standing(device).contains(&Who::Ctrl) {
        let say = "CTRL owns it: CTRL says what it is built against. Ask your CTRL contact.";
        return Err(Refusal::new(Code::NotYours, say));
    }
    Ok(())
}

/// What was read at this commit, by the words that are on record now.
pub(super) fn at(device: &Device, commit: &CommitId, facts: &Facts) -> Option<BuiltWith> {
    match &facts.readings.framework {
        Some(Ok(Reading { commit: of, against, built })) if of == commit => {
            (device.built.against.as_ref() == Some(against)).then(|| built.clone())
        }
        _ => None,
    }
}
