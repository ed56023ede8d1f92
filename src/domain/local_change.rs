//! Hotfixes and local changes on instruments, each with its ticket and an end date (R7).

use super::{
    cycle::Mark,
    due::in_words,
    id::{DeviceId, LocalChangeId, PersonId, TargetName},
    lifecycle::{Actor, decide::TEXT_MAX},
    policy::Policy,
    refusal::{Code, Refusal},
};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// The longest ticket, in characters: a key or an address.
const TICKET_MAX: usize = 300;
/// The most days for which one is recorded.
const DAYS_MOST: i64 = 731;

/// What somebody says of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// What is changed, and why.
    pub what: String,
    /// Where it is followed up: a key like `OPS-4711`, or an address.
    pub ticket: String,
    /// The last day on which it is to be there.
    pub until: NaiveDate,
}

/// A local change as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalChange {
    pub id: LocalChangeId,
    /// Counts its events; a page that shows an older one is out of date (A4).
    pub revision: u64,
    pub target: TargetName,
    /// The device that is changed there, where it is one on record.
    pub device: Option<DeviceId>,
    pub what: String,
    pub ticket: String,
    pub until: NaiveDate,
    pub recorded: Mark,
    pub ended: Option<Ended>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Nobody where a rollout cleared it.
    pub by: Option<PersonId>,
    pub at: DateTime<Utc>,
    pub reason: String,
}

/// What is asked of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    Record { target: TargetName, device: Option<DeviceId>, said: Said },
    Change { said: Said },
    End { reason: String },
}

/// What happened to one; read back from the journal for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::EnumDiscriminants)]
#[serde(tag = "event", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[strum_discriminants(
    name(EventKind),
    doc = "An event without its data.",
    derive(Hash, strum::EnumIter, strum::IntoStaticStr, strum::EnumString),
    strum(serialize_all = "snake_case")
)]
pub enum Happened {
    LocalChangeRecorded { target: TargetName, device: Option<DeviceId>, said: Said },
    LocalChangeChanged { said: Said },
    LocalChangeEnded { reason: String },
}

impl Happened {
    /// Its name in the journal.
    pub fn name(&self) -> &'static str {
        self.into()
    }
}

/// Something that happened to one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: DateTime<Utc>,
    /// `None` where Custody itself did it.
    pub by: Option<PersonId>,
    #[serde(flatten)]
    pub what: Happened,
}

/// Everything that a decision may look at beside it.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub now: DateTime<Utc>,
    pub actor: Actor,
    pub policy: &'a Policy,
    /// Whether the actor is of CTRL, or contributes to the device or to one of the instrument.
    pub may: bool,
}

impl Facts<'_> {
    fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.policy.facility.time_zone).date_naive()
    }
}

impl LocalChange {
    /// One before its first event.
    pub fn draft(id: LocalChangeId) -> Self {
        Self {
            id,
            revision: 0,
            target: TargetName::default(),
            device: None,
            what: String::new(),
            ticket: String::new(),
            until: NaiveDate::MIN,
            recorded: Mark { by: PersonId(uuid::Uuid::nil()), at: DateTime::UNIX_EPOCH },
            ended: None,
        }
    }

    /// Whether its day is over and it is still there.
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.ended.is_none() && self.until < today
    }

    pub fn people(&self) -> impl Iterator<Item = PersonId> + '_ {
        std::iter::once(self.recorded.by).chain(self.ended.as_ref().and_then(|e| e.by))
    }
}

/// What the command makes happen, or why it is refused.
pub fn decide(c: &LocalChange, command: &Command, facts: &Facts) -> Result<Event, Refusal> {
    if !facts.may {
        let sentence = "This is for a member of CTRL, or for who contributes to a device there.";
        return Err(Refusal::new(Code::NotYours, sentence));
    }
    if c.ended.is_some() {
        return Err(Refusal::new(Code::AlreadyDone, "It has ended already: record another one."));
    }
    let what = match command {
        Command::Record { target, device, said } => {
            if c.revision > 0 {
                return Err(Refusal::new(Code::AlreadyDone, "It is on record already."));
            }
            if facts.policy.rollouts.target(&target.0).is_none() {
                let sentence = format!("There is no target “{target}” in the policy.");
                return Err(Refusal::new(Code::NoSuchThing, sentence));
            }
            Happened::LocalChangeRecorded { target: target.clone(), device: *device, said: whole(said, facts)? }
        }
        Command::Change { said } => {
            let said = whole(said, facts)?;
            if (&said.what, &said.ticket, said.until) == (&c.what, &c.ticket, c.until) {
                return Err(Refusal::new(Code::AlreadyDone, "Nothing is different from what is on record."));
            }
            Happened::LocalChangeChanged { said }
        }
        Command::End { reason } => {
            Happened::LocalChangeEnded { reason: text(reason, TEXT_MAX, "Say how it ended, like merged in 2.4.2.")? }
        }
    };
    Ok(Event { at: facts.now, by: facts.actor.person(), what })
}

/// What was said, as it is kept; its day is one to come.
fn whole(said: &Said, facts: &Facts) -> Result<Said, Refusal> {
    let today = facts.today();
    if said.until < today || said.until > today + Duration::days(DAYS_MOST) {
        let sentence = "Say until which day it is to be there: today or later, within two years.";
        return Err(Refusal::new(Code::Incomplete, sentence));
    }
    let ticket = text(&said.ticket, TICKET_MAX, "Name its ticket, like OPS-4711.")?;
    if ticket.chars().any(char::is_control) {
        return Err(Refusal::new(Code::Incomplete, "Name its ticket on one line, like OPS-4711."));
    }
    Ok(Said { what: text(&said.what, TEXT_MAX, "Say what is changed, and why.")?, ticket, until: said.until })
}

fn text(given: &str, most: usize, missing: &str) -> Result<String, Refusal> {
    let t = given.trim();
    if t.is_empty() {
        return Err(Refusal::new(Code::Incomplete, missing));
    }
    if t.chars().count() > most {
        return Err(Refusal::new(Code::Incomplete, format!("Shorten it to {most} characters, and link to the rest.")));
    }
    Ok(t.to_owned())
}

/// It after this event. Never refuses: it also replays what the journal keeps.
pub fn evolve(mut c: LocalChange, event: &Event) -> LocalChange {
    c.revision += 1;
    match &event.what {
        Happened::LocalChangeRecorded { target, device, said } => {
            c.target.clone_from(target);
            c.device = *device;
            c.recorded = Mark { by: event.by.unwrap_or(PersonId(uuid::Uuid::nil())), at: event.at };
            say(&mut c, said);
        }
        Happened::LocalChangeChanged { said } => say(&mut c, said),
        Happened::LocalChangeEnded { reason } => {
            c.ended = Some(Ended { by: event.by, at: event.at, reason: reason.clone() });
        }
    }
    c
}

fn say(c: &mut LocalChange, said: &Said) {
    c.what.clone_from(&said.what);
    c.ticket.clone_from(&said.ticket);
    c.until = said.until;
}

/// The event as a sentence without its subject.
pub fn tell(event: &Event) -> String {
    match &event.what {
        Happened::LocalChangeRecorded { target, said, .. } => {
            format!(
                "recorded a local change on {target} until {} ({}): {}",
                in_words(said.until),
                said.ticket,
                said.what
            )
        }
        Happened::LocalChangeChanged { said } => {
            format!("changed it, until {} ({}): {}", in_words(said.until), said.ticket, said.what)
        }
        Happened::LocalChangeEnded { reason } => format!("ended it: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-21T08:00:00Z".parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn said(until: &str) -> Said {
        Said { what: "Raises the limit.".to_owned(), ticket: "OPS-1".to_owned(), until: day(until) }
    }

    fn policy() -> Policy {
        Policy::parse("[rollouts]\ntargets = [{ name = \"SPB\", group = \"G\", host = \"h\" }]").unwrap()
    }

    /// R7: it has a ticket and an end, is changed and ended by whom it is for, and once; past its day it is overdue.
    #[test]
    fn r7_a_local_change_from_its_record_to_its_end() {
        let policy = policy();
        let me = PersonId(uuid::Uuid::from_u128(1));
        let facts = Facts { now: now(), actor: Actor::Person(me), policy: &policy, may: true };
        let does = |c: &LocalChange, command: &Command, facts: &Facts| {
            decide(c, command, facts).map(|e| evolve(c.clone(), &e))
        };
        let none = LocalChange::draft(LocalChangeId(uuid::Uuid::nil()));
        let record = |target: &str, said: Said| Command::Record { target: target.into(), device: None, said };
        let code = |c: &LocalChange, command: &Command| does(c, command, &facts).unwrap_err().code;
        assert_eq!(code(&none, &record("FXE", said("2026-12-01"))), Code::NoSuchThing);
        assert_eq!(code(&none, &record("SPB", said("2026-11-20"))), Code::Incomplete, "an end that is over");
        assert_eq!(code(&none, &record("SPB", Said { ticket: " ".into(), ..said("2026-12-01") })), Code::Incomplete);
        assert_eq!(code(&none, &record("SPB", Said { what: String::new(), ..said("2026-12-01") })), Code::Incomplete);
        let nobody = Facts { may: false, ..facts };
        let refused = does(&none, &record("SPB", said("2026-12-01")), &nobody).unwrap_err();
        assert_eq!(refused.code, Code::NotYours);

        let c = does(&none, &record("SPB", said("2026-12-01")), &facts).unwrap();
        assert_eq!((c.revision, c.recorded.by, c.target.0.as_str()), (1, me, "SPB"));
        assert!(!c.is_overdue(day("2026-12-01")) && c.is_overdue(day("2026-12-02")));
        assert_eq!(code(&c, &record("SPB", said("2026-12-01"))), Code::AlreadyDone);
        assert_eq!(code(&c, &Command::Change { said: said("2026-12-01") }), Code::AlreadyDone, "nothing new");
        let c = does(&c, &Command::Change { said: said("2026-12-24") }, &facts).unwrap();
        assert!(!c.is_overdue(day("2026-12-02")));
        assert_eq!(code(&c, &Command::End { reason: String::new() }), Code::Incomplete);
        let c = does(&c, &Command::End { reason: "Merged in 2.4.2.".to_owned() }, &facts).unwrap();
        assert!(c.ended.is_some() && !c.is_overdue(day("2027-12-02")));
        assert_eq!(code(&c, &Command::End { reason: "Again.".to_owned() }), Code::AlreadyDone);
        let kept: LocalChange = serde_json::from_str(&serde_json::to_string(&c).unwrap()).unwrap();
        assert_eq!(kept, c, "it is kept as it is");
    }
}
