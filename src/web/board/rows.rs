//! Devices and strangers as lines of the table.

use crate::{
    app::App,
    domain::{calling::Callee, drift::Incident, operators::Ruling, shift, support::Support},
    projection::{Marks, Place},
    service::board::{Board, Elsewhere, Found, Known, Row, is_no_tag},
    web::{
        gatebox, incidents, operators,
        parts::{BoardRow, Chip, Marked, Phone, Status, Tag},
        words,
    },
};
use chrono::{DateTime, Utc};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What every line needs.
pub struct Rows<'a> {
    pub app: &'a App,
    pub board: &'a Board,
    /// Of what was searched for.
    pub marks: Option<Marks>,
    /// The last change that the reader has seen, where it is known who reads.
    pub looked: Option<i64>,
}

/// The shift itself, as somebody to call.
pub fn doc(app: &App) -> (String, Option<Phone>) {
    let facility = &app.policy.facility;
    (facility.doc_name.clone(), facility.doc_phone.clone().map(Phone::new))
}

/// The chip of a device: what lies under a shut-down shows too.
pub fn chip(row: &Row) -> Chip {
    let chip = Chip::of(gatebox::of_device(row.card.state, row.card.verdict.as_ref()));
    match chip.status {
        Status::ShutDown => chip.over(gatebox::of_state(row.card.state)),
        _ => chip,
    }
}

/// The mark behind a version.
pub fn version_tag(place: &Known) -> Option<Tag> {
    let raw = &place.seen.version.raw;
    (!raw.is_empty() && is_no_tag(&place.seen.version.reported)).then(|| Tag::bad("not a tag"))
}

/// `1 more place: cppServer/contrib_sqs_02, not a tag`.
pub fn elsewhere(other: &Elsewhere) -> Option<String> {
    let worst = other.worst.as_ref()?;
    let server = &worst.seen.server;
    let wrong = match worst.verdict.support {
        _ if version_tag(worst).is_some() => ", not a tag",
        Support::NotSupported => ", not supported at all",
        _ => "",
    };
    Some(match other.places {
        1 => format!("1 more place: {server}{wrong}"),
        n if wrong.is_empty() => format!("{n} more places"),
        n => format!("{n} more places, one of them {server}{wrong}"),
    })
}

/// The most telling incident by its kind, and how many more there are.
fn incident_tags(all: &[Incident]) -> Vec<Tag> {
    let first = all.iter().min_by_key(|i| i.drift.kind).map(|i| incidents::tag(i.drift.kind));
    let more = all.len().saturating_sub(1);
    first.into_iter().chain((more > 0).then(|| Tag::plain(&format!("{more} more")))).collect()
}

/// The id of a stranger's line: what may stand in an id, and the same for the same instance.
fn stranger_key(k: &Known) -> String {
    let mut print = DefaultHasher::new();
    (&k.seen.instance, &k.seen.server).hash(&mut print);
    format!("s-{:x}", print.finish())
}

impl Rows<'_> {
    /// A device.
    pub fn device(&self, row: &Row) -> BoardRow {
        let chip = chip(row);
        let (call, phone) = self.call(row);
        let support = row.card.verdict.as_ref().map(|v| v.support);
        let ruling = Ruling::of(support, row.card.shut_down.as_deref(), &row.card.operators);
        let (restart, restart_words) = operators::restart(ruling.may_restart());
        let (stop, stop_words) = operators::stop(ruling.may_stop());
        let place = row.place.as_ref();
        let class = row.card.classes.first().map_or("", String::as_str);
        BoardRow {
            chip,
            name: self.marked(&row.card.name),
            id: place.map_or_else(|| Marked::plain(class), |k| self.marked(&k.seen.instance)),
            instruments: row.card.instruments.join(", "),
            href: format!("/devices/{}", row.card.name),
            call,
            phone,
            restart,
            restart_words: restart_words.to_owned(),
            stop,
            stop_words,
            runs_on: match place {
                Some(k) if !k.seen.runs() => format!("stopped on {}", k.seen.server),
                Some(k) => k.seen.server.0.clone(),
                None => match row.card.placements.first() {
                    Some(p) => format!("not seen on {}", p.server),
                    None => "nowhere".to_owned(),
                },
            },
            elsewhere: elsewhere(&row.elsewhere).map_or_else(String::new, |more| format!("and {more}")),
            version: place.map_or_else(String::new, |k| k.seen.version.raw.clone()),
            version_tag: place.and_then(|k| version_tag(k)),
            seen: place.map_or_else(String::new, |k| self.seen(k)),
            seen_at: place.map(|k| seen_at(k)),
            seen_note: place.map_or("", |k| self.seen_note(k)),
            unacknowledged: self.unacknowledged(row),
            incidents: self.overrides(row).chain(incident_tags(&row.card.incidents)).collect(),
            changed: row.card.changed.unwrap_or_default(),
            is_new: row.card.changed.is_some_and(|seq| self.looked.is_some_and(|looked| seq > looked)),
            key: format!("d-{}", row.card.id),
            selected: matches!(&self.board.answer, Some(Found::Device(a)) if a.card.id == row.card.id),
        }
    }

    /// Instances that run and are not registered, besides those that were searched for.
    pub fn strangers(&self) -> impl Iterator<Item = BoardRow> {
        self.board.unknown.iter().filter(|k| !self.is_found(k)).map(|k| self.stranger(k))
    }

    /// Those that were searched for.
    pub fn matching_strangers(&self) -> impl Iterator<Item = BoardRow> {
        self.board.strangers.iter().map(|k| self.stranger(k))
    }

    /// What the shift does not know yet: late once the policy's time is over (H8).
    fn unacknowledged(&self, row: &Row) -> Option<Tag> {
        let first = row.card.unacknowledged.values().next()?;
        let late = self.board.now - *first > shift::within(&self.app.policy);
        Some(match late {
            true => Tag { icon: "clock", ..Tag::warn("not acknowledged, late") },
            false => Tag { icon: "clock", ..Tag::warn("not acknowledged") },
        })
    }

    /// What CTRL has let through in an emergency (G12).
    fn overrides(&self, row: &Row) -> impl Iterator<Item = Tag> {
        let counts = row.card.overrides.iter().filter(|o| o.counts(self.board.now));
        let until = counts.map(|o| o.until).max();
        until.map(|at| Tag::warn(&format!("override until {}", words::near(self.app, at, self.board.now)))).into_iter()
    }

    fn marked(&self, name: &str) -> Marked {
        match &self.marks {
            Some(marks) => Marked { pieces: marks.mark(name) },
            None => Marked::plain(name),
        }
    }

    fn is_found(&self, k: &Known) -> bool {
        let same = |o: &Place| o.seen.instance == k.seen.instance && o.seen.server == k.seen.server;
        self.board.strangers.iter().any(same)
    }

    fn stranger(&self, k: &Known) -> BoardRow {
        let (call, phone) = doc(self.app);
        let (restart, restart_words) = operators::restart(Ruling::NotSupported.may_restart());
        let (stop, stop_words) = operators::stop(Ruling::NotSupported.may_stop());
        BoardRow {
            chip: Chip::of(Status::Unknown),
            name: Marked::plain("not registered"),
            id: self.marked(&k.seen.instance),
            instruments: String::new(),
            href: super::query::Asked::default().searching(&k.seen.instance),
            call,
            phone,
            restart,
            restart_words: restart_words.to_owned(),
            stop,
            stop_words,
            runs_on: k.seen.server.0.clone(),
            elsewhere: String::new(),
            version: k.seen.version.raw.clone(),
            version_tag: version_tag(k),
            seen: self.seen(k),
            seen_at: Some(k.seen.seen),
            seen_note: self.seen_note(k),
            unacknowledged: None,
            incidents: Vec::new(),
            changed: 0,
            is_new: false,
            key: stranger_key(k),
            selected: matches!(&self.board.answer, Some(Found::Unknown(a)) if a.seen.instance == k.seen.instance),
        }
    }

    /// Whom the shift calls first.
    fn call(&self, row: &Row) -> (String, Option<Phone>) {
        let named = |id| {
            let person = self.board.people.get(id)?;
            Some((person.name.clone(), Some(Phone::new(person.phone.clone()?))))
        };
        let first = row.callees.first().and_then(|callee| match callee {
            Callee::Shift => None,
            Callee::Responsible(id, _) => named(*id),
            Callee::Contact(call) => named(call.person),
        });
        first.unwrap_or_else(|| doc(self.app))
    }

    fn seen(&self, k: &Known) -> String {
        words::span(seen_at(k), self.board.now)
    }

    /// What stands under when it was seen.
    fn seen_note(&self, k: &Known) -> &'static str {
        match k.seen.is_silent(self.board.now, self.app.policy.observations.silent_after_minutes) {
            _ if !k.seen.runs() => "stopped",
            true => "silent",
            false => "",
        }
    }
}

/// When it was seen last, or seen to have stopped.
fn seen_at(k: &Known) -> DateTime<Utc> {
    k.seen.gone.unwrap_or(k.seen.seen)
}
