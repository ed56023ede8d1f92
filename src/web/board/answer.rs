//! The answer card: may I rely on it, whom do I call now, what may I do, where does it run.

use super::rows::{doc, elsewhere, version_tag};
use crate::{
    app::App,
    domain::{
        calling::{Call, Callee, Reach},
        id::PersonId,
        lifecycle::{CommandKind, StateName, table::rule},
        observation::Source,
        operators::Ruling,
    },
    projection::Card,
    service::{
        board::{self, Board, Found, Known},
        status::RESPONSIBLE,
    },
    web::{
        gatebox, operators,
        parts::{Answer, CallCard, Contact, Fact, Phone, Status, Tag},
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
        may: operators::may(Ruling::NotSupported, &board.people),
        note: String::new(),
        stops: None,
        facts: facts(app, k, None, board.now),
        incidents: Vec::new(),
        latest: Vec::new(),
    }
}

fn device(app: &App, a: &board::Answer, board: &Board) -> Answer {
    let d = &*a.card;
    let status = gatebox::of_device(d.state, a.verdict.as_ref());
    let ruling = Ruling::of(a.verdict.as_ref().map(|v| v.support), d.shut_down.as_deref(), &d.operators);
    let stops = d.shut_down.is_none() && rule(CommandKind::ShutDown).from.contains(&d.state);
    let mut facts = match &a.place {
        Some(k) => facts(app, k, Some(d), board.now),
        None => placed(d),
    };
    facts.extend(elsewhere(&a.elsewhere).map(|more| Fact::words("Elsewhere", &more)));
    Answer {
        name: d.name.clone(),
        id: a.place.as_ref().map_or_else(|| d.classes.join(", "), |k| k.seen.instance.clone()),
        instruments: d.instruments.clone(),
        href: format!("/devices/{}", d.name),
        status,
        meaning: meaning(app, a, status, board),
        since: since(app, a, status, board.now),
        call: call(app, a, board),
        may: operators::may(ruling, &board.people),
        note: ruling.note().to_owned(),
        stops: stops.then(|| gatebox::act_href(&d.name, CommandKind::ShutDown)),
        facts,
        incidents: crate::web::incidents::of_answer(app, d, a.place.as_ref().map(|p| &p.seen), board.now),
        latest: d.latest.iter().map(|t| (words::near(app, t.at, board.now), t.text.clone())).collect(),
    }
}

fn meaning(app: &App, a: &board::Answer, status: Status, board: &Board) -> String {
    let d = &*a.card;
    if let (Status::ShutDown, Some(s)) = (status, &d.shut_down) {
        let mark = &s.reason.mark;
        let by = board.people.name(mark.by);
        let mut said = format!("Shut down {} by {by}: {}", words::near(app, mark.at, board.now), s.reason.text);
        if let Some(still) = operators::still_runs(a.still_on.iter()) {
            said += &format!(" {still}");
        }
        return said;
    }
    match (&a.verdict, d.state) {
        (Some(v), _) => v.support.bare(&v.why).to_owned(),
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
    if let Some(other) = &a.own {
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

fn call(app: &App, a: &board::Answer, board: &Board) -> CallCard {
    let mut order = a.callees.iter().filter_map(|callee| match callee {
        Callee::Shift => Some(shift(app)),
        Callee::Responsible(id, reach) => responsible(app, *id, *reach, board),
        Callee::Contact(c) => contact(app, c, &a.card, board),
    });
    CallCard { first: order.next(), then: order.collect(), ..nobody(app, board.now) }
}

fn responsible(app: &App, id: PersonId, reach: Reach, board: &Board) -> Option<Contact> {
    let person = board.people.get(id)?;
    let said = operators::responsible(app, reach, board.now);
    Some(Contact::new(&person.name, RESPONSIBLE, Phone::new(person.phone.clone()?)).reach(&said).later(!reach.now()))
}

fn contact(app: &App, c: &Call, card: &Card, board: &Board) -> Option<Contact> {
    let person = board.people.get(c.person)?;
    let about = match c.instead_of {
        Some(other) => format!("deputy of {}", board.people.name(other)),
        None if card.contributors.contains(&c.person) => format!("{} contributor", card.group),
        None => "support contact".to_owned(),
    };
    let mut reach = operators::reach(app, c.reach, c.instead_of.is_some(), board.now);
    if !c.confirmed {
        reach += "; not confirmed lately";
    }
    Some(Contact::new(&person.name, &about, Phone::new(person.phone.clone()?)).reach(&reach).later(!c.reach.now()))
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
    let place = [Fact::name("Server", &s.server.0), Fact::name("Host", &s.host), version];
    if let Some(gone) = s.gone {
        return place.into_iter().chain([Fact::words("Stopped since", &words::near(app, gone, now))]).collect();
    }
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
    place.into_iter().chain([seen, Fact::words("Runs since", &words::near(app, s.since, now))]).collect()
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
