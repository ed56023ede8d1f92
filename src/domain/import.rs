//! What a facility had before it had Custody: brought onto the record as it is (E5). Nobody approved anything of it
//! here, and nothing says that somebody did.

use super::{
    cycle::{Cycle, Mark},
    device::{Device, Placement},
    id::{PersonId, ServerName},
    lifecycle::{
        StateName,
        command::Application,
        state::{Owned, State},
    },
    release::{Release, TagNow, VerifiedTag},
    server::SupportClass,
};
use serde::{Deserialize, Serialize};

/// What is written where a text of the request was not given.
pub const NOT_GIVEN: &str = "Not on record: the device was imported.";

/// A device as somebody brought it in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Its contacts are named afterwards: each of them confirms themselves.
    pub application: Application,
    pub ctrl_contact: Option<PersonId>,
    /// Where it is placed, and of which class that server is.
    pub server: Option<(ServerName, SupportClass)>,
    /// The release that CTRL has, as the repository answered for it; `None` where contributors still develop it.
    pub owned: Option<VerifiedTag>,
    /// A file's name, or an address.
    pub source: String,
    /// The line there, from 1.
    pub line: u64,
}

impl Imported {
    /// The state that it comes in: contributors develop it, or CTRL owns it.
    pub fn state(&self) -> StateName {
        match self.owned {
            Some(_) => StateName::CtrlOwned,
            None => StateName::ReducedSupport,
        }
    }

    pub(super) fn apply(&self, d: &mut Device, mark: Mark) {
        let Application { request, contributors, contacts, operators } = self.application.clone();
        (d.request, d.contributors, d.contacts, d.operators) = (request, contributors, contacts, operators);
        d.ctrl_contact = self.ctrl_contact;
        // Nothing was discussed here, so no point waits for an answer.
        d.cycle = Cycle::open(1, mark.at);
        d.placements = self.server.iter().map(|(server, class)| self.placement(server, *class, mark)).collect();
        d.state = match &self.owned {
            None => State::ReducedSupport { since: mark.at },
            Some(verified) => {
                d.releases.push(Release {
                    verified: verified.clone(),
                    at: mark.at,
                    tag_now: TagNow::Stands,
                    framework: None,
                });
                let (release, commit) = (verified.tag.clone(), verified.commit.clone());
                let owned = Owned { release, commit, approved: Vec::new(), second_joined: false, took: mark };
                State::CtrlOwned { since: mark.at, owned }
            }
        };
    }

    fn placement(&self, server: &ServerName, class: SupportClass, mark: Mark) -> Placement {
        let release = self.owned.as_ref().map(|v| v.tag.clone());
        Placement { server: server.clone(), class, release, mark, permit: None }
    }

    pub(super) fn tell(&self) -> String {
        let what = match &self.owned {
            None => "under development by its contributors".to_owned(),
            Some(verified) => format!("as CTRL’s in {}, without a review on record", verified.tag),
        };
        let place = self.server.as_ref().map_or_else(String::new, |(server, _)| format!(", on {server}"));
        format!("imported it {what}{place}, from {}, line {}.", self.source, self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        id::DeviceId,
        lifecycle::{Event, Happened, evolve},
        policy::Policy,
        story::{Audience, audience, tell},
        support::{self, Support},
    };
    use crate::domain::{person::People, tag::CommitId};
    use serde_json::json;
    use uuid::Uuid;

    fn imported(owned: bool) -> Imported {
        let commit = |c: &str| CommitId::parse(&c.repeat(40)).unwrap();
        let application = json!({
            "request": { "name": "magnet", "classes": ["Magnet"], "instruments": ["SCS"], "group": "SCS", "summary": "x",
                "repository": "https://git.example.org/magnet.git", "trunk": "main", "why": NOT_GIVEN, "done": NOT_GIVEN,
                "assumptions": NOT_GIVEN, "hardware": NOT_GIVEN, "connectivity": NOT_GIVEN,
                "level": "final_review_only", "areas": [], "failures": NOT_GIVEN },
            "contributors": [Uuid::from_u128(1)], "contacts": [],
            "operators": { "when_stopped": "call_first", "may_stop": false },
        });
        let class = if owned { SupportClass::Full } else { SupportClass::Reduced };
        Imported {
            application: serde_json::from_value(application).unwrap(),
            ctrl_contact: None,
            server: Some(("cppServer/x".into(), class)),
            owned: owned.then(|| VerifiedTag {
                tag: serde_json::from_value("1.4.2".into()).unwrap(),
                object: commit("a"),
                commit: commit("b"),
                tree: commit("c"),
                annotated: false,
                tagger: None,
                tagger_email: None,
                tagged_at: None,
                signed: false,
                authors: Default::default(),
            }),
            source: "devices.csv".to_owned(),
            line: 2,
        }
    }

    /// E5: what comes in has its owner and its support, its journal line says from where, and no approval is made up.
    #[test]
    fn e5_what_was_there_comes_in_as_it_is() {
        let at = "2026-11-21T08:00:00Z".parse().unwrap();
        let policy = Policy::parse("").unwrap();
        for (owned, state, status, says) in [
            (false, StateName::ReducedSupport, Support::ReducedSupport, "under development by its contributors"),
            (true, StateName::CtrlOwned, Support::FullySupported, "as CTRL’s in 1.4.2, without a review on record"),
        ] {
            let what = Happened::Imported { imported: Box::new(imported(owned)) };
            assert_eq!((what.leads_to(), audience(&what)), (Some(state), Audience::Nobody));
            let event = Event { at, by: Some(PersonId(Uuid::from_u128(9))), what };
            let told = tell(&event, &People::default(), &policy);
            assert_eq!(told, format!("imported it {says}, on cppServer/x, from devices.csv, line 2."));
            let d = evolve(Device::draft(DeviceId(Uuid::from_u128(7)), at), &event);
            assert_eq!((d.revision, d.state.name(), d.placements.len()), (1, state, 1));
            assert_eq!(support::of_device(&d, &[]).map(|v| v.support), Some(status));
            assert!(d.cycle.discussion.points.is_empty() && d.cycle.setup.access.is_empty());
            if let State::CtrlOwned { owned, .. } = &d.state {
                assert!(owned.approved.is_empty() && !d.was_reviewed(&owned.release), "no review stands in for stages");
            }
            let body = serde_json::to_string(&event.what).unwrap();
            assert_eq!(serde_json::from_str::<Happened>(&body).unwrap(), event.what, "the journal replays it");
        }
    }
}
