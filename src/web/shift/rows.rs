//! A change as the page of the shift draws it, and as a device's page says that it waits.

use super::speaks;
use crate::{
    app::App,
    domain::{
        id::{DeviceId, PersonId},
        shift::{Standing, shift_of},
        support::Support,
    },
    service::shift::{Change, Changes, proof::Looked},
    web::{
        gatebox,
        parts::{Action, Banner, Chip, Tag, Tone, plural},
        words,
    },
};
use chrono::{DateTime, Utc};
use std::{cmp::Reverse, collections::BTreeMap};

/// What a device had before the first change, and what it has where support ended.
const BEFORE: &str = "no support yet";
const AFTER: &str = "no support any more";

fn rfc3339(c: &Change) -> String {
    c.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// One end of a change: a status, or that there was or is none.
pub enum End {
    Status(Chip),
    None(Tag),
}

fn end(support: Option<Support>, none: &str) -> End {
    match support {
        Some(s) => End::Status(Chip::of(gatebox::of_support(s))),
        None => End::None(Tag::plain(none)),
    }
}

/// What changed, in which device.
pub struct What {
    pub seq: i64,
    pub name: String,
    pub from: End,
    pub to: End,
    pub why: String,
    /// When, as a record says it.
    pub when: String,
    /// The same for programs, RFC 3339.
    pub at: String,
}

fn what(app: &App, c: &Change) -> What {
    What {
        seq: c.seq,
        name: c.name.clone(),
        from: end(c.from, BEFORE),
        to: end(c.to, AFTER),
        why: c.why.clone(),
        when: words::moment(app, c.at),
        at: rfc3339(c),
    }
}

/// A device whose support changed and of which the shift has yet to say that it knows.
pub struct WaitingRow {
    pub name: String,
    /// As it was before the first of the changes.
    pub from: End,
    /// As it is; none where it is again as it was.
    pub to: Option<End>,
    /// How long the first of them waits.
    pub standing: Tag,
    /// `3 changes`, or empty where it is one.
    pub many: String,
    /// The changes, the oldest first.
    pub changes: Vec<Step>,
    pub action: Option<Action>,
}

/// One of them, in words: only what is true of the device has a colour.
pub struct Step {
    pub seq: i64,
    /// `Reduced support → Not supported at all`.
    pub change: String,
    pub why: String,
    pub when: String,
    pub at: String,
    /// Who has said it, who is missing, to whom it went on.
    pub notes: Vec<String>,
}

/// The button of these changes.
pub fn acknowledges(seqs: &[i64], next: &str) -> Action {
    let label = match seqs.len() {
        1 => "I have seen this".to_owned(),
        n => format!("I have seen these {n}"),
    };
    let action = Action::post(&label, "/shift/acknowledge").icon("check").sending("next", next);
    seqs.iter().fold(action, |a, seq| a.sending("seq", seq))
}

/// A row for each device, the most urgent first, then what waits longest; `me` where the reader speaks for the shift,
/// `newer` as [`shift::newer`](crate::service::shift::newer) says it.
pub fn waiting(
    app: &App,
    changes: &Changes,
    newer: &BTreeMap<DeviceId, Option<Support>>,
    me: Option<PersonId>,
) -> Vec<WaitingRow> {
    let mut devices: Vec<Vec<&Change>> = Vec::new();
    let mut places: BTreeMap<DeviceId, usize> = BTreeMap::new();
    for c in &changes.all {
        match places.get(&c.device).and_then(|n| devices.get_mut(*n)) {
            Some(of) => of.push(c),
            None => {
                places.insert(c.device, devices.len());
                devices.push(vec![c]);
            }
        }
    }
    let is = |last: &Change| newer.get(&last.device).copied().unwrap_or(last.to);
    // The first that wait come first already.
    devices.sort_by_key(|of| Reverse(of.last().and_then(|last| is(last))));
    let row = |of: &Vec<&Change>| Some(device(app, changes, of.first()?, of, is(of.last()?), me));
    devices.iter().filter_map(row).collect()
}

/// The row of a device: its changes, the first of them, and what its support is.
fn device(
    app: &App,
    changes: &Changes,
    first: &Change,
    of: &[&Change],
    is: Option<Support>,
    me: Option<PersonId>,
) -> WaitingRow {
    let now = changes.now;
    let to_say: Vec<i64> = match me {
        Some(me) => of.iter().filter(|c| c.said.iter().all(|a| a.by != me)).map(|c| c.seq).collect(),
        None => Vec::new(),
    };
    WaitingRow {
        name: first.name.clone(),
        from: end(first.from, BEFORE),
        to: (is != first.from).then(|| end(is, AFTER)),
        standing: match first.judged.standing {
            Standing::Late { .. } => Tag::warn(&format!("late: waits {}", words::span(first.at, now))),
            Standing::Waiting { until } => Tag::plain(&format!("{} left", words::span(now, until))),
            Standing::Acknowledged(_) => Tag::good("acknowledged"),
        },
        many: if of.len() > 1 { plural(of.len(), "change") } else { String::new() },
        changes: of.iter().map(|c| step(app, changes, c)).collect(),
        action: (!to_say.is_empty()).then(|| acknowledges(&to_say, "/shift").small().about(&first.name)),
    }
}

fn step(app: &App, changes: &Changes, c: &Change) -> Step {
    let mut notes = Vec::new();
    if !c.said.is_empty() {
        let said = c.said.iter().map(|a| a.by).collect::<Vec<_>>();
        notes.push(format!("Acknowledged by {}", changes.people.names(&said)));
    }
    if !c.judged.missing.is_empty() {
        notes.push(format!("Missing: {}", changes.people.names(&c.judged.missing)));
    }
    notes.extend(passed_on(changes, c, |at| words::near(app, at, changes.now)));
    let label = |support: Option<Support>, none: &str| support.map_or(none.to_owned(), |s| s.label().to_owned());
    Step {
        seq: c.seq,
        change: format!("{} → {}", label(c.from, BEFORE), label(c.to, AFTER)),
        why: c.why.clone(),
        when: words::near(app, c.at, changes.now),
        at: rfc3339(c),
        notes,
    }
}

fn passed_on(changes: &Changes, c: &Change, when: impl Fn(DateTime<Utc>) -> String) -> Option<String> {
    let (at, to) = c.escalated.as_ref()?;
    Some(format!("Passed on to {}, {}", changes.people.names(to), when(*at)))
}

/// A change on record: who knew of it, when.
pub struct RecordRow {
    pub what: What,
    /// New to the reader since they last looked.
    pub new: bool,
    pub standing: Tag,
    /// One line for each word: who, when, in which shift.
    pub said: Vec<String>,
    pub escalated: Option<String>,
}

pub fn record(app: &App, changes: &Changes, c: &Change, looked: Option<&Looked>) -> RecordRow {
    let said = c.said.iter().map(|a| {
        let began = shift_of(&app.policy, a.at).begins;
        let (who, when) = (changes.people.name(a.by), words::moment(app, a.at));
        format!("{who}, {when}, shift from {}", words::hour(app, began))
    });
    RecordRow {
        what: what(app, c),
        new: looked.is_some_and(|l| l.is_new(c)),
        standing: match c.judged.standing {
            Standing::Acknowledged(by) => Tag::good(&format!("after {}", words::span(c.at, by.at))),
            Standing::Late { .. } => Tag::warn("not yet, late"),
            Standing::Waiting { .. } => Tag::plain("not yet"),
        },
        said: said.collect(),
        escalated: passed_on(changes, c, |at| words::moment(app, at)),
    }
}

/// What a device's page says while the shift has not acknowledged its changes, and what the reader can do about it.
pub fn banner(app: &App, changes: &Changes, me: Option<PersonId>) -> Option<(Banner, Action)> {
    let (first, newest) = (changes.all.first()?, changes.all.last()?);
    let late = changes.all.iter().any(|c| c.judged.is_late());
    let was = first.from.map_or(BEFORE, Support::label);
    let is = newest.to.map_or(AFTER, Support::label);
    let more = match changes.all.len() {
        1 => String::new(),
        n => format!(" {n} changes wait; who acknowledges the newest acknowledges the older ones too."),
    };
    let passed = changes.all.iter().rev().find_map(|c| passed_on(changes, c, |at| words::near(app, at, changes.now)));
    let passed = passed.map_or_else(String::new, |p| format!(" {p}."));
    let missing = match newest.judged.missing.is_empty() || newest.said.is_empty() {
        true => String::new(),
        false => format!(" Missing: {}.", changes.people.names(&newest.judged.missing)),
    };
    let strong = format!("Not acknowledged by the shift since {}.", words::near(app, first.at, changes.now));
    let text = format!("Before: {was}. Now: {is}.{more}{missing}{passed}");
    let banner = Banner::new(if late { Tone::Warn } else { Tone::Info }, &strong, &text);
    let to_say = speaks(changes, me) && newest.said.iter().all(|a| Some(a.by) != me);
    let action = match to_say {
        true => acknowledges(&[newest.seq], &format!("/devices/{}", newest.name)).primary(),
        false => Action::link("What waits for the shift", "/shift"),
    };
    Some((banner, action.small()))
}
