//! Figures of delivery (G11): how often something goes into production, how long a release takes to get there, how often
//! that fails, and for how long. They are counted as DORA defines its metrics, of what is on record here. Source: DORA,
//! “DORA's software delivery performance metrics”, dora.dev/guides/dora-metrics.
//!
//! Only deployments in production count, by permit or by hand, and only those that have begun: what was allowed and never
//! begun is none. Each counts in the month in which it began, with whatever has come of it since.
//!
//! - *Deployment frequency*: those that succeeded, whatever became of them later. What a person placed by hand is deployed
//!   by that, as of a release's stages (G3), until somebody reports another end.
//! - *Lead time*: of a release, from its tag to the first time that it succeeded in production, on whichever server. A tag
//!   that says nothing credible (a light one has no date; others may lie before git or after Custody verified them) counts
//!   from when the release was put on record.
//! - *Change failure rate*: of those that began, those that failed, were rolled back, or whose tests afterwards failed.
//! - *Time to restore*: from the first word of such a failure to the next deployment of the device that succeeded on the
//!   same server, or to the word that this very one is well after all. A roll-back alone restores nothing: what was wanted
//!   is not there. What is not restored yet has no time, and is told beside.
//!
//! Shut-downs are none of these: they are of support, and stand with it.

mod count;
mod span;

pub use count::{By, Count, FEW, Figures, Order, Tally, Times, Trend};
pub use span::{Every, LONGEST_DAYS, Part, Span, SpanProblem};

use super::{
    deployment::{Deployment, DeploymentState, Environment, Report},
    release::VerifiedTag,
};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeMap;

/// 7 April 2005, when git began: no tag is older. Source: git's first commit, e83c516.
const GIT_BEGAN: i64 = 1_112_832_000;

/// What came of a deployment in production, as far as figures ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    pub begun: DateTime<Utc>,
    pub succeeded: Option<DateTime<Utc>>,
    /// The first word of a failure.
    pub failed: Option<DateTime<Utc>>,
    /// The first word after the last failure that it is well.
    pub mended: Option<DateTime<Utc>>,
}

/// Whether it says that the deployment is a failure.
fn is_bad(report: &Report) -> bool {
    matches!(report, Report::Failed { .. } | Report::RolledBack { .. } | Report::TestsAfter { passed: false, .. })
}

fn is_good(report: &Report) -> bool {
    matches!(report, Report::Succeeded { .. } | Report::TestsAfter { passed: true, .. })
}

impl Came {
    /// Nothing where it is not in production, or has not begun.
    pub fn of(d: &Deployment) -> Option<Self> {
        if d.environment != Environment::Production {
            return None;
        }
        let first = |is: fn(&Report) -> bool| d.reports.iter().find(|r| is(&r.report)).map(|r| r.at);
        let begun = match d.permit {
            None => d.asked.at,
            Some(_) => first(|r| *r == Report::Started)?,
        };
        let in_place = d.permit.is_none() && d.state == DeploymentState::Allowed;
        let last_bad = d.reports.iter().rposition(|r| is_bad(&r.report));
        let mended = last_bad.and_then(|n| d.reports[n + 1..].iter().find(|r| is_good(&r.report)));
        Some(Self {
            begun,
            succeeded: first(|r| matches!(r, Report::Succeeded { .. })).or(in_place.then_some(begun)),
            failed: first(is_bad),
            mended: mended.map(|r| r.at),
        })
    }
}

/// From when on a release could have gone into production: its tag's own word, where that is credible beside the moment
/// from which the release is on record.
pub fn released(tag: &VerifiedTag, on_record: DateTime<Utc>) -> DateTime<Utc> {
    let credible = |at: &DateTime<Utc>| *at <= on_record && at.timestamp() >= GIT_BEGAN;
    tag.tagged_at.filter(credible).unwrap_or(on_record)
}

/// A deployment of a device, as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered<'a> {
    pub came: Came,
    /// See [`released`]; unknown of what an older Custody put on record beside this one.
    pub released: Option<DateTime<Utc>>,
    pub server: &'a str,
    pub tag: &'a str,
    /// Whether this release had succeeded in production before everything that was read with it.
    pub was_there: bool,
}

/// What a deployment adds to the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub begun: DateTime<Utc>,
    pub succeeded: bool,
    /// Where it brought its release into production for the first time.
    pub lead: Option<Duration>,
    pub failed: bool,
    /// Where it failed, and that was restored.
    pub restored: Option<Duration>,
}

/// What the deployments of one device come to, in the order in which they are given, which may be any.
pub fn outcomes(of_device: &[Delivered<'_>]) -> Vec<Outcome> {
    let mut on_server: BTreeMap<&str, Vec<(DateTime<Utc>, usize)>> = BTreeMap::new();
    let mut first: BTreeMap<&str, (DateTime<Utc>, usize)> = BTreeMap::new();
    for (n, d) in of_device.iter().enumerate() {
        let Some(at) = d.came.succeeded else { continue };
        on_server.entry(d.server).or_default().push((at, n));
        let earliest = first.entry(d.tag).or_insert((at, n));
        *earliest = (at, n).min(*earliest);
    }
    for successes in on_server.values_mut() {
        successes.sort_unstable();
    }
    let one = |(n, d): (usize, &Delivered<'_>)| {
        let is_first = !d.was_there && first.get(d.tag).is_some_and(|(_, of)| *of == n);
        let lead = d.came.succeeded.zip(d.released).filter(|_| is_first).map(|(there, tagged)| there - tagged);
        let restored = d.came.failed.and_then(|failed| {
            let all = on_server.get(d.server).map_or(&[][..], Vec::as_slice);
            let since = all.partition_point(|(at, _)| *at < failed);
            let next = all[since..].iter().find(|(_, of)| *of != n).map(|(at, _)| *at);
            next.into_iter().chain(d.came.mended).min().map(|at| at - failed)
        });
        Outcome {
            begun: d.came.begun,
            succeeded: d.came.succeeded.is_some(),
            // A clock may have been set back meanwhile (F10).
            lead: lead.map(|l| l.max(Duration::zero())),
            failed: d.came.failed.is_some(),
            restored: restored.map(|r| r.max(Duration::zero())),
        }
    };
    of_device.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests;
