//! What the journal tells of a device: every stream, in sentences, each stamped with its place in the chain (E2).

use super::{Error, Result, facts, protection, record, retests, shift};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::PersonId,
        journal::Entry,
        lifecycle::{Event, Happened as H, StateName, event::EventKind},
        local_change,
        naming::with_names,
        person::People,
        policy::Policy,
        rollout,
        stage::{BY_HAND, Stage},
        story::tell,
        support::Support,
    },
    store,
};
use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use serde_json::Value;

/// How many records a page of the history shows.
pub const PAGE: u64 = 50;
/// How far apart in the journal the records of a page may be for the whole chain between them to be followed.
const FOLLOWED: i64 = 5000;
/// How many records are read at once where all are exported.
pub const EXPORTED: u64 = 1000;

/// A record in words.
#[derive(Clone, Debug)]
pub struct Told {
    pub seq: i64,
    pub at: DateTime<Utc>,
    /// Who did it: a name, `Custody`, or what began by itself.
    pub who: String,
    /// The rest of the sentence, without the blank before it.
    pub what: String,
    /// The name of what happened, for icons and for the export.
    pub kind: String,
    /// The status that began with it.
    pub status: Began,
    /// The door and the address that it came through: for administrators and CTRL.
    pub origin: String,
    pub hash: String,
}

/// What a record changed about how the device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Began {
    Nothing,
    State(StateName),
    Support(Support),
}

/// What was checked of the records shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Each record's content is what was written, and the whole chain from the first to the last of them holds.
    Chain { first: i64, last: i64 },
    /// Each record's content is what was written; the chain between them was not followed.
    Records,
    /// This record is not what was written, or does not follow the one before it.
    Broken { seq: i64 },
}

/// The newest records of a device.
#[derive(Clone, Debug)]
pub struct Recent {
    pub told: Vec<Told>,
    /// How many there are in all.
    pub all: u64,
    pub checked: Checked,
}

/// A page of a device's history.
pub struct HistoryView {
    pub device: Device,
    pub told: Vec<Told>,
    pub all: u64,
    pub checked: Checked,
    /// Where the next, older page begins.
    pub older: Option<i64>,
}

/// The newest records, for the device's own page.
pub async fn recent<C: ConnectionTrait>(
    c: &C,
    app: &App,
    streams: &[String],
    people: &People,
    most: u32,
) -> Result<Recent> {
    let entries = store::journal::list_newest(c, streams, most, Some(most.into())).await?;
    let all = store::journal::count_streams(c, streams).await?;
    let broken = entries.iter().find(|e| e.digest() != e.hash);
    let checked = broken.map_or(Checked::Records, |e| Checked::Broken { seq: e.seq });
    Ok(Recent { told: told(app, &entries, people), all, checked })
}

/// The history of a device, newest first, before this record where one is given.
pub async fn read(app: &App, name: &str, before: Option<i64>, most: u64) -> Result<HistoryView> {
    let c = &app.db.snapshot().await?;
    let (device, roster) = facts::find(c, app, name).await?.ok_or(Error::NotFound)?;
    let streams = record::streams(&device);
    let mut entries = store::journal::list_streams(c, &streams, before, most + 1).await?;
    let more = entries.len() as u64 > most;
    entries.truncate(most as usize);
    let all = store::journal::count_streams(c, &streams).await?;
    let checked = check(c, &entries).await?;
    let told = told(app, &entries, roster.everybody());
    let older = more.then(|| entries.last().map(|e| e.seq)).flatten();
    Ok(HistoryView { device, told, all, checked, older })
}

/// Follows the chain over everything between the oldest and the newest of these records, whosever they are.
async fn check<C: ConnectionTrait>(c: &C, entries: &[Entry]) -> Result<Checked> {
    if let Some(e) = entries.iter().find(|e| e.digest() != e.hash) {
        return Ok(Checked::Broken { seq: e.seq });
    }
    let (Some(last), Some(first)) = (entries.first(), entries.last()) else {
        return Ok(Checked::Records);
    };
    if last.seq - first.seq >= FOLLOWED {
        return Ok(Checked::Records);
    }
    let between = (last.seq - first.seq + 1).unsigned_abs();
    let all = store::journal::list_after(c, first.seq - 1, between).await?;
    let mut before: Option<&Entry> = None;
    for e in &all {
        let follows = before.is_none_or(|b| e.seq == b.seq + 1 && e.previous == b.hash);
        if !follows || e.digest() != e.hash {
            return Ok(Checked::Broken { seq: e.seq });
        }
        before = Some(e);
    }
    match before {
        Some(b) if b.hash == last.hash => Ok(Checked::Chain { first: first.seq, last: last.seq }),
        _ => Ok(Checked::Broken { seq: last.seq }),
    }
}

/// These records in words, whatever they are about. One query.
pub async fn in_words<C: ConnectionTrait>(c: &C, app: &App, entries: &[Entry]) -> Result<Vec<Told>> {
    Ok(told(app, entries, app.roster.current(c).await?.everybody()))
}

fn told(app: &App, entries: &[Entry], people: &People) -> Vec<Told> {
    entries.iter().map(|e| one(e, event(e), people, &app.policy)).collect()
}

/// What happened to a device, where this is about that.
fn event(e: &Entry) -> Option<H> {
    e.kind.parse::<EventKind>().is_ok().then(|| serde_json::from_str(&e.body).ok()).flatten()
}

/// The records that one of the shift's speaks of: `#41, #43`.
fn numbers(body: &Value) -> String {
    let seqs = body["changes"].as_array().into_iter().flatten().filter_map(Value::as_i64);
    seqs.map(|s| format!("#{s}")).collect::<Vec<_>>().join(", ")
}

/// What happened to a rollout or a local change, where this is about one.
fn of_rollouts(e: &Entry, policy: &Policy) -> Option<String> {
    let (at, by) = (e.moment().unwrap_or_default(), e.actor);
    match e.stream.split_once('/')?.0 {
        "rollout" => {
            let what = serde_json::from_str(&e.body).ok()?;
            Some(rollout::tell(&rollout::Event { at, by, what }, &[], policy))
        }
        "local_change" => {
            let what = serde_json::from_str(&e.body).ok()?;
            Some(local_change::tell(&local_change::Event { at, by, what }))
        }
        _ => None,
    }
}

fn one(e: &Entry, what: Option<H>, people: &People, policy: &Policy) -> Told {
    let at = e.moment().unwrap_or_default();
    let name = e.actor.map_or("Custody", |p| people.name(p)).to_owned();
    let body: Value = match what {
        Some(_) => Value::Null,
        None => serde_json::from_str(&e.body).unwrap_or_default(),
    };
    let text = |key: &str| body[key].as_str().unwrap_or_default();
    let mut status = Began::Nothing;
    let (who, what) = match (e.kind.as_str(), what) {
        ("support_changed", _) => match serde_json::from_value::<Support>(body["to"].clone()) {
            Ok(support) => {
                status = Began::Support(support);
                (support.label().to_owned(), format!("began: {}", support.bare(text("why"))))
            }
            Err(_) => ("Support".to_owned(), "ended.".to_owned()),
        },
        ("refused", _) => {
            let tried = text("command").replace('_', " ");
            (name, format!("was refused to {tried}: {}", with_names(text("why"), people)))
        }
        ("instance_seen", _) => {
            let version = match text("version") {
                "" => "without a version".to_owned(),
                v => format!("in `{v}`"),
            };
            let verb = if e.actor.is_some() { "stated that" } else { "saw" };
            let runs = if e.actor.is_some() { " runs" } else { "" };
            let who = if e.actor.is_some() { name } else { "An agent".to_owned() };
            (who, format!("{verb} `{}`{runs} on `{}` {version}. {}", text("instance"), text("server"), text("why")))
        }
        ("instance_gone", _) => {
            let (who, verb) = match e.actor {
                Some(_) => (name, "stated that"),
                None => ("An agent".to_owned(), "found that"),
            };
            (who, format!("{verb} `{}` does not run on `{}` any more.", text("instance"), text("server")))
        }
        ("stage_reported", _) => {
            let tag = e.stream.splitn(3, '/').nth(2).unwrap_or_default();
            let stage = text("stage").parse::<Stage>().map_or("", Stage::label);
            let verdict = if body["passed"] == true { "passed" } else { "failed" };
            let who = if text("job").is_empty() { name } else { format!("The job {}", text("job")) };
            match text("text").strip_prefix(BY_HAND).filter(|_| stage == Stage::Deployed.label()) {
                Some(server) => (who, format!("placed `{tag}` by hand onto {server}")),
                None => (who, format!("reported of `{tag}`: “{stage}” {verdict}. {}", text("text")).trim().to_owned()),
            }
        }
        (protection::TOLD, _) => {
            let tag = e.stream.splitn(3, '/').nth(2).unwrap_or_default();
            let is = if body["protected"] == true { "is" } else { "is not" };
            (format!("The forge {}", text("forge")), format!("says that the tag `{tag}` {is} protected."))
        }
        (retests::OPENED, _) => {
            let (on, tag) = (text("on"), text("tag"));
            (name, format!("asked to try it out with `{on}` {tag}, which is new."))
        }
        (retests::REPORTED, _) => {
            let verdict = if body["passed"] == true { "works" } else { "does not work" };
            let who = if text("job").is_empty() { name } else { format!("The job {}", text("job")) };
            let said = format!("reported that it {verdict} with `{}` {}. {}", text("on"), text("tag"), text("text"));
            (who, said.trim().to_owned())
        }
        ("incident_opened", _) => (name, format!("opened it: {}", text("words"))),
        ("incident_reopened", _) => {
            (name, format!("opened it again, {} times in all: {}", body["times"], text("words")))
        }
        ("incident_closed", _) => (name, "closed it: it is mended.".to_owned()),
        (shift::ACKNOWLEDGED, _) => {
            let numbers = numbers(&body);
            match e.actor {
                Some(_) => (name, format!("acknowledged the change of support for the shift ({numbers}).")),
                None => {
                    let rest = format!("of the DOC has acknowledged the change of support ({numbers}).");
                    ("Everybody".to_owned(), rest)
                }
            }
        }
        (shift::ESCALATED, _) => {
            let to: Vec<PersonId> = serde_json::from_value(body["to"].clone()).unwrap_or_default();
            let numbers = numbers(&body);
            let whom = people.names(&to);
            (name, format!("told {whom} that the shift had not acknowledged the change of support ({numbers})."))
        }
        (_, Some(what)) => {
            status = what.leads_to().map_or(Began::Nothing, Began::State);
            (name, tell(&Event { at, by: e.actor, what }, people, policy))
        }
        (kind, None) => {
            let said = of_rollouts(e, policy);
            (name, said.unwrap_or_else(|| format!("recorded: {}.", kind.replace('_', " "))))
        }
    };
    Told { seq: e.seq, at, who, what, kind: e.kind.clone(), status, origin: e.origin.clone(), hash: e.hash.clone() }
}
