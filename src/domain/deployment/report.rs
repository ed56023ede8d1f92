//! What can be reported of a deployment, by whom, and what it is after that (G9).

use super::{Deployment, DeploymentState};
use crate::domain::{
    device::Device,
    id::PersonId,
    lifecycle::{CommandKind, Facts, Who, decide::may},
    refusal::{Code, Refusal},
    server::SupportClass,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What is reported of it, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    pub at: DateTime<Utc>,
    /// `None` where Custody noticed it.
    pub by: Option<PersonId>,
    #[serde(flatten)]
    pub report: Report,
}

/// What can be reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(tag = "what", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Report {
    /// The work begins; where there is a permit, it is redeemed by this.
    Started,
    TestsBefore {
        passed: bool,
        link: String,
        text: String,
    },
    TestsAfter {
        passed: bool,
        link: String,
        text: String,
    },
    Succeeded {
        link: String,
        text: String,
    },
    Failed {
        link: String,
        text: String,
    },
    RolledBack {
        link: String,
        text: String,
    },
    /// Custody alone says so.
    Expired,
}

impl Report {
    fn words(&self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::TestsBefore { .. } => "tests before",
            Self::TestsAfter { .. } => "tests after",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::RolledBack { .. } => "rolled back",
            Self::Expired => "never begun",
        }
    }

    /// Its name in the journal.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Started | Self::Expired => "",
            Self::TestsBefore { text, .. }
            | Self::TestsAfter { text, .. }
            | Self::Succeeded { text, .. }
            | Self::Failed { text, .. }
            | Self::RolledBack { text, .. } => text,
        }
    }

    pub fn link(&self) -> &str {
        match self {
            Self::Started | Self::Expired => "",
            Self::TestsBefore { link, .. }
            | Self::TestsAfter { link, .. }
            | Self::Succeeded { link, .. }
            | Self::Failed { link, .. }
            | Self::RolledBack { link, .. } => link,
        }
    }
}

/// The longest text of a report, in characters.
pub(super) const TEXT_MAX: usize = 4000;

/// More reports than this are a loop in somebody's pipeline: of tests there are no more then. How it ends can be told all
/// the same, or its server would never be given back.
const REPORTS_MOST: usize = 100;

/// Whether whoever acts may report on it: who may deploy there, which on a full-support server is CTRL (T10); and whoever
/// asked for it, until what their tool began by its permit has ended.
pub fn may_report(d: &Deployment, device: &Device, facts: &Facts) -> bool {
    let under_way = matches!(d.state_at(facts.now), DeploymentState::Allowed | DeploymentState::Started);
    if facts.actor.person() == Some(d.asked.by) && d.permit.is_some() && under_way {
        return true;
    }
    let takes_others = facts.servers.get(&d.server).is_some_and(|s| s.class == SupportClass::Reduced);
    may(device, CommandKind::Deploy, facts) && (takes_others || facts.standing(device).contains(&Who::Ctrl))
}

/// Whether this can be reported now. Illegal orders are refused with what can be.
pub fn decide(d: &Deployment, report: &Report, now: DateTime<Utc>) -> Result<(), Refusal> {
    let incomplete = |say: &str| Err(Refusal::new(Code::Incomplete, say));
    if report.text().chars().count() > TEXT_MAX {
        return incomplete("Shorten the text to 4000 characters, and link to the rest.");
    }
    let link = report.link();
    let whole = link.starts_with("https://") || link.starts_with("http://");
    if !link.is_empty() && (!whole || link.len() > 2000 || link.chars().any(|c| c.is_control() || c.is_whitespace())) {
        return incomplete("Give the link in full, like https://gitlab.example.org/jobs/17");
    }
    if matches!(report, Report::Failed { text, .. } | Report::RolledBack { text, .. } if text.trim().is_empty()) {
        return incomplete("Say why, in the field text.");
    }
    let of_tests = matches!(report, Report::TestsBefore { .. } | Report::TestsAfter { .. });
    if of_tests && d.reports.len() >= REPORTS_MOST {
        return incomplete("There are a hundred reports already: report how it ended, or ask for a new deployment.");
    }
    let is = d.state_at(now);
    let allowed = match report {
        Report::Expired => d.state == DeploymentState::Allowed && is == DeploymentState::Expired,
        other => d.takes(now).contains(&other.name()),
    };
    if allowed {
        return Ok(());
    }
    let next = match d.takes(now) {
        [] => "nothing more can be reported of it; ask for a new deployment".to_owned(),
        some => format!("what can be reported is {}", some.join(", ")),
    };
    Err(Refusal::new(
        Code::WrongState,
        format!("This deployment is {}: “{}” cannot follow; {next}.", is.words(), report.words()),
    ))
}

/// The deployment after this report. Never refuses: it also replays what the journal keeps.
pub fn evolve(mut d: Deployment, reported: &Reported) -> Deployment {
    use DeploymentState as S;
    d.state = match reported.report {
        Report::Started => S::Started,
        Report::TestsBefore { .. } | Report::TestsAfter { .. } => d.state,
        Report::Succeeded { .. } => S::Succeeded,
        Report::Failed { .. } => S::Failed,
        Report::RolledBack { .. } => S::RolledBack,
        Report::Expired => S::Expired,
    };
    d.reports.push(reported.clone());
    d
}
