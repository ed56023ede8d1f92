//! Further releases of what CTRL owns, and what came of them in production (G3, G9, G11).

use super::{super::stage::What, Life};
use crate::domain::{deployment::Report, stage::Stage};

/// What came of one.
#[derive(Clone, Copy)]
pub enum Came {
    Well,
    /// It never ran: what was there before runs on.
    Failed(&'static str),
    /// It ran, and what was there before runs again.
    RolledBack(&'static str),
    /// It runs, although its tests failed afterwards.
    TestsFailed(&'static str),
}

impl Came {
    fn reports(self) -> Vec<Report> {
        let (link, ok) = (String::new(), String::new());
        let succeeded = Report::Succeeded { link: link.clone(), text: ok };
        match self {
            Self::Well => vec![succeeded],
            Self::Failed(text) => vec![Report::Failed { link, text: text.to_owned() }],
            Self::RolledBack(text) => vec![succeeded, Report::RolledBack { link, text: text.to_owned() }],
            Self::TestsFailed(text) => {
                vec![succeeded, Report::TestsAfter { passed: false, link, text: text.to_owned() }]
            }
        }
    }
}

impl Life<'_> {
    /// A release that passes its stages and goes into production in place of `before`.
    pub fn delivers(&mut self, days_ago: i64, tag: &'static str, before: &'static str, came: Came) -> &mut Self {
        let full = self.plan.full;
        self.day(days_ago).staged("jonas", tag).reports("ravi", tag, Stage::Deployable, true).stops(full);
        let release = self.tag(tag);
        self.push(Some("jonas"), What::Deploys { server: full, tag: release, came: came.reports() });
        let runs = match came {
            Came::Well | Came::TestsFailed(_) => tag,
            Came::Failed(_) | Came::RolledBack(_) => before,
        };
        self.runs(full, runs)
    }
}
