//! The answer card: may I rely on it, whom do I call now, what may I do, where does it run.

use super::rows::{doc, version_tag};
use crate::{
    app::App,
    domain::{
        calling::{Call, Reach},
        contact::WhenStopped,
        lifecycle::StateName,
        observation::Source,
    },
    projection::Card,
    service::board::{self, Board, Found, Known},
    web::{
        gatebox,
        parts::{Answer, CallCard, Contact, Fact, May, Phone, Reply, Status, Tag},
        words,
    },
};
use chrono::{DateTime, Utc};

/// The card of the best match.
pub fn card(app: &App, found: &Found, board: &Board) -> Answer {
    match found {
        Found::Device(answer) => device(app, answer, board),
        Found::Unknown(known) => stranger(app, known, board),
    }
}

fn stranger(app: &App, k: &Known, board: &Board) -> Answer {
    Answer {
        name: k.seen.instance.clone(),
        id: k.seen.class.clone(),
        instruments: Vec::new(),
        href: String::new(),
        status: Status::Unknown,
        meaning: "It is running and nobody has registered it.".to_owned(),
        since: format!("First seen {}.", words::near(app, k.support_since, board.now)),
        call: CallCard { first: Some(shift(app)), ..nobody(app, board.now) },
        may: vec![
            May::new(Reply::No, "Do not restart", " it"),
            May::new(Reply::CallFirst, "Stop it", " only after calling the DOC"),
        ],
        facts: facts(app, k, None, board.now),
        incidents: Vec::new(),
        latest: Vec::new(),
    }
}

fn device(app: &App, a: &board::Answer, board: &Board) -> Answer {
    let d = &*a.card;
    let status = gatebox::of_device(d.state, a.verdict.as_ref());
    Answer {
        name: d.name.clone(),
        id: a.place.as_ref().map_or_else(|| d.classes.join(", "), |k| k.seen.instance.clone()),
        instruments: d.instruments.clone(),
        href: format!("/devices/{}", d.name),
        status,
        meaning: meaning(app, a, status, board),
        since: since(app, a, status, board.now),
        call: call(app, a, status, board),
        may: may(d, status, board),
        facts: match &a.place {
            Some(k) => facts(app, k, Some(d), board.now),
            None => placed(d),
        },
        incidents: crate::web::incidents::of_answer(app, d, a.place.as_ref().map(|p| &p.seen), board.now),
        latest: d.latest.iter().map(|t| (words::near(app, t.at, board.now), t.text.clone())).collect(),
    }
}

fn meaning(app: &App, a: &board::Answer, status: Status, board: &Board) -> String {
    let d = &*a.card;
    if let (Status::ShutDown, Some(s)) = (status, &d.shut_down) {
        let mark = &s.reason.mark;
        let by = board.people.name(mark.by);
        return format!("Stopped {} by {by}: {}", words::near(app, mark.at, board.now), s.reason.text);
    }
    match (&a.verdict, d.state) {
        (Some(v), _) => v.why.clone(),
        (None, StateName::Requested) => {
            "Its contributors asked to take part; CTRL has not accepted yet. Nobody supports it.".to_owned()
        }
        (None, StateName::Accepted) => {
            "CTRL accepted it; its development has not started. Nobody supports it yet.".to_owned()
        }
        (None, _) => "It is out of the process. Nobody supports it.".to_owned(),
    }
}

fn since(app: &App, a: &board::Answer, status: Status, now: DateTime<Utc>) -> String {
    let d = &*a.card;
    if status == Status::ShutDown {
        return format!("Underneath: {}.", gatebox::of_state(d.state).label().to_lowercase());
    }
    let at = if a.verdict.is_some() { Some(a.since) } else { d.state_since };
    let mut said = at.map_or_else(String::new, |at| format!("Since {}.", words::near(app, at, now)));
    if let Some(due) = d.promised {
        said += &format!(" Full support is proposed for {}.", due.format("%-d %B"));
    }
    if let Some(other) = &a.elsewhere {
        said += &format!(" Another place of it: {}.", gatebox::of_support(other.support).label().to_lowercase());
    }
    said
}

/// The shift, with its number; without one in the policy it is named alone.
fn shift(app: &App) -> Contact {
    let (name, phone) = doc(app);
    Contact::new(&name, "", phone.unwrap_or_default()).reach("Day and night")
}

fn nobody(app: &App, now: DateTime<Utc>) -> CallCard {
    CallCard {
        when: words::clock(app, now),
        first: None,
        then: Vec::new(),
        confirmed: String::new(),
        fresh: true,
        edit: None,
    }
}

fn call(app: &App, a: &board::Answer, status: Status, board: &Board) -> CallCard {
    let group = &a.card.group;
    let contributors = a.calls.iter().filter_map(|c| contact(app, c, group, board));
    let mut order: Vec<Contact> = match status {
        Status::Full => vec![shift(app)],
        Status::NotSupported => std::iter::once(shift(app)).chain(contributors).collect(),
        Status::ShutDown => responsible(&a.card, board).into_iter().chain(contributors).chain([shift(app)]).collect(),
        _ => {
            // Who does not answer at this hour comes after the shift.
            let (now, later): (Vec<_>, Vec<_>) = a.calls.iter().partition(|c| c.reach.now());
            let of =
                |calls: Vec<&Call>| calls.into_iter().filter_map(|c| contact(app, c, group, board)).collect::<Vec<_>>();
            of(now).into_iter().chain([shift(app)]).chain(of(later)).collect()
        }
    };
    let mut seen = std::collections::BTreeSet::new();
    order.retain(|c| seen.insert(c.name.clone()));
    let first = if order.is_empty() { None } else { Some(order.remove(0)) };
    CallCard { first, then: order, fresh: a.calls.iter().all(|c| c.confirmed), ..nobody(app, board.now) }
}

fn responsible(d: &Card, board: &Board) -> Option<Contact> {
    let id = d.shut_down.as_ref()?.responsible;
    let person = board.people.get(id)?;
    let phone = Phone::new(person.phone.clone()?);
    Some(Contact::new(&person.name, "responsible for the restart", phone).reach("Only they or CTRL lift the shutdown"))
}

fn contact(app: &App, c: &Call, group: &str, board: &Board) -> Option<Contact> {
    let person = board.people.get(c.person)?;
    let about = match c.instead_of {
        Some(other) => format!("deputy of {}", board.people.name(other)),
        None => format!("{group} contributor"),
    };
    let mut reach = match c.reach {
        Reach::Now(Some(until)) => format!("Reachable now, until {}", words::hour(app, until)),
        Reach::Now(None) if c.instead_of.is_some() => "Answers when they cannot".to_owned(),
        Reach::Now(None) => "Reachable day and night".to_owned(),
        Reach::WhileBeam => "Reachable while beam is scheduled".to_owned(),
        Reach::From(at) => format!("Not before {}", words::near(app, at, board.now)),
        Reach::AwayUntil(at) => format!("Away until {}", words::last_day(app, at, board.now)),
    };
    if !c.confirmed {
        reach += "; not confirmed lately";
    }
    Some(Contact::new(&person.name, &about, Phone::new(person.phone.clone()?)).reach(&reach).later(!c.reach.now()))
}

/// What operators may do: the contributor's rule, unless what is wrong overrules it (O6).
fn may(d: &Card, status: Status, board: &Board) -> Vec<May> {
    match (status, &d.shut_down) {
        (Status::ShutDown, Some(s)) => {
            let who = board.people.name(s.responsible);
            let mut all = vec![
                May::new(Reply::No, "Do not start it", ", not even once"),
                May::new(Reply::CallFirst, "Restart", &format!(" only by {who} or CTRL")),
            ];
            if !s.conditions.is_empty() {
                all.push(May::new(Reply::CallFirst, "Condition:", &format!(" {}", s.conditions)));
            }
            return all;
        }
        (Status::NotSupported, _) => {
            return vec![
                May::new(Reply::No, "Do not restart it", " here"),
                May::new(Reply::CallFirst, "Stop it", " only after calling the DOC"),
            ];
        }
        _ => {}
    }
    let mut all = vec![match d.operators.when_stopped {
        WhenStopped::RestartAnyTime => May::new(Reply::Yes, "Restart", " it any time"),
        WhenStopped::RestartOnceThenCall => May::new(Reply::Yes, "Restart once", ", then call"),
        WhenStopped::CallFirst => May::new(Reply::CallFirst, "Call first", ", before you restart it"),
        WhenStopped::DoNotRestart => May::new(Reply::No, "Do not restart", " it"),
    }];
    all.push(match d.operators.may_stop {
        true => May::new(Reply::Yes, "Stop it", " if it disturbs other services"),
        false => May::new(Reply::No, "Do not stop", " it without a call"),
    });
    if !d.operators.note.trim().is_empty() {
        all.push(May::new(Reply::CallFirst, "", d.operators.note.trim()));
    }
    all
}

fn facts(app: &App, k: &Known, device: Option<&Card>, now: DateTime<Utc>) -> Vec<Fact> {
    let s = &k.seen;
    let raw = &s.version.raw;
    let version = match (raw.is_empty(), version_tag(k), device) {
        (true, _, _) => Fact::words("Version", "not reported"),
        (_, Some(tag), _) => Fact::name("Version", raw).with(tag),
        (_, None, Some(d)) if d.verified(k) => Fact::name("Version", raw).with(Tag::good("tag verified")),
        (_, None, _) => Fact::name("Version", raw).with(Tag::warn("not verified")),
    };
    let seen = match &s.source {
        Source::Agent | Source::Collector { .. } if s.is_silent(now, app.policy.observations.silent_after_minutes) => {
            Fact::words("Seen", &words::ago(s.seen, now)).with(Tag::warn("observer silent"))
        }
        Source::Agent => Fact::words("Seen", &words::ago(s.seen, now)),
        Source::Collector { name } => {
            Fact::words("Seen", &words::ago(s.seen, now)).with(Tag::plain(&format!("by {name}")))
        }
        Source::Statement { .. } => Fact::words("Seen", &words::ago(s.seen, now)).with(Tag::plain("as CTRL stated")),
    };
    vec![
        Fact::name("Server", &s.server.0),
        Fact::name("Host", &s.host),
        version,
        seen,
        Fact::words("Runs since", &words::near(app, s.since, now)),
    ]
}

/// Where it is to run, while nothing reports it.
fn placed(d: &Card) -> Vec<Fact> {
    let mut all: Vec<Fact> = d
        .placements
        .iter()
        .flat_map(|p| {
            let version = p.release.as_ref().map(|t| Fact::name("Version", t.as_str()));
            std::iter::once(Fact::name("Server", &p.server.0)).chain(version)
        })
        .collect();
    all.push(Fact::words("Seen", if d.placements.is_empty() { "nowhere" } else { "not seen running" }));
    all
}
