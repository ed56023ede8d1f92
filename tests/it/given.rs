//! Devices in a state, reached by the commands that lead there.

use crate::app::{FULL, POLICY, REDUCED, TestApp};
use chrono::{Duration, NaiveDate};
use custody::{
    domain::{
        contact::{Contact, Hours, OperatorRules, WhenStopped},
        deployment,
        id::ServerName,
        lifecycle::{
            Command,
            command::{Application, Step},
        },
        request::{LevelOfSupport, Request},
        tag::{CommitId, TagName, TagRule},
    },
    service::{
        act::{Ask, submit},
        deployments::{self, Wanted},
        observations::{Report, observe},
    },
};

pub fn tag(name: &str) -> TagName {
    TagName::parse(name, &TagRule::default()).unwrap()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// What a contributor says of a run in which the device worked (T1).
pub fn operated() -> Command {
    Command::StateOperated {
        from: day("2026-11-01"),
        to: day("2026-11-03"),
        instrument: "SCS".to_owned(),
        text: "Three shifts without a false flag.".to_owned(),
    }
}

/// A request that lacks nothing.
pub fn application(test: &TestApp, name: &str) -> Application {
    let contact = |who: &str, deputy: &str| Contact {
        person: test.person(who),
        hours: Hours::Always,
        time_zone: "Europe/Berlin".to_owned(),
        deputy: Some(test.person(deputy)),
        confirmed: None,
    };
    Application {
        request: Request {
            name: name.to_owned(),
            classes: vec![format!("{name}Class")],
            instruments: vec!["SCS".to_owned()],
            group: "SCS".to_owned(),
            summary: "Compares the beam with its limits.".to_owned(),
            repository: test.repository.address(),
            trunk: "main".to_owned(),
            folder: String::new(),
            why: "Users ask for one flag.".to_owned(),
            done: "The flag was right in three beamtimes.".to_owned(),
            assumptions: "None.".to_owned(),
            hardware: "None of its own.".to_owned(),
            connectivity: "The broker.".to_owned(),
            special: String::new(),
            level: LevelOfSupport::RecurrentReview,
            areas: Vec::new(),
            failures: "Scans pause.".to_owned(),
        },
        contributors: [test.person("ilse"), test.person("marek")].into(),
        contacts: vec![contact("ilse", "marek"), contact("marek", "ilse")],
        operators: OperatorRules {
            when_stopped: WhenStopped::RestartOnceThenCall,
            may_stop: true,
            note: String::new(),
        },
    }
}

impl TestApp {
    /// A shut-down for which this person is responsible.
    pub fn shut_down(&self, responsible: &str) -> Command {
        Command::ShutDown {
            reason: "It flooded the broker.".to_owned(),
            affected: "The broker.".to_owned(),
            responsible: self.person(responsible),
            conditions: "The rate is limited.".to_owned(),
        }
    }

    async fn must(&self, who: &str, device: &str, command: Command) {
        let what = format!("{who}: {command:?}");
        self.does(who, device, command).await.unwrap_or_else(|e| panic!("{what}: {e:?}"));
    }

    pub async fn requested(&self, name: &str) {
        self.requested_as(application(self, name)).await;
    }

    pub async fn requested_as(&self, application: Application) {
        let application = Box::new(application);
        submit(&self.app, &self.caller("ilse"), Ask::from(Command::Submit { application }), None).await.unwrap();
        self.shown().await;
    }

    /// Everything that accepting asks for is done; only the acceptance is left.
    pub async fn ready_to_accept(&self, name: &str) {
        self.requested(name).await;
        self.clarified(name).await;
    }

    async fn clarified(&self, name: &str) {
        for who in ["ilse", "marek"] {
            custody::service::conduct::accept(&self.app, &self.caller(who), self.person(who)).await.unwrap();
        }
        self.must("marek", name, Command::ConfirmContact {}).await;
        self.must("lena", name, Command::TakeRequest {}).await;
        for point in 1..=5 {
            self.must("lena", name, Command::SignOffPoint { point }).await;
        }
    }

    pub async fn accepted(&self, name: &str) {
        self.ready_to_accept(name).await;
        self.must("lena", name, Command::Accept {}).await;
    }

    pub async fn reduced_support(&self, name: &str) {
        self.accepted(name).await;
        self.developed_on(name, REDUCED).await;
    }

    /// The same for another request, on another server.
    #[cfg(feature = "full-tests")]
    pub async fn reduced_support_on(&self, server: &str, application: Application) {
        let name = application.request.name.clone();
        self.requested_as(application).await;
        self.clarified(&name).await;
        self.must("lena", &name, Command::Accept {}).await;
        self.developed_on(&name, server).await;
    }

    async fn developed_on(&self, name: &str, server: &str) {
        self.must("lena", name, Command::AssignServer { server: server.into() }).await;
        self.must("ilse", name, Command::CommitToUpdates {}).await;
        self.must("lena", name, Command::GrantAccess { person: self.person("ilse") }).await;
        let topics = self.app.policy.training.topics.iter().map(|t| t.id.clone()).collect();
        self.must("lena", name, Command::RecordTraining { person: self.person("ilse"), topics }).await;
        self.must("lena", name, Command::DeclareFramework { modified: false }).await;
        self.must("lena", name, Command::StartDevelopment {}).await;
    }

    pub async fn under_review(&self, name: &str) {
        self.reduced_support(name).await;
        self.asks_for_transfer(name).await;
    }

    /// What a contributor does to ask for the transfer, in any cycle.
    pub async fn asks_for_transfer(&self, name: &str) {
        self.must("ilse", name, operated()).await;
        self.must("noor", name, Command::Countersign {}).await;
        self.must("ilse", name, Command::RequestTransfer {}).await;
    }

    /// The review of this revision is done, and it runs in its tag on the full server; only the taking is left.
    pub async fn ready_to_own(&self, name: &str, release: &str) {
        self.must("lena", name, Command::RecordOverview { text: "Small and tidy.".to_owned() }).await;
        let today = self.app.clock.now().date_naive();
        let milestones = vec![Step { name: "Review".to_owned(), due: today + Duration::days(7) }];
        self.must("ilse", name, Command::ProposeTimeline { milestones }).await;
        self.must("lena", name, Command::AgreeTimeline {}).await;
        self.must("marek", name, Command::JoinReview {}).await;
        let commit = self.commit_of(release);
        self.must("ilse", name, Command::ProposeCommit { commit: commit.clone().into() }).await;
        for item in self.app.policy.transfer.checklist.clone() {
            let evidence = Command::GiveEvidence {
                item: item.id,
                commit: commit.clone(),
                passed: true,
                link: String::new(),
                text: "Seen.".to_owned(),
            };
            self.must("ilse", name, evidence).await;
        }
        self.must("ravi", name, Command::Approve { commit }).await;
        if self.device(name).await.release(&tag(release)).is_none() {
            self.must("ilse", name, Command::VerifyTag { tag: tag(release) }).await;
        }
        self.deploys_by_permit("lena", name, release, FULL).await;
        for person in self.device(name).await.cycle.setup.has_access().collect::<Vec<_>>() {
            self.must("lena", name, Command::RevokeAccess { person }).await;
        }
        self.sees(FULL, &[(name, release)]).await;
        self.sees(REDUCED, &[]).await;
    }

    /// What a deploy tool of somebody's does: asks for a permit, redeems it, and reports success.
    pub async fn deploys_by_permit(&self, who: &str, device: &str, release: &str, server: &str) {
        let (app, caller) = (&self.app, self.caller(who));
        let (device, server) = (device.to_owned(), server.into());
        let wanted = Wanted { device, tag: tag(release), server, environment: None, commit: None };
        let allowed = deployments::request(app, &caller, &wanted, None).await.unwrap();
        let id = allowed.view.deployment.id;
        deployments::redeem(app, &caller, id, &allowed.permit).await.unwrap();
        let succeeded = deployment::Report::Succeeded { link: String::new(), text: String::new() };
        deployments::report(app, &caller, id, succeeded).await.unwrap();
        self.shown().await;
    }

    pub async fn ctrl_owned(&self, name: &str) {
        self.under_review(name).await;
        self.ready_to_own(name, "1.0.0").await;
        self.must("ravi", name, Command::TakeOwnership {}).await;
    }

    pub fn commit_of(&self, revision: &str) -> CommitId {
        CommitId::parse(&self.repository.id(&format!("{revision}^{{commit}}"))).unwrap()
    }

    /// An agent's complete report of a server: these devices' instances in these versions, and nothing else.
    pub async fn sees(&self, server: &str, devices: &[(&str, &str)]) {
        let now = self.app.clock.now();
        let reports = devices
            .iter()
            .map(|(device, version)| Report {
                instance: format!("SCS_TEST/MON/{}", device.to_uppercase()),
                class: format!("{device}Class"),
                server: server.to_owned(),
                host: "scs-rr-01".to_owned(),
                version: (*version).to_owned(),
                since: now,
            })
            .collect();
        let agent = custody::service::Caller { origin: "test agent".to_owned(), ..custody::service::Caller::custody() };
        observe(&self.app, &agent, &ServerName::from(server), reports, true).await.unwrap();
        self.shown().await;
    }
}

/// The tests' policy with more at its end.
pub fn policy_with(more: &str) -> String {
    format!("{}{more}", *POLICY)
}

/// The tests' policy, by which git servers on this machine are read too, each for so many seconds.
pub fn policy_with_servers(seconds: u32) -> String {
    let (files, more) =
        ("\"file\"]", "\"file\", \"http-loopback\"]\nprivate_addresses = true\nhosts = [\"127.0.0.1\"]");
    assert!(POLICY.contains(files));
    POLICY.replace(files, &format!("{more}\ndeadline_seconds = {seconds}"))
}
