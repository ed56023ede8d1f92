//! The way through the process, by real commands.

use super::*;
use crate::domain::{
    lifecycle::{State, command::Step},
    review::Ground,
};
use Command as C;

pub fn reason() -> String {
    "Because it is time.".into()
}

impl World {
    /// It touches a critical area: an expert signs off, and two reviewers approve (L7, T4).
    pub fn touching(mut self, area: &str) -> Self {
        self.application.request.areas = vec![area.to_owned()];
        self
    }

    pub fn requested(mut self) -> Self {
        let application = Box::new(self.application.clone());
        self.must(ILSE, C::Submit { application });
        self
    }

    pub fn signs_off_points(&mut self) -> &mut Self {
        let open = self.device.cycle.discussion.points.iter().filter(|p| p.signed_off.is_none());
        for point in open.map(|p| p.id).collect::<Vec<_>>() {
            self.must(LENA, C::SignOffPoint { point });
        }
        for area in self.device.request.areas.clone() {
            self.must(SOFIA, C::SignOffArea { area, text: "Fine.".into() });
        }
        self
    }

    pub fn discussed(mut self) -> Self {
        self = self.requested();
        self.must(LENA, C::TakeRequest {}).signs_off_points();
        self
    }

    pub fn accepted(mut self) -> Self {
        self = self.discussed();
        self.must(LENA, C::Accept {});
        self
    }

    pub fn training() -> BTreeSet<String> {
        policy("").training.topics.into_iter().map(|t| t.id).collect()
    }

    pub fn prepared(mut self) -> Self {
        self = self.accepted();
        self.readings.reach = Some(Ok(commit(1)));
        self.must(LENA, C::AssignServer { server: REDUCED.into() });
        self.must(ILSE, C::CommitToUpdates {});
        self.must(LENA, C::GrantAccess { person: ILSE });
        self.must(LENA, C::RecordTraining { person: ILSE, topics: Self::training() });
        self.must(LENA, C::DeclareFramework { modified: false });
        self
    }

    pub fn reduced_support(mut self) -> Self {
        self = self.prepared();
        self.must(LENA, C::StartDevelopment {});
        self
    }

    pub fn states_operated() -> Command {
        let (from, to) = (day("2026-02-01"), day("2026-02-03"));
        C::StateOperated { from, to, instrument: "SCS".into(), text: "It checked every run.".into() }
    }

    pub fn operated(mut self) -> Self {
        self = self.reduced_support();
        self.must(ILSE, Self::states_operated()).must(NOOR, C::Countersign {});
        self
    }

    pub fn under_review(mut self) -> Self {
        self = self.operated();
        self.must(ILSE, C::RequestTransfer {});
        self
    }

    pub fn milestones(&self) -> Command {
        let step = |name: &str, days| Step { name: name.into(), due: self.now.date_naive() + Duration::days(days) };
        C::ProposeTimeline { milestones: vec![step("Review", 14), step("Placed on a full server", 28)] }
    }

    /// T2 and T3 are met, for commit 1.
    pub fn shown(mut self) -> Self {
        self = self.under_review();
        self.must(LENA, C::RecordOverview { text: "Small and tidy.".into() });
        let timeline = self.milestones();
        self.must(LENA, timeline).must(ILSE, C::AgreeTimeline {});
        self.proposes(1);
        self.shows_checklist(ILSE);
        self
    }

    /// Commit `n`, which Ilse and Arne wrote, is put up for review.
    pub fn proposes(&mut self, n: u8) -> &mut Self {
        self.reads_commit(n, &[ILSE_WRITES_AS, ARNE_WRITES_AS]);
        self.must(ILSE, C::ProposeCommit { commit: commit(n).into() })
    }

    pub fn evidence(&self, item: &str, passed: bool) -> Command {
        let of = self.device.review().and_then(|r| r.commit()).unwrap().clone();
        let (link, text) = ("https://git.example.org/jobs/17".to_owned(), String::new());
        C::GiveEvidence { item: item.to_owned(), commit: of, passed, link, text }
    }

    pub fn shows_checklist(&mut self, by: PersonId) -> &mut Self {
        for item in self.policy.transfer.checklist.clone() {
            let command = self.evidence(&item.id, true);
            self.must(by, command);
        }
        self
    }

    pub fn approves(n: u8) -> Command {
        C::Approve { commit: commit(n) }
    }

    /// T4 and T7 are met too.
    pub fn approved(mut self) -> Self {
        self = self.shown();
        self.must(RAVI, Self::approves(1));
        if !self.device.request.areas.is_empty() {
            self.must(CHIARA, Self::approves(1));
        }
        self.reads_tag("1.4.2", 1).must(ILSE, C::VerifyTag { tag: tag("1.4.2") });
        self
    }

    pub fn deploy(server: &str, name: &str) -> Command {
        C::Deploy { server: server.into(), tag: Some(tag(name)) }
    }

    pub fn hot_deploy(server: &str) -> Command {
        C::Deploy { server: server.into(), tag: None }
    }

    /// The permit of what is placed there.
    pub fn permit(&self, server: &str) -> Command {
        let placed = self.device.placed_on(&server.into()).unwrap();
        let tag = placed.release.clone().unwrap();
        C::RedeemPermit { server: server.into(), tag, asked: placed.mark, moved_on: false }
    }

    /// A tag is placed there, and the work begins by its permit.
    #[track_caller]
    pub fn deploys_by_permit(&mut self, person: PersonId, server: &str, name: &str) -> &mut Self {
        self.must(person, Self::deploy(server, name));
        let permit = self.permit(server);
        self.must(person, permit)
    }

    /// All gates are met, and a reviewer can take ownership.
    pub fn ready_to_own(mut self) -> Self {
        self = self.approved();
        self.deploys_by_permit(LENA, FULL, "1.4.2");
        self.must(LENA, C::RevokeAccess { person: ILSE });
        self.sees(FULL, "1.4.2");
        self
    }

    pub fn ctrl_owned(mut self) -> Self {
        self = self.ready_to_own();
        self.must(RAVI, C::TakeOwnership {});
        self
    }

    pub fn hands_back() -> Command {
        C::HandBack { server: REDUCED.into(), until: None, reason: "A second detector.".into() }
    }

    pub fn handed_back(mut self) -> Self {
        self = self.ctrl_owned();
        self.must(ILSE, Self::hands_back());
        self
    }

    pub fn stops() -> Command {
        C::ShutDown {
            reason: "It floods the broker.".into(),
            affected: "The run controller.".into(),
            responsible: ROSA,
            conditions: "The rate is limited.".into(),
        }
    }

    /// Nobody of its contributors has an account any more.
    pub fn orphan(&mut self) -> &mut Self {
        self.person(ILSE).active = false;
        self.person(MAREK).active = false;
        self
    }

    pub fn takes_over(ground: Ground) -> Command {
        C::TakeOver { ground, reason: reason() }
    }

    pub fn needed() -> Ground {
        Ground::NeededElsewhere { instrument: "FXE".into(), task: "Show us the calibration.".into() }
    }

    pub fn taken_over(mut self) -> Self {
        self = self.reduced_support();
        self.must(LENA, Self::takes_over(Self::needed()));
        self
    }

    pub fn orphan_taken_over(mut self) -> Self {
        self = self.reduced_support();
        self.orphan().must(LENA, Self::takes_over(Ground::Orphaned {}));
        self
    }

    pub fn declined(mut self) -> Self {
        self = self.requested();
        self.must(LENA, C::Decline { reason: reason() });
        self
    }

    pub fn withdrawn(mut self) -> Self {
        self = self.accepted();
        self.must(ILSE, C::Withdraw { reason: reason() });
        self
    }

    pub fn retired(mut self) -> Self {
        self = self.accepted();
        self.must(KARL, C::Retire { reason: reason() });
        self
    }

    /// The review, where there has to be one.
    pub fn review(&self) -> &crate::domain::review::Review {
        self.device.review().unwrap()
    }

    pub fn approvers(&self) -> Vec<PersonId> {
        match &self.device.state {
            State::UnderReview { review, .. } => {
                let facts = self.facts(Actor::Person(NOOR));
                crate::domain::lifecycle::gates::approvers(&self.device, review, &facts).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}
