//! What operators see first: which devices there are, what must be acted on, and the answer to a search (O1 to O3, O6).
//! All of it comes from memory: no page of it waits for the database.

use crate::{
    app::App,
    domain::{
        calling::{Callee, callees},
        id::{PersonId, ServerName},
        lifecycle::StateName,
        person::People,
        shift,
        support::{Support, Verdict},
        version::Reported,
    },
    projection::{Card, Current, Filter, Hit, Hits, Key, Kind, Place, State},
};
use chrono::{DateTime, Duration, Utc};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub use crate::domain::observation::Known;

/// Lines on a page.
pub const PAGE: usize = 50;

/// What must be acted on: shown on every search (O2).
pub const URGENT: [Support; 3] = [Support::ShutDown, Support::NotSupported, Support::Unknown];

/// What stands on the board where nothing else is chosen.
const CALM: [Support; 2] = [Support::ReducedSupport, Support::FullySupported];

/// A place in the list, behind which the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// How well it fits what was searched for; 0 where nothing was.
    pub rank: u32,
    pub urgency: i32,
    pub name: String,
}

/// What the board is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// As typed; empty where nothing is searched for.
    pub typed: String,
    pub instrument: Option<String>,
    pub supports: BTreeSet<Support>,
    pub states: BTreeSet<StateName>,
    pub after: Option<Cursor>,
}

impl Wanted {
    /// Whether something is searched for that has a letter or a digit.
    pub fn searches(&self) -> bool {
        self.typed.chars().any(char::is_alphanumeric)
    }

    /// Whether statuses or states were chosen.
    pub fn chooses(&self) -> bool {
        !self.supports.is_empty() || !self.states.is_empty()
    }

    fn filter(&self) -> Filter {
        let supports = match (self.searches(), self.chooses()) {
            (false, false) => CALM.into(),
            _ => self.supports.clone(),
        };
        Filter { instrument: self.instrument.clone(), supports, states: self.states.clone() }
    }
}

/// A device on the board.
#[derive(Clone, Debug)]
pub struct Row {
    pub card: Arc<Card>,
    /// How well it fits what was searched for.
    pub rank: u32,
    /// The instance that was searched for, or the one that needs most attention, or the one that stopped last.
    pub place: Option<Place>,
    pub elsewhere: Elsewhere,
    /// Whom to call now, best first.
    pub callees: Vec<Callee>,
}

/// Where else a device runs.
#[derive(Clone, Debug, Default)]
pub struct Elsewhere {
    pub places: usize,
    /// The one of them that needs most attention.
    pub worst: Option<Place>,
}

/// The board as it is now.
#[derive(Clone, Debug)]
pub struct Board {
    pub now: DateTime<Utc>,
    pub current: Current,
    /// Changes of support status that the shift has not acknowledged, and how many of them are late (H8).
    pub unacknowledged: (usize, usize),
    pub counts: BTreeMap<Kind, u64>,
    /// Devices to act on, besides those among `rows`; at most a page of them.
    pub act: Vec<Row>,
    /// Instances that run and are not registered; at most a page of them.
    pub unknown: Vec<Place>,
    /// The devices asked for.
    pub rows: Vec<Row>,
    /// Where the next page begins.
    pub next: Option<Cursor>,
    /// Instances among the matches that run and are not registered.
    pub strangers: Vec<Place>,
    /// How many devices and unregistered instances a search found.
    pub matched: usize,
    /// Whether nothing holds what was typed, and what matches has it with typing errors.
    pub nearly: bool,
    pub answer: Option<Found>,
    /// Names that may have been meant, where nothing was found.
    pub near: Vec<String>,
    /// Everybody named above.
    pub people: People,
    /// When an agent reported last, of what is shown.
    pub observed: Option<DateTime<Utc>>,
}

impl Board {
    /// Whether every observer has fallen silent (G10).
    pub fn is_silent(&self, app: &App) -> bool {
        let after = Duration::minutes(app.policy.observations.silent_after_minutes.into());
        self.observed.is_some_and(|at| (self.now - at).abs() > after)
    }

    /// How many of these kinds there are, of one instrument or of all.
    pub fn count(&self, instrument: Option<&str>, of: impl Fn(Option<StateName>, Option<Support>) -> bool) -> u64 {
        let there = self.counts.iter().filter(|((i, ..), _)| i.as_deref() == instrument);
        there.filter(|((_, state, support), _)| of(*state, *support)).map(|(_, n)| n).sum()
    }
}

/// The best answer to a search.
#[derive(Clone, Debug)]
pub enum Found {
    Device(Box<Answer>),
    /// It runs and is not registered.
    Unknown(Place),
}

/// A device as the answer to a search.
#[derive(Clone, Debug)]
pub struct Answer {
    pub card: Arc<Card>,
    /// Of the instance that was asked for, or of the device.
    pub verdict: Option<Verdict>,
    pub since: DateTime<Utc>,
    pub place: Option<Place>,
    /// The device's own status, where the instance that was asked for has another.
    pub own: Option<Verdict>,
    pub elsewhere: Elsewhere,
    /// Where it runs although CTRL shut it down.
    pub still_on: BTreeSet<ServerName>,
    pub callees: Vec<Callee>,
}

/// The board, or a search on it.
pub fn show(app: &App, wanted: &Wanted) -> Board {
    let now = app.clock.now();
    let current = app.projection.current();
    let state = app.projection.read();
    let filter = wanted.filter();
    // A page and the line behind it; further pages are in order as far as they go.
    let most = if wanted.after.is_none() && filter.is_all() { PAGE + 1 } else { usize::MAX };
    let hits = if wanted.searches() { state.find(&wanted.typed, most) } else { Hits::default() };
    let (mut rows, mut matched) = match wanted.searches() {
        true => searched(app, &state, wanted, &filter, &hits, now),
        false => {
            let after: Option<Key> = wanted.after.as_ref().map(|a| (Reverse(a.urgency), a.name.clone()));
            let cards = state.list(&filter, after).take(PAGE + 1);
            (cards.map(|card| row(app, &state, card, 0, None, now)).collect(), 0)
        }
    };
    let next = (rows.len() > PAGE).then(|| rows.truncate(PAGE)).and_then(|()| rows.last()).map(|r| Cursor {
        rank: r.rank,
        urgency: r.card.urgency(),
        name: r.card.name.clone(),
    });
    let urgent = Filter { instrument: wanted.instrument.clone(), supports: URGENT.into(), ..Filter::default() };
    let act: Vec<Row> = state
        .list(&urgent, None)
        .filter(|u| rows.iter().all(|r| r.card.id != u.id))
        .take(PAGE)
        .map(|card| row(app, &state, card, 0, None, now))
        .collect();
    let unknown: Vec<Place> = state.strangers(wanted.instrument.as_deref()).take(PAGE).cloned().collect();
    let strangers: Vec<Place> = hits.strangers.iter().take(PAGE).map(|(_, p)| p.clone()).collect();
    matched += hits.strangers.len() + hits.besides;
    // The first of a later page is not what was meant: that stands on the first one.
    let answers = wanted.searches() && wanted.after.is_none();
    let answer = answers.then(|| best(app, &state, wanted, &rows, &hits, now)).flatten();
    let near = if wanted.searches() && matched == 0 { state.near(&wanted.typed, 3) } else { Vec::new() };

    let shown = rows.iter().chain(&act).filter_map(|r| r.place.as_ref()).chain(&unknown);
    let observed = shown.filter(|k| k.seen.runs() && k.seen.source.is_program()).map(|k| k.seen.seen).max();
    let people = named(&state, rows.iter().chain(&act).map(|r| &*r.card));
    let counts = state.counts().clone();
    let unacknowledged = state.count_unacknowledged(now - shift::within(&app.policy));
    Board {
        now,
        current,
        unacknowledged,
        counts,
        act,
        unknown,
        rows,
        next,
        strangers,
        matched,
        nearly: hits.nearly,
        answer,
        near,
        people,
        observed,
    }
}

/// How many changes of support the shift has not acknowledged (H8).
pub fn unacknowledged(app: &App) -> usize {
    app.projection.read().count_unacknowledged(app.clock.now()).0
}

/// How many devices changed their status of support after a change of this number, and the number of the newest.
pub fn changed_since(app: &App, seq: i64) -> (usize, i64) {
    let state = app.projection.read();
    let changes = || state.cards().filter_map(|c| c.changed);
    (changes().filter(|c| *c > seq).count(), changes().max().unwrap_or_default())
}

/// A page of what fits, and how many there are in all.
fn searched(
    app: &App,
    state: &State,
    wanted: &Wanted,
    filter: &Filter,
    hits: &Hits,
    now: DateTime<Utc>,
) -> (Vec<Row>, usize) {
    let carded = |h: &Hit| state.card(h.device).map(|c| (*h, c));
    let draw = |(h, c): (Hit, &Arc<Card>)| row(app, state, c, h.rank, state.found_by(&h).cloned(), now);
    if filter.is_all() && wanted.after.is_none() {
        let page = hits.devices.iter().take(PAGE + 1).filter_map(carded);
        return (page.map(draw).collect(), hits.devices.len());
    }
    let fits: Vec<_> = hits.devices.iter().filter_map(carded).filter(|(_, c)| filter.takes(c)).collect();
    let matched = fits.len();
    let at = wanted.after.as_ref().map(|a| (Reverse(a.rank), Reverse(a.urgency), a.name.as_str()));
    let behind = |h: &Hit, c: &Card| at.is_none_or(|at| (Reverse(h.rank), Reverse(c.urgency()), c.name.as_str()) > at);
    let page = fits.into_iter().filter(|(h, c)| behind(h, c)).take(PAGE + 1);
    (page.map(draw).collect(), matched)
}

fn row(app: &App, state: &State, card: &Arc<Card>, rank: u32, found: Option<Place>, now: DateTime<Utc>) -> Row {
    let place = found.or_else(|| state.telling(card.id).cloned());
    let shown = place.as_ref();
    let others = || state.places(card.id).iter().filter(move |p| shown.is_none_or(|shown| !Arc::ptr_eq(shown, p)));
    let worst = others().max_by_key(|p| (p.verdict.support, is_no_tag(&p.seen.version.reported))).cloned();
    Row {
        rank,
        elsewhere: Elsewhere { places: others().count(), worst },
        callees: whom(app, state, card, card.verdict.as_ref(), now),
        place,
        card: card.clone(),
    }
}

fn whom(app: &App, state: &State, card: &Card, verdict: Option<&Verdict>, now: DateTime<Utc>) -> Vec<Callee> {
    let responsible = card.shut_down.as_ref().map(|s| s.responsible);
    callees(verdict.map(|v| v.support), responsible, &card.contacts, state.people(), &app.policy, now)
}

/// What was most likely meant: the instance of that very id, the device of that very name, the first match.
fn best(app: &App, state: &State, wanted: &Wanted, rows: &[Row], hits: &Hits, now: DateTime<Utc>) -> Option<Found> {
    let first = rows.first();
    let stranger = hits.strangers.first();
    match (first, stranger) {
        (Some(row), Some((rank, place))) if *rank > row.rank => Some(Found::Unknown(place.clone())),
        (Some(row), _) => {
            let hit = hits.devices.iter().find(|h| h.device == row.card.id);
            let exact = hit.is_some_and(|h| state.is_whole(h, &wanted.typed));
            Some(Found::Device(Box::new(answer(app, state, row, exact, now))))
        }
        (None, Some((_, place))) => Some(Found::Unknown(place.clone())),
        (None, None) => None,
    }
}

/// `exact`: one of its instances was asked for by its whole id.
fn answer(app: &App, state: &State, row: &Row, exact: bool, now: DateTime<Utc>) -> Answer {
    let card = row.card.clone();
    let asked = row.place.as_ref().filter(|_| exact);
    let (verdict, since) = asked.map_or((card.verdict.as_ref(), card.support_since), |k| card.verdict_of(k));
    let verdict = verdict.cloned();
    let support = |v: &Option<Verdict>| v.as_ref().map(|v| v.support);
    Answer {
        callees: whom(app, state, &card, verdict.as_ref(), now),
        own: card.verdict.clone().filter(|_| row.elsewhere.places > 0 && support(&card.verdict) != support(&verdict)),
        still_on: match card.shut_down {
            Some(_) => state.places(card.id).iter().map(|p| p.seen.server.clone()).collect(),
            None => BTreeSet::new(),
        },
        elsewhere: row.elsewhere.clone(),
        place: row.place.clone(),
        verdict,
        since,
        card,
    }
}

/// Everybody whom these cards name.
fn named<'a>(state: &State, cards: impl Iterator<Item = &'a Card>) -> People {
    let mut all: BTreeSet<PersonId> = BTreeSet::new();
    for c in cards {
        for contact in &c.contacts {
            all.insert(contact.person);
            all.extend(contact.deputy);
        }
        all.extend(c.shut_down.as_ref().into_iter().flat_map(|s| [s.responsible, s.reason.mark.by]));
    }
    all.into_iter().filter_map(|id| state.people().get(id).cloned()).collect()
}

/// Whether a version string is more than a clean tag says; nothing is said of an instance that prints none.
pub fn is_no_tag(reported: &Reported) -> bool {
    !matches!(reported, Reported::CleanTag { .. })
}
