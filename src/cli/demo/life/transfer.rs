//! Towards CTRL: operated, reviewed, moved, owned (T1 to T9).

use super::{super::texts, Life};
use crate::domain::{
    lifecycle::{Command, command::Step},
    overrides::Skip,
    stage::{Stage, Told},
};
use chrono::Duration;

impl Life<'_> {
    pub fn operated(&mut self) -> &mut Self {
        let (from, to) = (self.date(-9), self.date(-4));
        let instrument = self.plan.instruments[0].to_owned();
        let text = texts::pick(texts::OPERATED, self.plan.name.len()).to_owned();
        self.act(self.first(), Command::StateOperated { from, to, instrument, text })
    }

    pub fn countersigned(&mut self, who: &'static str) -> &mut Self {
        self.act(who, Command::Countersign {})
    }

    pub fn transfer_requested(&mut self) -> &mut Self {
        self.act(self.first(), Command::RequestTransfer {})
    }

    pub fn overview(&mut self) -> &mut Self {
        let text = texts::pick(texts::OVERVIEWS, self.plan.name.len()).to_owned();
        self.act(self.plan.ctrl, Command::RecordOverview { text })
    }

    /// Milestones so many days from then; proposed by CTRL.
    pub fn timeline(&mut self, days: [i64; 3]) -> &mut Self {
        let names = ["Findings answered", "Release tagged", "On a full-support server"];
        let milestones =
            names.iter().zip(days).map(|(name, d)| Step { name: (*name).to_owned(), due: self.date(d) }).collect();
        self.act(self.plan.ctrl, Command::ProposeTimeline { milestones })
    }

    pub fn timeline_agreed(&mut self) -> &mut Self {
        self.act(self.first(), Command::AgreeTimeline {})
    }

    pub fn milestone(&mut self, milestone: u32) -> &mut Self {
        self.act(self.plan.ctrl, Command::ReachMilestone { milestone })
    }

    pub fn proposed(&mut self, version: &'static str) -> &mut Self {
        let commit = self.commit(version);
        self.act(self.first(), Command::ProposeCommit { commit: commit.into() })
    }

    /// Every item of the checklist, shown for this version.
    pub fn shown(&mut self, version: &'static str) -> &mut Self {
        let commit = self.commit(version);
        for (n, item) in self.book.policy.transfer.checklist.iter().enumerate() {
            let link = match item.id.as_str() {
                "operated" => String::new(),
                "documentation" => format!("https://docs.example.org/{}", self.plan.name),
                _ => format!("https://ci.example.org/{}/jobs/{}", self.plan.name, 8800 + n),
            };
            let text = if link.is_empty() {
                "Used through a whole beamtime, see the statement.".to_owned()
            } else {
                String::new()
            };
            let give =
                Command::GiveEvidence { item: item.id.clone(), commit: commit.clone(), passed: true, link, text };
            self.act(self.plan.people[0], give);
        }
        self
    }

    pub fn finding(&mut self, who: &'static str, place: &str, text: &str) -> &mut Self {
        self.act(who, Command::RaiseFinding { place: place.to_owned(), text: text.to_owned() })
    }

    pub fn finding_answered(&mut self, finding: u32, text: &str) -> &mut Self {
        self.act(self.first(), Command::AnswerFinding { finding, text: text.to_owned() })
    }

    pub fn finding_accepted(&mut self, who: &'static str, finding: u32) -> &mut Self {
        self.act(who, Command::AcceptFinding { finding })
    }

    pub fn approved(&mut self, who: &'static str, version: &'static str) -> &mut Self {
        let commit = self.commit(version);
        self.act(who, Command::Approve { commit })
    }

    pub fn access_revoked(&mut self) -> &mut Self {
        for login in self.plan.people {
            let person = self.id(login);
            self.act(self.plan.ctrl, Command::RevokeAccess { person });
        }
        self
    }

    /// From development into review: it has worked, the transfer is asked for, a timeline agreed.
    pub fn up_to_review(&mut self, days_ago: i64, user: &'static str) -> &mut Self {
        self.day(days_ago + 6).operated();
        self.day(days_ago + 4).countersigned(user);
        self.day(days_ago).transfer_requested();
        self
    }

    /// Overview, and a timeline both sides agree on.
    pub fn planned(&mut self, days: [i64; 3]) -> &mut Self {
        self.overview().timeline(days).timeline_agreed()
    }

    /// From the move to a full-support server to CTRL's ownership.
    pub fn moved(&mut self, tag: &'static str) -> &mut Self {
        let (ctrl, full, reduced) = (self.plan.ctrl, self.plan.full, self.plan.reduced);
        self.verified(self.first(), tag).deployed(ctrl, full, tag).stops(reduced).runs(full, tag).access_revoked()
    }

    /// The whole way, from the request to CTRL's ownership in 48 days.
    pub fn up_to_owned(&mut self, days_ago: i64, user: &'static str, tag: &'static str) -> &mut Self {
        self.up_to_development(days_ago);
        let reduced = self.plan.reduced;
        self.day(days_ago - 13).runs(reduced, "0.0.0-dirty");
        self.up_to_review(days_ago - 32, user);
        self.day(days_ago - 34).planned([7, 12, 16]);
        self.day(days_ago - 39).proposed(tag).shown(tag);
        if self.plan.name.len().is_multiple_of(3) {
            self.finding(
                "chiara",
                "src/device.txt",
                "The rate of updates has no limit: one source can flood the broker.",
            );
            self.day(days_ago - 41).finding_answered(1, "Limited to ten a second, see the last commit.");
            self.finding_accepted("chiara", 1);
        }
        let reviewers: &[&'static str] = if self.plan.areas.is_empty() { &["chiara"] } else { &["chiara", "henrik"] };
        self.day(days_ago - 43);
        for who in reviewers {
            self.approved(who, tag);
        }
        self.milestone(1).moved(tag);
        // Its agent still reports it there.
        let full = self.plan.full;
        self.day(days_ago - 48).runs(full, tag).act("chiara", Command::TakeOwnership {})
    }

    /// Somebody of CTRL reports a stage of a newer release (G3).
    pub fn reports(&mut self, who: &'static str, tag: &'static str, stage: Stage, passed: bool) -> &mut Self {
        let text = match (stage, passed) {
            (Stage::Tested, false) => "Two of the tests on the edges of the range fail.",
            (Stage::Deployable, true) => "It ran on staging for a night, and the log is quiet.",
            _ => "",
        };
        let told =
            Told { stage, passed, job: None, commit: self.commit(tag), link: String::new(), text: text.to_owned() };
        self.says_of(who, tag, told)
    }

    /// A newer release, verified, built, tested and put on staging by one of CTRL.
    pub fn staged(&mut self, who: &'static str, tag: &'static str) -> &mut Self {
        self.verified(who, tag);
        for stage in [Stage::Built, Stage::Tested, Stage::Staging] {
            self.reports(who, tag, stage, true);
        }
        self
    }

    /// A night without the stages: asked for, approved by a second one of CTRL, and ended early (G12).
    pub fn emergency(&mut self, of: [&'static str; 2], tag: &'static str, server: &str, reason: &str) -> &mut Self {
        let [asks, approves] = of;
        let command = Command::AskOverride {
            tag: self.tag(tag),
            server: server.into(),
            skips: [Skip::Staging, Skip::Deployable].into(),
            until: self.at + Duration::hours(12),
            reason: reason.to_owned(),
        };
        self.act(asks, command).act(approves, Command::ApproveOverride { number: 1 });
        let reason = "The detector is calibrated: its stages are asked for again.".to_owned();
        self.act(asks, Command::EndOverride { number: 1, reason })
    }
}
