//! Host, access, training; then what runs (H1 to H6, G1, G2).

use super::{super::stage::What, Life};
use crate::domain::{deployment::Report, id::ServerName, lifecycle::Command};
use std::collections::BTreeSet;

impl Life<'_> {
    pub fn server_assigned(&mut self) -> &mut Self {
        self.act(self.plan.ctrl, Command::AssignServer { server: ServerName::from(self.plan.reduced) })
    }

    pub fn committed(&mut self) -> &mut Self {
        self.act(self.first(), Command::CommitToUpdates {})
    }

    pub fn access_granted(&mut self) -> &mut Self {
        for login in self.plan.people {
            let person = self.id(login);
            self.act(self.plan.ctrl, Command::GrantAccess { person });
        }
        self
    }

    pub fn framework(&mut self, modified: bool) -> &mut Self {
        self.act(self.plan.ctrl, Command::DeclareFramework { modified })
    }

    /// The framework's version is read from its repository, for what is on record and from then on (G6).
    pub fn built_against(&mut self, who: &'static str, tag: &str) -> &mut Self {
        let command = Command::BuildAgainst {
            framework: "Karabo".to_owned(),
            file: "requirements.txt".to_owned(),
            pattern: "^karabo==([0-9.]+)$".to_owned(),
        };
        let tag = self.tag(tag);
        self.act(who, command).act(who, Command::ReadFramework { tag })
    }

    pub fn trained(&mut self) -> &mut Self {
        let topics: BTreeSet<String> = self.book.policy.training.topics.iter().map(|t| t.id.clone()).collect();
        for login in self.plan.people {
            let person = self.id(login);
            self.act(self.plan.ctrl, Command::RecordTraining { person, topics: topics.clone() });
        }
        self
    }

    pub fn started(&mut self) -> &mut Self {
        self.act(self.plan.ctrl, Command::StartDevelopment {})
    }

    /// From the request into development, over twelve days.
    pub fn up_to_development(&mut self, days_ago: i64) -> &mut Self {
        self.up_to_accepted(days_ago);
        self.day(days_ago - 10).server_assigned().committed().access_granted().framework(false).trained();
        self.day(days_ago - 12).started()
    }

    // What runs.

    /// The first class runs on this server under its id.
    pub fn runs(&mut self, server: &'static str, version: impl Into<String>) -> &mut Self {
        self.runs_as(server, self.plan.instance, version)
    }

    pub fn runs_as(&mut self, server: &'static str, instance: &str, version: impl Into<String>) -> &mut Self {
        let class = self.plan.classes().remove(0);
        let (instance, version) = (instance.to_owned(), version.into());
        self.push(None, What::Runs { server, instance, class, version })
    }

    pub fn stops(&mut self, server: &'static str) -> &mut Self {
        self.push(None, What::Stops { server, instance: self.plan.instance.to_owned() })
    }

    pub fn is_stated(&mut self, who: &'static str, server: &'static str, version: &str) -> &mut Self {
        let (class, instance) = (self.plan.classes().remove(0), self.plan.instance.to_owned());
        self.push(Some(who), What::States { server, instance, class, version: version.to_owned() })
    }

    pub fn verified(&mut self, who: &'static str, tag: &str) -> &mut Self {
        let tag = self.tag(tag);
        self.act(who, Command::VerifyTag { tag })
    }

    /// Placed there by hand, as on development servers.
    fn placed(&mut self, who: &'static str, server: &'static str, tag: &str) -> &mut Self {
        let tag = Some(self.tag(tag));
        self.act(who, Command::Deploy { server: ServerName::from(server), tag })
    }

    /// By permit, as onto every full-support server (T8, G9).
    pub fn deployed(&mut self, who: &'static str, server: &'static str, tag: &str) -> &mut Self {
        let tag = self.tag(tag);
        let came = vec![Report::Succeeded { link: String::new(), text: String::new() }];
        self.push(Some(who), What::Deploys { server, tag, came })
    }

    /// A verified tag, deployed by a contributor and seen there.
    pub fn runs_tag(&mut self, tag: &str) -> &mut Self {
        let (who, server) = (self.first(), self.plan.reduced);
        self.verified(who, tag).placed(who, server, tag).runs(server, tag)
    }
}
