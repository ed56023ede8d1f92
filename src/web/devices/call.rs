//! Whom to call now, and what operators may do themselves (L4, O2, O6).

use crate::{
    app::App,
    domain::{
        calling::{self, Call, Callee, Reach, callees},
        contact::Hours,
        id::PersonId,
        lifecycle::{CommandKind, StateName, Who},
        operators::Ruling,
        person::Person,
        support::Support,
    },
    service::{devices::DeviceView, status::RESPONSIBLE},
    web::{
        absences, gatebox,
        parts::{CallCard, Contact, Phone, ThumbBar},
        words,
    },
};
use chrono::{DateTime, Utc};

fn clock(app: &App, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let zone = app.policy.facility.time_zone;
    let (at, now) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let form = match (at.date_naive() - now.date_naive()).num_days() {
        0 => "%H:%M",
        1..7 => "%a %H:%M",
        _ => "%-d %B, %H:%M",
    };
    at.format(form).to_string()
}

/// `away until 3 December`; where, for whoever is signed in.
fn away_words(app: &App, v: &DeviceView, person: &Person, until: DateTime<Utc>) -> String {
    let words = format!("away until {}", words::last_day(app, until, v.now));
    let note = v.me.and_then(|_| person.away(&app.policy, v.now)).map_or("", |a| a.note);
    if note.is_empty() { words } else { format!("{words}: {note}") }
}

/// Whether somebody answers, in the words of this page; nothing where nobody knows.
fn reach(app: &App, v: &DeviceView, person: PersonId, reach: Reach) -> String {
    match (reach, v.people.get(person)) {
        (Reach::Now(None), _) => "reachable now, at any hour".to_owned(),
        (Reach::Now(Some(until)), _) => format!("reachable now, until {}", clock(app, until, v.now)),
        (Reach::WhileBeam, _) => "while beam is scheduled".to_owned(),
        (Reach::From(at), _) => format!("from {}", clock(app, at, v.now)),
        (Reach::AwayUntil(at), Some(person)) => away_words(app, v, person, at),
        (Reach::AwayUntil(at), None) => format!("away until {}", words::last_day(app, at, v.now)),
        (Reach::Unknown, _) => String::new(),
    }
}

fn contact(app: &App, v: &DeviceView, c: &Call) -> Contact {
    let name = v.people.name(c.person);
    let phone = v.people.get(c.person).and_then(|p| p.phone.clone()).unwrap_or_default();
    let about = match c.instead_of {
        Some(of) => format!("deputy of {}", v.people.name(of)),
        None if v.device.is_contributor(c.person) => format!("{} contributor", v.device.request.group),
        None => "support contact".to_owned(),
    };
    let listed = v.device.contacts.iter().find(|l| l.person == c.person);
    // Hours of the clock are told with their zone; the others need none.
    let hours = listed
        .filter(|l| matches!(l.hours, Hours::Working | Hours::Daytime))
        .map_or_else(String::new, |l| format!(" · {}, {}", l.hours.words(), l.time_zone));
    let mut reach = reach(app, v, c.person, c.reach);
    if !matches!(c.reach, Reach::AwayUntil(_)) {
        reach += &hours;
    }
    if !c.confirmed {
        reach += ", not confirmed lately";
    }
    Contact::new(name, &about, Phone::new(phone)).reach(&reach).absences(absences_of(v, c.person))
}

fn absences_of(v: &DeviceView, person: PersonId) -> Option<String> {
    match v.me {
        Some(me) if me == person => Some(absences::OWN.to_owned()),
        Some(_) if v.is(Who::Ctrl) => Some(absences::of(person)),
        _ => None,
    }
}

fn responsible(app: &App, v: &DeviceView, id: PersonId, reach: Reach) -> Contact {
    let phone = v.people.get(id).and_then(|p| p.phone.clone()).unwrap_or_default();
    let said = self::reach(app, v, id, reach);
    Contact::new(v.people.name(id), RESPONSIBLE, Phone::new(phone)).reach(&said).absences(absences_of(v, id))
}

fn shift(app: &App, about: &str) -> Contact {
    let facility = &app.policy.facility;
    Contact::new(&facility.doc_name, about, Phone::new(facility.doc_phone.clone().unwrap_or_default()))
}

/// Why the shift stands where it does in the order.
fn about_shift(support: Option<Support>, order: &[Callee]) -> &'static str {
    match (support, order) {
        (Some(Support::FullySupported), _) => "reaches CTRL at any hour",
        (Some(Support::ReducedSupport), [Callee::Shift]) => "no contact has a number on record",
        (Some(Support::ReducedSupport), [Callee::Shift, ..]) => "nobody else is reachable at this hour",
        (_, [Callee::Shift, ..]) => "before anything is done with it",
        _ => "when nobody answers",
    }
}

/// The order of calling, as the board has it. Of what CTRL owns, this page also names who else knows it.
fn calls(app: &App, v: &DeviceView) -> Vec<Contact> {
    let d = &v.device;
    let support = v.verdict.as_ref().map(|w| w.support);
    let order =
        callees(support, d.shut_down.as_ref().map(|s| s.responsible), &d.contacts, &v.people, &app.policy, v.now);
    let mut all: Vec<Contact> = order
        .iter()
        .map(|callee| match callee {
            Callee::Shift => shift(app, about_shift(support, &order)),
            Callee::Responsible(id, reach) => responsible(app, v, *id, *reach),
            Callee::Contact(c) => contact(app, v, c),
        })
        .collect();
    if d.state.name() == StateName::CtrlOwned {
        let called = |id: PersonId| {
            order.iter().any(|c| match c {
                Callee::Shift => false,
                Callee::Responsible(person, _) => *person == id,
                Callee::Contact(c) => c.person == id,
            })
        };
        let theirs = calling::order(&d.contacts, &v.people, &app.policy, v.now);
        let ctrl = d.ctrl_contact.and_then(|c| v.people.get(c)).filter(|p| p.active && p.phone.is_some());
        let own = ctrl.filter(|p| !called(p.id) && theirs.iter().all(|c| c.person != p.id)).map(|p| {
            let own = Contact::new(&p.name, "CTRL contact", Phone::new(p.phone.clone().unwrap_or_default()));
            let away = p.away(&app.policy, v.now);
            (away.is_none(), away.map_or(own.clone(), |gone| own.reach(&away_words(app, v, p, gone.until))))
        });
        all.extend(own.iter().filter(|(there, _)| *there).map(|(_, c)| c.clone()));
        all.extend(theirs.iter().filter(|c| !called(c.person)).map(|c| contact(app, v, c)));
        all.extend(own.into_iter().filter(|(there, _)| !there).map(|(_, c)| c));
    }
    all
}

pub fn card(app: &App, v: &DeviceView) -> CallCard {
    let mut order = calls(app, v).into_iter();
    let policy = &app.policy;
    let aged = v.device.contacts.iter().find(|c| !c.is_confirmed(policy, v.now));
    let oldest = v.device.contacts.iter().filter_map(|c| c.confirmed).min();
    let confirmed = match (aged, oldest) {
        (Some(c), _) => match c.confirmed {
            Some(at) => {
                format!("{} confirmed last {}: too long ago", v.people.name(c.person), words::day(app, at, v.now))
            }
            None => format!("{} has not confirmed yet", v.people.name(c.person)),
        },
        (None, Some(at)) => format!("Confirmed {}", words::day(app, at, v.now)),
        (None, None) => "No contact is named".to_owned(),
    };
    let zone = policy.facility.time_zone;
    CallCard {
        when: v.now.with_timezone(&zone).format("%A, %H:%M %Z").to_string(),
        first: order.next(),
        then: order.collect(),
        confirmed,
        fresh: aged.is_none() && oldest.is_some(),
        edit: v.may(CommandKind::SetContacts).then(|| gatebox::act_href(v.device.name(), CommandKind::SetContacts)),
    }
}

/// Whether the reader is a contact whose word is missing or too old.
pub fn must_confirm(app: &App, v: &DeviceView) -> bool {
    let mine = v.device.contacts.iter().find(|c| Some(c.person) == v.me);
    v.is(Who::SupportContact) && mine.is_some_and(|c| !c.is_confirmed(&app.policy, v.now))
}

/// Whose word holds about what operators may do.
pub fn ruling(v: &DeviceView) -> Ruling<'_> {
    Ruling::of(v.verdict.as_ref().map(|w| w.support), v.device.shut_down.as_ref(), &v.device.operators)
}

pub fn thumb(app: &App, card: &CallCard) -> ThumbBar {
    let shift = shift(app, "");
    let first = card.first.clone().filter(|c| c.name != shift.name);
    let short = shift.name.split_whitespace().next().unwrap_or_default();
    let doc_name = if first.is_some() { short.to_owned() } else { shift.name.clone() };
    ThumbBar { first, doc_name, doc_phone: shift.phone, stops: None }
}
