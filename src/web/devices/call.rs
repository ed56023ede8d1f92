//! Whom to call now, and what operators may do themselves (L4, O2, O6).

use crate::{
    app::App,
    domain::{
        calling::{Call, Reach, order},
        contact::{Hours, WhenStopped},
        lifecycle::{CommandKind, StateName, Who},
        person::Person,
    },
    service::devices::DeviceView,
    web::{
        absences, gatebox,
        parts::{CallCard, Contact, May, Phone, Reply, ThumbBar},
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
fn away(app: &App, v: &DeviceView, person: &Person, until: DateTime<Utc>) -> String {
    let words = format!("away until {}", words::last_day(app, until, v.now));
    let note = v.me.and_then(|_| person.away(&app.policy, v.now)).map_or("", |a| a.note);
    if note.is_empty() { words } else { format!("{words}: {note}") }
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
    let mut reach = match c.reach {
        Reach::Now(None) => "reachable now, at any hour".to_owned(),
        Reach::Now(Some(until)) => format!("reachable now, until {}", clock(app, until, v.now)),
        Reach::WhileBeam => "while beam is scheduled".to_owned(),
        Reach::From(at) => format!("from {}", clock(app, at, v.now)),
        Reach::AwayUntil(at) => match v.people.get(c.person) {
            Some(person) => away(app, v, person, at),
            None => format!("away until {}", words::last_day(app, at, v.now)),
        },
    };
    if !matches!(c.reach, Reach::AwayUntil(_)) {
        reach += &hours;
    }
    if !c.confirmed {
        reach += ", not confirmed lately";
    }
    let absences = match v.me {
        Some(me) if me == c.person => Some(absences::OWN.to_owned()),
        Some(_) if v.is(Who::Ctrl) => Some(absences::of(c.person)),
        _ => None,
    };
    Contact::new(name, &about, Phone::new(phone)).reach(&reach).absences(absences)
}

fn shift(app: &App, about: &str) -> Contact {
    let facility = &app.policy.facility;
    Contact::new(&facility.doc_name, about, Phone::new(facility.doc_phone.clone().unwrap_or_default()))
}

/// The order of calling: the contributors who answer now, the shift, who answers later, as the board has it; what CTRL owns is the shift's and CTRL's first.
fn calls(app: &App, v: &DeviceView) -> (Option<Contact>, Vec<Contact>) {
    let theirs = order(&v.device.contacts, &v.people, &app.policy, v.now);
    let mut all: Vec<Contact> = theirs.iter().map(|c| contact(app, v, c)).collect();
    if v.device.state.name() == StateName::CtrlOwned {
        let ctrl = v.device.ctrl_contact.and_then(|c| v.people.get(c)).filter(|p| p.active && p.phone.is_some());
        if let Some(p) = ctrl
            && theirs.iter().all(|c| c.person != p.id)
        {
            let own = Contact::new(&p.name, "CTRL contact", Phone::new(p.phone.clone().unwrap_or_default()));
            match p.away(&app.policy, v.now) {
                Some(gone) => all.push(own.reach(&away(app, v, p, gone.until))),
                None => all.insert(0, own),
            }
        }
        return (Some(shift(app, "reaches CTRL at any hour")), all);
    }
    if theirs.first().is_some_and(|c| c.reach.now()) {
        let answering = theirs.iter().filter(|c| c.reach.now()).count();
        all.insert(answering, shift(app, "when nobody answers"));
        return (Some(all.remove(0)), all);
    }
    // Nobody answers at this hour: the shift decides.
    let first = (!all.is_empty()).then(|| shift(app, "nobody else is reachable at this hour"));
    if first.is_none() {
        all.push(shift(app, "no contact has a number on record"));
    }
    (first, all)
}

pub fn card(app: &App, v: &DeviceView) -> CallCard {
    let (first, then) = calls(app, v);
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
        first,
        then,
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

pub fn may_list(v: &DeviceView) -> Vec<May> {
    let rules = &v.device.operators;
    let mut list = Vec::new();
    if v.device.shut_down.is_some() {
        list.push(May::new(Reply::No, "Do not restart", ": CTRL shut it down"));
    } else {
        list.push(match rules.when_stopped {
            WhenStopped::RestartAnyTime => May::new(Reply::Yes, "Restart any time", ""),
            WhenStopped::RestartOnceThenCall => May::new(Reply::Yes, "Restart once", ", then call"),
            WhenStopped::CallFirst => May::new(Reply::CallFirst, "Call first", " before you restart it"),
            WhenStopped::DoNotRestart => May::new(Reply::No, "Do not restart", " it"),
        });
    }
    list.push(match rules.may_stop {
        true => May::new(Reply::Yes, "Stop it", " if it disturbs other services"),
        false => May::new(Reply::CallFirst, "Call first", " before you stop it"),
    });
    list
}

pub fn thumb(app: &App, card: &CallCard) -> ThumbBar {
    let shift = shift(app, "");
    let first = card.first.clone().filter(|c| c.name != shift.name);
    let short = shift.name.split_whitespace().next().unwrap_or_default();
    let doc_name = if first.is_some() { short.to_owned() } else { shift.name.clone() };
    ThumbBar { first, doc_name, doc_phone: shift.phone }
}
