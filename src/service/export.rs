//! All devices and all that runs, as lists for spreadsheets (O4): the same filters as the board, page by page, so that
//! a long list does not keep the board waiting.

use super::board::Wanted;
use crate::{
    app::App,
    domain::{id::ServerName, observation::Source},
    projection::{Card, Filter, Hits, Place, State},
};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Devices on a page of the list.
const PAGE: usize = 500;

/// A device as a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceLine {
    pub name: String,
    pub state: &'static str,
    /// Empty where nobody supports it yet or any more.
    pub support: &'static str,
    pub since: DateTime<Utc>,
    pub why: String,
    pub group: String,
    pub instruments: Vec<String>,
    pub classes: Vec<String>,
    pub ctrl_contact: String,
    pub first_contact: String,
    pub phone: String,
    pub when_stopped: &'static str,
    pub may_stop: bool,
    /// Where it is placed or runs.
    pub servers: BTreeSet<String>,
    pub versions: BTreeSet<String>,
}

/// An instance that runs, as a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceLine {
    pub instance: String,
    pub class: String,
    /// Empty where nobody registered it.
    pub device: String,
    pub support: &'static str,
    pub since: DateTime<Utc>,
    pub why: String,
    pub server: String,
    pub host: String,
    pub instrument: String,
    pub version: String,
    pub verified: bool,
    pub runs_since: DateTime<Utc>,
    pub seen: DateTime<Utc>,
    pub silent: bool,
    /// Whether a person of CTRL says so, and no agent.
    pub stated: bool,
}

/// Where a page of instances begins: behind a device, then behind an instance that nobody registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    Device(String),
    Stranger(Option<(String, ServerName)>),
}

impl Default for After {
    fn default() -> Self {
        Self::Device(String::new())
    }
}

fn filter(wanted: &Wanted) -> Filter {
    Filter { instrument: wanted.instrument.clone(), supports: wanted.supports.clone(), states: wanted.states.clone() }
}

/// The devices behind `after` in order of name, and where the next page begins; what a search finds is one page, the
/// most likely first.
pub fn devices(app: &App, wanted: &Wanted, after: &str) -> (Vec<DeviceLine>, Option<String>) {
    let filter = filter(wanted);
    let state = app.projection.read();
    if wanted.searches() {
        let hits = state.find(&wanted.typed, usize::MAX);
        let cards = hits.devices.iter().filter_map(|h| state.card(h.device)).filter(|c| filter.takes(c));
        return (cards.map(|c| device(&state, c)).collect(), None);
    }
    let lines: Vec<DeviceLine> =
        state.list_by_name(&filter, after).take(PAGE).map(|card| device(&state, card)).collect();
    let next = (lines.len() == PAGE).then(|| lines.last().map(|l| l.name.clone())).flatten();
    (lines, next)
}

fn device(state: &State, card: &Card) -> DeviceLine {
    let people = state.people();
    let first = card.contacts.first().and_then(|c| people.get(c.person));
    let places = state.places(card.id);
    let placed = card.placements.iter().map(|p| p.server.0.clone());
    DeviceLine {
        name: card.name.clone(),
        state: card.state.label(),
        support: card.verdict.as_ref().map_or("", |v| v.support.label()),
        since: card.support_since,
        why: card.verdict.as_ref().map_or_else(String::new, |v| v.why.clone()),
        group: card.group.clone(),
        instruments: card.instruments.clone(),
        classes: card.classes.clone(),
        ctrl_contact: card.ctrl_contact.map_or_else(String::new, |p| people.name(p).to_owned()),
        first_contact: first.map_or_else(String::new, |p| p.name.clone()),
        phone: first.and_then(|p| p.phone.clone()).unwrap_or_default(),
        when_stopped: card.operators.when_stopped.words(),
        may_stop: card.operators.may_stop,
        servers: placed.chain(places.iter().map(|p| p.seen.server.0.clone())).collect(),
        versions: places.iter().map(|p| p.seen.version.raw.clone()).filter(|v| !v.is_empty()).collect(),
    }
}

/// What runs behind `after`, by device, then what nobody registered; and where the next page begins. What a search
/// finds is one page.
pub fn instances(app: &App, wanted: &Wanted, after: &After) -> (Vec<InstanceLine>, Option<After>) {
    let filter = filter(wanted);
    let state = app.projection.read();
    let one = |card: Option<&Card>, place: &Place| instance(app, &state, card, place);
    if wanted.searches() {
        return (found(&state, wanted, &filter, &state.find(&wanted.typed, usize::MAX), one), None);
    }
    match after {
        After::Device(name) => {
            // Whether an instance is wanted is not what its device counts as: a device has places of several statuses.
            let there = Filter { instrument: filter.instrument.clone(), ..Filter::default() };
            let cards: Vec<_> = state.list_by_name(&there, name).take(PAGE).collect();
            let lines = cards.iter().flat_map(|card| {
                let wanted = state.places(card.id).iter().filter(|p| takes(&filter, Some(card), p));
                wanted.map(|p| one(Some(card), p))
            });
            let next = match cards.last() {
                Some(last) if cards.len() == PAGE => After::Device(last.name.clone()),
                _ => After::Stranger(None),
            };
            (lines.collect(), Some(next))
        }
        After::Stranger(key) => {
            let all: Vec<&Place> = state.strangers_after(key.as_ref()).take(PAGE).collect();
            let next = all.last().filter(|_| all.len() == PAGE);
            let next = next.map(|p| After::Stranger(Some((p.seen.instance.clone(), p.seen.server.clone()))));
            let wanted = all.into_iter().filter(|p| at(&state, &filter, p) && takes(&filter, None, p));
            (wanted.map(|p| one(None, p)).collect(), next)
        }
    }
}

/// Of each device that a search finds, the instance that was meant, or all of them, as far as they run; and what nobody
/// registered.
fn found(
    state: &State,
    wanted: &Wanted,
    filter: &Filter,
    hits: &Hits,
    one: impl Fn(Option<&Card>, &Place) -> InstanceLine,
) -> Vec<InstanceLine> {
    let mut lines = Vec::new();
    for hit in &hits.devices {
        let Some(card) = state.card(hit.device) else { continue };
        let here = wanted.instrument.as_ref().is_none_or(|i| card.instruments.contains(i));
        let places: Vec<&Place> = match state.found_by(hit) {
            Some(place) if state.is_whole(hit, &wanted.typed) => {
                std::iter::once(place).filter(|p| p.seen.runs()).collect()
            }
            _ => state.places(card.id).iter().collect(),
        };
        let taken = places.into_iter().filter(|p| here && takes(filter, Some(card), p));
        lines.extend(taken.map(|p| one(Some(card), p)));
    }
    let strangers = hits.strangers.iter().map(|(_, p)| p);
    lines.extend(strangers.filter(|p| at(state, filter, p) && takes(filter, None, p)).map(|p| one(None, p)));
    lines
}

/// Whether it runs on a server of the instrument.
fn at(state: &State, filter: &Filter, place: &Place) -> bool {
    filter.instrument.as_deref().is_none_or(|i| state.instrument(place) == Some(i))
}

/// Whether its own status or its device's state was chosen, or nothing was.
fn takes(filter: &Filter, card: Option<&Card>, place: &Place) -> bool {
    let any = filter.supports.is_empty() && filter.states.is_empty();
    any || filter.supports.contains(&place.verdict.support) || card.is_some_and(|c| filter.states.contains(&c.state))
}

fn instance(app: &App, state: &State, card: Option<&Card>, place: &Place) -> InstanceLine {
    let seen = &place.seen;
    InstanceLine {
        instance: seen.instance.clone(),
        class: seen.class.clone(),
        device: card.map_or_else(String::new, |c| c.name.clone()),
        support: place.verdict.support.label(),
        since: place.support_since,
        why: place.verdict.why.clone(),
        server: seen.server.0.clone(),
        host: seen.host.clone(),
        instrument: state.instrument(place).unwrap_or_default().to_owned(),
        version: seen.version.raw.clone(),
        verified: card.is_some_and(|c| c.verified(place)),
        runs_since: seen.since,
        seen: seen.seen,
        silent: seen.is_silent(app.clock.now(), app.policy.observations.silent_after_minutes),
        stated: matches!(seen.source, Source::Statement { .. }),
    }
}
