//! Devices and strangers as lines of the table.

use crate::{
    app::App,
    domain::{calling::Call, contact::WhenStopped, support::Support},
    service::board::{Board, Found, Known, Row, Wanted, is_no_tag},
    web::{
        gatebox,
        parts::{BoardRow, Chip, Marked, Phone, Reply, Status, Tag},
        words,
    },
};

/// What every line needs.
pub struct Rows<'a> {
    pub app: &'a App,
    pub board: &'a Board,
    pub wanted: &'a Wanted,
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
    let chip = Chip::of(gatebox::of_device(row.line.state, row.line.verdict.as_ref()));
    match chip.status {
        Status::ShutDown => chip.over(gatebox::of_state(row.line.state)),
        _ => chip,
    }
}

/// The mark behind a version.
pub fn version_tag(place: &Known) -> Option<Tag> {
    let raw = &place.seen.version.raw;
    (!raw.is_empty() && is_no_tag(&place.seen.version.reported)).then(|| Tag::bad("not a tag"))
}

impl Rows<'_> {
    /// A device.
    pub fn device(&self, row: &Row) -> BoardRow {
        let chip = chip(row);
        let (call, phone) = self.call(row, chip.status);
        let (restart, restart_words) = match chip.status {
            Status::ShutDown | Status::NotSupported => (Reply::No, "Do not restart"),
            _ => restart(row.line.gist.operators.when_stopped),
        };
        let typed = &self.wanted.typed;
        let place = row.place.as_ref();
        let class = row.line.gist.request.classes.first().map_or("", String::as_str);
        BoardRow {
            chip,
            name: Marked::find(&row.line.name, typed),
            id: place.map_or_else(|| Marked::plain(class), |k| Marked::find(&k.seen.instance, typed)),
            instruments: row.line.gist.request.instruments.join(", "),
            href: format!("/devices/{}", row.line.name),
            call,
            phone,
            restart,
            restart_words: restart_words.to_owned(),
            runs_on: match place {
                Some(k) => k.seen.server.0.clone(),
                None => match row.line.gist.placements.first() {
                    Some(p) => format!("not seen on {}", p.server),
                    None => "nowhere".to_owned(),
                },
            },
            version: place.map_or_else(String::new, |k| k.seen.version.raw.clone()),
            version_tag: place.and_then(version_tag),
            seen: place.map_or_else(String::new, |k| self.seen(k)),
            selected: matches!(&self.board.answer, Some(Found::Device(a)) if a.device.id == row.line.id),
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

    fn is_found(&self, k: &Known) -> bool {
        let same = |o: &Known| o.seen.instance == k.seen.instance && o.seen.server == k.seen.server;
        self.board.strangers.iter().any(same)
    }

    fn stranger(&self, k: &Known) -> BoardRow {
        let (call, phone) = doc(self.app);
        let typed = &self.wanted.typed;
        BoardRow {
            chip: Chip::of(Status::Unknown),
            name: Marked::plain("not registered"),
            id: Marked::find(&k.seen.instance, typed),
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
        let responsible = row.line.gist.shut_down.as_ref().and_then(|s| named(s.responsible));
        let first = row.calls.iter().find(|c: &&Call| c.reach.now()).and_then(|c| named(c.person));
        match (status, row.line.verdict.as_ref().map(|v| v.support)) {
            (Status::ShutDown, _) => responsible.unwrap_or_else(|| doc(self.app)),
            (_, Some(Support::ReducedSupport) | None) => first.unwrap_or_else(|| doc(self.app)),
            _ => doc(self.app),
        }
    }

    fn seen(&self, k: &Known) -> String {
        let near = words::span(k.seen.seen, self.board.now);
        match k.seen.is_silent(self.board.now, self.app.policy.observations.silent_after_minutes) {
            true => format!("{near}, silent"),
            false => near,
        }
    }
}
