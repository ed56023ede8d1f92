//! Devices and strangers as lines of the table.

use crate::{
    app::App,
    domain::{calling::Call, contact::WhenStopped, drift::Incident, shift, support::Support},
    projection::{Marks, Place},
    service::board::{Board, Found, Known, Row, is_no_tag},
    web::{
        gatebox, incidents,
        parts::{BoardRow, Chip, Marked, Phone, Reply, Status, Tag},
        words,
    },
};
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

/// Whether operators may restart it, and in which words.
pub fn restart(rule: WhenStopped) -> (Reply, &'static str) {
    match rule {
        WhenStopped::RestartAnyTime => (Reply::Yes, "Yes"),
        WhenStopped::RestartOnceThenCall => (Reply::Yes, "Once, then call"),
        WhenStopped::CallFirst => (Reply::CallFirst, "Call first"),
        WhenStopped::DoNotRestart => (Reply::No, "Do not restart"),
    }
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
        let (call, phone) = self.call(row, chip.status);
        let (restart, restart_words) = match chip.status {
            Status::ShutDown | Status::NotSupported => (Reply::No, "Do not restart"),
            _ => restart(row.card.operators.when_stopped),
        };
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
            runs_on: match place {
                Some(k) => k.seen.server.0.clone(),
                None => match row.card.placements.first() {
                    Some(p) => format!("not seen on {}", p.server),
                    None => "nowhere".to_owned(),
                },
            },
            version: place.map_or_else(String::new, |k| k.seen.version.raw.clone()),
            version_tag: place.and_then(|k| version_tag(k)),
            seen: place.map_or_else(String::new, |k| self.seen(k)),
            seen_at: place.map(|k| k.seen.seen),
            silent: place.is_some_and(|k| self.is_silent(k)),
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
            true => Tag { icon: "clock", ..Tag::bad("not acknowledged, late") },
            false => Tag { icon: "clock", ..Tag::warn("not acknowledged") },
        })
    }

    /// What CTRL has let through in an emergency (G12).
    fn overrides(&self, row: &Row) -> impl Iterator<Item = Tag> {
        let counts = row.card.overrides.iter().filter(|o| o.counts(self.board.now));
        let until = counts.map(|o| o.until).max();
        until.map(|at| Tag::warn(&format!("override until {}", words::clock(self.app, at)))).into_iter()
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
        BoardRow {
            chip: Chip::of(Status::Unknown),
            name: Marked::plain("not registered"),
            id: self.marked(&k.seen.instance),
            instruments: String::new(),
            href: super::query::Asked::default().searching(&k.seen.instance),
            call,
            phone,
            restart: Reply::No,
            restart_words: "Do not restart".to_owned(),
            runs_on: k.seen.server.0.clone(),
            version: k.seen.version.raw.clone(),
            version_tag: version_tag(k),
            seen: self.seen(k),
            seen_at: Some(k.seen.seen),
            silent: self.is_silent(k),
            unacknowledged: None,
            incidents: Vec::new(),
            changed: 0,
            is_new: false,
            key: stranger_key(k),
            selected: matches!(&self.board.answer, Some(Found::Unknown(a)) if a.seen.instance == k.seen.instance),
        }
    }

    /// Whom the shift calls: CTRL's devices and what must not run are the shift's own, a stopped one has somebody who is
    /// responsible, the rest has its contributors.
    fn call(&self, row: &Row, status: Status) -> (String, Option<Phone>) {
        let named = |id| {
            let person = self.board.people.get(id)?;
            Some((person.name.clone(), Some(Phone::new(person.phone.clone()?))))
        };
        let responsible = row.card.shut_down.as_ref().and_then(|s| named(s.responsible));
        let first = row.calls.iter().find(|c: &&Call| c.reach.now()).and_then(|c| named(c.person));
        match (status, row.card.verdict.as_ref().map(|v| v.support)) {
            (Status::ShutDown, _) => responsible.unwrap_or_else(|| doc(self.app)),
            (_, Some(Support::ReducedSupport) | None) => first.unwrap_or_else(|| doc(self.app)),
            _ => doc(self.app),
        }
    }

    fn seen(&self, k: &Known) -> String {
        let near = words::span(k.seen.seen, self.board.now);
        if self.is_silent(k) { format!("{near}, silent") } else { near }
    }

    fn is_silent(&self, k: &Known) -> bool {
        k.seen.is_silent(self.board.now, self.app.policy.observations.silent_after_minutes)
    }
}
