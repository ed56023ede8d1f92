//! A device's life as scenes: written step by step, from the request on.

use super::{
    people::Cast,
    repositories::{History, Mark, Repositories, Version},
    stage::{Scene, What},
    texts,
};
use crate::domain::{
    contact::{Contact, Hours, OperatorRules, WhenStopped},
    id::{PersonId, ServerName},
    lifecycle::{
        Command,
        command::{Application, Step},
    },
    policy::Policy,
    request::{LevelOfSupport, Request, Section},
    tag::{CommitId, TagName},
};
use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Utc};
use std::collections::BTreeSet;
use strum::IntoEnumIterator;

/// What is fixed about a device from the beginning.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: &'static str,
    /// Empty: the name with a capital.
    pub classes: &'static [&'static str],
    pub instruments: &'static [&'static str],
    pub summary: &'static str,
    /// Contributors, who are its contacts too, in the order of calling.
    pub people: &'static [&'static str],
    /// Its CTRL contact.
    pub ctrl: &'static str,
    pub instance: &'static str,
    pub reduced: &'static str,
    pub full: &'static str,
    pub areas: &'static [&'static str],
    pub stop: WhenStopped,
    /// Versions in its repository: name, days ago, how it is marked.
    pub versions: Vec<(&'static str, i64, Mark)>,
    /// Commits after the last of them.
    pub ahead: u32,
    /// False where the address leads nowhere.
    pub repository: bool,
}

/// What most plans have in common.
pub fn plan(name: &'static str, summary: &'static str) -> Plan {
    Plan {
        name,
        classes: &[],
        instruments: &[],
        summary,
        people: &[],
        ctrl: "lena",
        instance: "",
        reduced: "",
        full: "",
        areas: &[],
        stop: WhenStopped::RestartOnceThenCall,
        versions: vec![("0.1.0", 3, Mark::Annotated)],
        ahead: 0,
        repository: true,
    }
}

/// What every life is written with.
#[derive(Clone, Copy)]
pub struct Book<'a> {
    pub now: DateTime<Utc>,
    pub cast: &'a Cast,
    pub repositories: &'a Repositories,
    pub policy: &'a Policy,
}

/// The morning of a day so many days ago, in UTC.
pub fn morning(now: DateTime<Utc>, days_ago: i64) -> DateTime<Utc> {
    let day = now.date_naive() - Days::new(days_ago.max(1).unsigned_abs());
    day.and_time(NaiveTime::MIN).and_utc() + Duration::hours(7)
}

impl Plan {
    pub fn classes(&self) -> Vec<String> {
        if self.classes.is_empty() {
            let (first, rest) = self.name.split_at(1);
            return vec![format!("{}{rest}", first.to_uppercase())];
        }
        self.classes.iter().map(|c| (*c).to_owned()).collect()
    }

    /// What its repository is to hold; nothing where the address leads nowhere.
    pub fn history(&self, now: DateTime<Utc>) -> Option<History> {
        self.repository.then(|| History {
            device: self.name,
            authors: self.people.to_vec(),
            versions: self
                .versions
                .iter()
                .map(|(tag, days, mark)| Version { tag, at: morning(now, *days) - Duration::hours(1), mark: *mark })
                .collect(),
            ahead: self.ahead,
        })
    }
}

/// A life while it is written. Each step comes some minutes after the one before.
pub struct Life<'a> {
    pub book: Book<'a>,
    pub plan: Plan,
    at: DateTime<Utc>,
    scenes: Vec<Scene>,
}

impl<'a> Life<'a> {
    pub fn new(book: Book<'a>, plan: Plan) -> Self {
        Self { book, plan, at: DateTime::UNIX_EPOCH, scenes: Vec::new() }
    }

    pub fn into_scenes(self) -> Vec<Scene> {
        self.scenes
    }

    /// Goes on to the morning of another day.
    pub fn day(&mut self, days_ago: i64) -> &mut Self {
        let jitter = self.plan.name.bytes().map(i64::from).sum::<i64>() % 47;
        self.at = self.at.max(morning(self.book.now, days_ago) + Duration::minutes(jitter));
        self
    }

    /// Goes on to some minutes ago.
    pub fn minutes_ago(&mut self, minutes: i64) -> &mut Self {
        self.at = self.at.max(self.book.now - Duration::minutes(minutes));
        self
    }

    fn push(&mut self, who: Option<&'static str>, what: What) -> &mut Self {
        let device = self.plan.name;
        let at = self.at.min(self.book.now);
        self.scenes.push(Scene { at, device, who, what });
        self.at += Duration::seconds(220 + (self.scenes.len() as i64 * 37) % 300);
        self
    }

    pub fn act(&mut self, who: &'static str, command: Command) -> &mut Self {
        self.push(Some(who), What::Act(command))
    }

    pub fn attempt(&mut self, who: &'static str, command: Command) -> &mut Self {
        self.push(Some(who), What::Attempt(command))
    }

    pub fn custody(&mut self, command: Command) -> &mut Self {
        self.push(None, What::Act(command))
    }

    pub fn leaves(&mut self, who: &'static str) -> &mut Self {
        self.push(Some(who), What::Leaves)
    }

    pub fn moves_tag(&mut self, tag: &'static str, to: &'static str) -> &mut Self {
        let to = self.commit(to);
        self.push(None, What::MoveTag { tag, to })
    }

    pub fn id(&self, login: &str) -> PersonId {
        self.book.cast.id(login)
    }

    pub fn commit(&self, version: &'static str) -> CommitId {
        self.book.repositories.commit(self.plan.name, version)
    }

    pub fn tag(&self, name: &str) -> TagName {
        TagName::parse(name, &self.book.policy.tag_rule()).expect("the story's tags follow the rule")
    }

    /// The day it is then, or so many days from it.
    pub fn date(&self, days: i64) -> NaiveDate {
        (self.at + Duration::days(days)).date_naive()
    }

    /// As git describes a build some commits after a version.
    pub fn ahead_of(&self, version: &str) -> String {
        let head = self.commit(super::repositories::HEAD);
        format!("{version}-{}-g{}", self.plan.ahead, &head.as_str()[..7])
    }

    fn first(&self) -> &'static str {
        self.plan.people[0]
    }

    // The request and its discussion.

    pub fn submitted(&mut self) -> &mut Self {
        let (book, plan) = (self.book, &self.plan);
        let pick = plan.name.len();
        let request = Request {
            name: plan.name.to_owned(),
            classes: plan.classes(),
            instruments: plan.instruments.iter().map(|i| (*i).to_owned()).collect(),
            group: plan.instruments[0].to_owned(),
            summary: plan.summary.to_owned(),
            repository: book.repositories.address(plan.name),
            trunk: "main".to_owned(),
            folder: String::new(),
            why: texts::pick(texts::WHY, pick).to_owned(),
            done: texts::pick(texts::DONE, pick).to_owned(),
            assumptions: texts::pick(texts::ASSUMPTIONS, pick).to_owned(),
            hardware: texts::pick(texts::HARDWARE, pick).to_owned(),
            connectivity: texts::pick(texts::CONNECTIVITY, pick).to_owned(),
            special: String::new(),
            level: LevelOfSupport::iter().nth(pick % 3).unwrap_or(LevelOfSupport::RecurrentReview),
            areas: plan.areas.iter().map(|a| (*a).to_owned()).collect(),
            failures: texts::pick(texts::FAILURES, pick).to_owned(),
        };
        let first = [Hours::WhileBeam, Hours::Daytime, Hours::WhileBeam, Hours::Always][pick % 4];
        let second = [Hours::Working, Hours::Daytime][pick % 2];
        let contacts = plan.people.iter().zip([first, second]).map(|(login, hours)| Contact {
            person: book.cast.id(login),
            hours,
            time_zone: "Europe/Berlin".to_owned(),
            deputy: None,
            confirmed: None,
        });
        let application = Application {
            request,
            contributors: plan.people.iter().map(|p| book.cast.id(p)).collect(),
            contacts: contacts.collect(),
            operators: OperatorRules {
                when_stopped: plan.stop,
                may_stop: pick % 3 != 0,
                note: texts::pick(texts::NOTES, pick).to_owned(),
            },
        };
        self.push(Some(self.first()), What::Submit(Box::new(application)))
    }

    pub fn taken(&mut self) -> &mut Self {
        self.act(self.plan.ctrl, Command::TakeRequest {})
    }

    /// The other contacts confirm themselves; so do all of them, later.
    pub fn others_confirm(&mut self) -> &mut Self {
        for login in self.plan.people.iter().skip(1) {
            self.act(login, Command::ConfirmContact {});
        }
        self
    }

    pub fn confirmed(&mut self) -> &mut Self {
        for login in self.plan.people {
            self.act(login, Command::ConfirmContact {});
        }
        self
    }

    /// A question, its answer, and every point signed off.
    pub fn discussed(&mut self) -> &mut Self {
        let ctrl = self.plan.ctrl;
        let (question, answer) = texts::QUESTIONS[self.plan.name.len() % texts::QUESTIONS.len()];
        let point = Section::iter().count() as u32 + 1;
        self.act(ctrl, Command::RaisePoint { text: question.to_owned() });
        self.act(self.first(), Command::AnswerPoint { point, text: answer.to_owned() });
        for point in 1..=point {
            self.act(ctrl, Command::SignOffPoint { point });
        }
        self
    }

    pub fn areas_signed(&mut self) -> &mut Self {
        for area in self.plan.areas {
            let expert = match *area {
                "pulse-patterns" => "kofi",
                "machine-protection" => "meiling",
                _ => "ana",
            };
            let text = "Read-only towards this area; the limits are written down.".to_owned();
            self.act(expert, Command::SignOffArea { area: (*area).to_owned(), text });
        }
        self
    }

    pub fn accepted(&mut self) -> &mut Self {
        self.act(self.plan.ctrl, Command::Accept {})
    }

    /// From the request to its acceptance, over eight days.
    pub fn up_to_accepted(&mut self, days_ago: i64) -> &mut Self {
        self.day(days_ago).submitted();
        self.day(days_ago - 2).taken().others_confirm();
        self.day(days_ago - 5).discussed().areas_signed();
        self.day(days_ago - 8).accepted()
    }

    // Host, access, training.

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

    pub fn deployed(&mut self, who: &'static str, server: &'static str, tag: &str) -> &mut Self {
        let tag = Some(self.tag(tag));
        self.act(who, Command::Deploy { server: ServerName::from(server), tag })
    }

    /// A verified tag, deployed by a contributor and seen there.
    pub fn runs_tag(&mut self, tag: &str) -> &mut Self {
        let (who, server) = (self.first(), self.plan.reduced);
        self.verified(who, tag).deployed(who, server, tag).runs(server, tag)
    }

    // Towards CTRL.

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
        self.day(days_ago - 48).act("chiara", Command::TakeOwnership {})
    }

    /// CTRL brings a newer tag to where it runs.
    pub fn updated(&mut self, tag: &'static str) -> &mut Self {
        let (ctrl, full) = (self.plan.ctrl, self.plan.full);
        self.verified(ctrl, tag).deployed(ctrl, full, tag).runs(full, tag)
    }
}
