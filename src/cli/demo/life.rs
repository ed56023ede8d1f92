//! A device's life as scenes: written step by step, from the request on.

pub mod delivery;
mod development;
mod request;
mod transfer;

use super::{
    people::Cast,
    repositories::{self, History, Mark, Repositories, Version},
    stage::{Scene, What},
};
use crate::domain::{
    contact::WhenStopped,
    id::PersonId,
    lifecycle::Command,
    policy::Policy,
    retest,
    stage::Told,
    tag::{CommitId, TagName},
};
use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Utc};

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

    pub fn says_of(&mut self, who: &'static str, tag: &'static str, told: Told) -> &mut Self {
        self.push(Some(who), What::Reports { tag, told })
    }

    /// Says what it depends on (G8).
    pub fn depends_on(&mut self, who: &'static str, names: &[&str]) -> &mut Self {
        let on = names.iter().map(|n| (*n).to_owned()).collect();
        self.act(who, Command::SetDependencies { on })
    }

    /// What came of trying it out with the new release of another one.
    pub fn tried_out(&mut self, who: &'static str, on: &'static str, passed: bool, text: &str) -> &mut Self {
        let (link, text) = (String::new(), text.to_owned());
        let told = retest::Told { passed, job: None, release: None, commit: None, link, text };
        self.push(Some(who), What::Retests { on, told })
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
        let head = self.commit(repositories::HEAD);
        format!("{version}-{}-g{}", self.plan.ahead, &head.as_str()[..7])
    }

    fn first(&self) -> &'static str {
        self.plan.people[0]
    }
}
