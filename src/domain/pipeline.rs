//! Pipelines of which a forge tells, and what they say of a release's stages (G3, A20, A22). Whether the commit is the
//! release's own is judged with every other report; here is what only pipelines have: parts, and runs that come late.

use super::{
    forge::Pipeline,
    policy::Releases,
    refusal::{Code, Refusal},
    stage::{Stage, Told, Way},
};
use serde::{Deserialize, Serialize};

/// Which run of a forge it was. A later one has a larger number, a repetition of it a larger attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Run {
    pub number: u64,
    pub attempt: u64,
}

/// Who reports it, in the place of a job's token: `webhook of gitlab.example.org, run 55012`.
pub fn reporter(forge: &str, run: Run) -> String {
    match run.attempt {
        0 | 1 => format!("webhook of {forge}, run {}", run.number),
        again => format!("webhook of {forge}, run {}, attempt {again}", run.number),
    }
}

/// The same read back: the forge and its run.
fn read(reporter: &str) -> Option<(&str, Run)> {
    let rest = reporter.strip_prefix("webhook of ")?;
    let (forge, run) = rest.rsplit_once(", run ")?;
    let (number, attempt) = run.split_once(", attempt ").unwrap_or((run, "1"));
    Some((forge, Run { number: number.parse().ok()?, attempt: attempt.parse().ok()? }))
}

/// What a run says of stages, in their order: a stage has failed when one of the parts that the policy names for it has,
/// and passed when each has, not while one of them is open. Nothing where it is a fork's, of a branch, or has no number by
/// which it could be told from a later one.
pub fn says(pipeline: &Pipeline, rules: &Releases) -> Vec<(Stage, bool)> {
    if !pipeline.own || !pipeline.of_tag || pipeline.run.number == 0 {
        return Vec::new();
    }
    let stages = [(Stage::Built, &rules.pipeline_built), (Stage::Tested, &rules.pipeline_tested)];
    let verdict = |names: &[String]| {
        let is_named = |part: &str| names.iter().any(|n| n.eq_ignore_ascii_case(part));
        let of_it = || pipeline.parts.iter().filter(|(part, _)| is_named(part));
        of_it().next()?;
        let passed = of_it().all(|(_, passed)| *passed);
        let is_open = pipeline.open.iter().any(|part| is_named(part));
        // What is open can still fail it, and mends nothing that failed.
        (!passed || !is_open).then_some(passed)
    };
    stages.into_iter().filter_map(|(stage, names)| Some((stage, verdict(names)?))).collect()
}

/// Refuses what an older run says after a later one, and what the same run has said already (A20, A22).
pub(super) fn must_be_news(way: &Way, told: &Told) -> Result<(), Refusal> {
    let Some((forge, run)) = told.job.as_deref().and_then(read) else {
        return Err(Refusal::new(Code::NotYours, "A forge reports by a numbered run of its own."));
    };
    let before = way.reports.iter().rev().filter(|r| r.stage == told.stage && r.by.is_none());
    for report in before {
        match report.job.as_deref().and_then(read) {
            Some((other, _)) if other != forge => {}
            Some((_, later)) if later > run => {
                let sentence = format!("Run {} of {forge} came later and has been heard.", later.number);
                return Err(Refusal::new(Code::AlreadyDone, sentence));
            }
            Some((_, same)) if same == run && report.passed == told.passed => {
                return Err(Refusal::new(Code::AlreadyDone, format!("Run {} of {forge} is on record.", run.number)));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Policy;

    fn pipeline(parts: &[(&str, bool)]) -> Pipeline {
        Pipeline {
            own: true,
            of_tag: true,
            run: Run { number: 7, attempt: 1 },
            reference: "1.5.0".to_owned(),
            commit: "4015b57a143aec5156fd1444a017a32137a3fd0f".to_owned(),
            parts: parts.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect(),
            open: Vec::new(),
            link: String::new(),
        }
    }

    /// G3, A20: which parts say what of which stage; what is not a run of this tag in this project says nothing.
    #[test]
    fn g3_parts_of_a_pipeline_are_stages() {
        use Stage::{Built, Tested};
        let rules = Policy::built_in().releases;
        for (parts, expected) in [
            (&[("test", true), ("build", true)][..], vec![(Built, true), (Tested, true)]),
            (&[("build", true), ("test", false)], vec![(Built, true), (Tested, false)]),
            (&[("Build", true), ("build", false)], vec![(Built, false)]),
            (&[("deploy", true), ("lint", false)], vec![]),
            (&[], vec![]),
        ] {
            assert_eq!(says(&pipeline(parts), &rules), expected, "{parts:?}");
        }
        let all = [("build", true), ("test", true)];
        let changes: [fn(&mut Pipeline); 3] = [|p| p.own = false, |p| p.of_tag = false, |p| p.run.number = 0];
        for change in changes {
            let mut other = pipeline(&all);
            change(&mut other);
            assert_eq!(says(&other, &rules), vec![]);
        }
    }

    /// G3: while one part of a stage waits for somebody to start it, it has not passed; what failed goes on record all the
    /// same.
    #[test]
    fn g3_a_stage_is_not_over_before_all_its_parts_are() {
        let mut rules = Policy::built_in().releases;
        rules.pipeline_tested = ["test", "hardware"].map(str::to_owned).into();
        let mut waits = pipeline(&[("build", true), ("test", true)]);
        waits.open = vec!["Hardware".to_owned()];
        assert_eq!(says(&waits, &rules), [(Stage::Built, true)]);
        waits.parts[1].1 = false;
        assert_eq!(says(&waits, &rules), [(Stage::Built, true), (Stage::Tested, false)]);
        waits.parts[1].1 = true;
        waits.open = vec!["deploy".to_owned()];
        assert_eq!(says(&waits, &rules), [(Stage::Built, true), (Stage::Tested, true)]);
    }

    /// A22: a run's name is read back as it was written, and nothing else is a run.
    #[test]
    fn a22_a_run_is_known_again() {
        for (number, attempt) in [(1, 1), (55_012, 1), (u64::MAX, 3)] {
            let run = Run { number, attempt };
            assert_eq!(read(&reporter("GitLab, run 9", run)), Some(("GitLab, run 9", run)));
        }
        for odd in ["", "deploy tool", "webhook of x", "webhook of x, run", "webhook of x, run -1", "x, run 1"] {
            assert_eq!(read(odd), None, "{odd}");
        }
        assert!(Run { number: 8, attempt: 1 } > Run { number: 7, attempt: 9 });
    }
}
