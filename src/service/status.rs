//! May I rely on it, whom do I call now, what may I do: the answer to one name, for other tools (O4). It comes from
//! memory alone, and says the same as the board.

mod said;

use crate::{
    app::App,
    domain::{
        calling::Reach,
        contact::WhenStopped,
        person::People,
        policy::Policy,
        support::{Support, Verdict},
    },
    projection::{Card, Current, Place, State},
};
use chrono::{DateTime, SubsecRound, Utc};
use std::{borrow::Cow, cmp::Reverse, collections::BTreeSet};

/// The longest name that is looked for.
const LONGEST: usize = 200;
/// How many further matches are named.
const OTHERS: usize = 10;
/// How many names are offered where nothing matches.
const NEAR: usize = 5;

/// What is said of whoever may lift a shutdown (N6).
pub const RESPONSIBLE: &str = "responsible for the restart";

/// What was meant by a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    Device,
    /// An instance by its whole id: the status is its own.
    Instance,
    /// It runs and is not registered.
    UnknownInstance,
}

/// The answer for one name, as long as the state is held.
pub struct Status<'a> {
    pub kind: Kind,
    /// Whether it has the very name that was asked for, but for case and separators.
    pub exact: bool,
    /// `None` for an instance that is not registered.
    pub card: Option<&'a Card>,
    /// The instance asked for, or the one of the device that needs most attention.
    pub place: Option<&'a Place>,
    /// `None` where nobody supports anything yet or any more.
    pub verdict: Option<&'a Verdict>,
    pub since: DateTime<Utc>,
    /// Names of further matches, the most likely first.
    pub others: Vec<&'a str>,
    /// The minute of the answer.
    pub now: DateTime<Utc>,
    people: &'a People,
    policy: &'a Policy,
}

/// Somebody to call, in the order of calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called<'a> {
    pub name: &'a str,
    pub phone: Option<&'a str>,
    pub about: Cow<'a, str>,
    pub reach: Reach,
    pub deputy_of: Option<&'a str>,
    /// Whether the contact's confirmation still counts; the shift needs none.
    pub confirmed: bool,
}

/// What operators may do: the contributor's word, unless what is wrong overrules it (O6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule<'a> {
    pub may_restart: WhenStopped,
    pub may_stop: bool,
    pub note: Cow<'a, str>,
}

/// The minute in which something is answered: answers within it are the same as long as nothing changes.
pub fn minute(app: &App) -> DateTime<Utc> {
    let now = app.clock.now().trunc_subsecs(0);
    now - chrono::Duration::seconds(now.timestamp().rem_euclid(60))
}

/// What an answer depends on besides the name: what is known, and the minute.
pub fn version(app: &App) -> (Current, DateTime<Utc>) {
    (app.projection.current(), minute(app))
}

/// Answers to a name, forgiving like the search; whole names of devices and instances are found without searching.
/// Where nothing matches, names that may have been meant.
pub fn read<T>(app: &App, asked: &str, answer: impl FnOnce(Result<Status<'_>, Vec<String>>) -> T) -> T {
    let asked: String = asked.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let asked = asked.trim();
    let now = minute(app);
    let state = app.projection.read();
    let whole = whole(app, &state, asked, now);
    match whole.or_else(|| searched(app, &state, asked, now)) {
        Some(status) => answer(Ok(status)),
        None => answer(Err(state.near(asked, NEAR))),
    }
}

/// The status of a device by its exact name, or of one of its instances by its id.
pub fn of_device<T>(app: &App, name: &str, instance: Option<&str>, answer: impl FnOnce(Option<Status<'_>>) -> T) -> T {
    let now = minute(app);
    let state = app.projection.read();
    let Some(card) = state.card_by_name(name) else {
        return answer(None);
    };
    let Some(instance) = instance else {
        return answer(Some(device(app, &state, card, now)));
    };
    let known = state.places(card.id).iter().chain(state.stopped(card.id));
    let of_it = known.filter(|p| p.seen.instance == instance);
    let place = of_it.max_by_key(|p| telling(p));
    answer(place.map(|place| instance_of(app, &state, Some(card), place, now)))
}

/// What runs says more than what has stopped, and of that the latest.
fn telling(place: &Place) -> (bool, Support, Option<DateTime<Utc>>) {
    (place.seen.runs(), place.verdict.support, place.seen.gone)
}

fn whole<'a>(app: &'a App, state: &'a State, asked: &str, now: DateTime<Utc>) -> Option<Status<'a>> {
    let (cards, places) = state.whole(asked);
    // As it is written before as it sounds; of several the one that needs more attention.
    let best_place = places.iter().max_by_key(|p| (p.seen.instance == asked, telling(p)));
    let best_card = cards.iter().max_by_key(|c| (c.name == asked, c.urgency()));
    let mut status = match (best_card, best_place) {
        (Some(card), Some(place)) if place.seen.instance != asked || card.name == asked => {
            device(app, state, card, now)
        }
        (Some(card), None) => device(app, state, card, now),
        (_, Some(place)) => {
            let card = place.device.and_then(|id| state.card(id)).map(|c| &**c);
            instance_of(app, state, card, place, now)
        }
        (None, None) => return None,
    };
    let own = status.name().to_owned();
    let names = cards.iter().map(|c| c.name.as_str()).chain(places.iter().map(|p| p.seen.instance.as_str()));
    let others: BTreeSet<&str> = names.filter(|n| *n != own).collect();
    status.others = others.into_iter().take(OTHERS).collect();
    Some(status)
}

/// Something that may have been meant; without a card nobody registered it.
struct Candidate<'a> {
    rank: u32,
    card: Option<&'a Card>,
    place: Option<&'a Place>,
}

fn searched<'a>(app: &'a App, state: &'a State, asked: &str, now: DateTime<Utc>) -> Option<Status<'a>> {
    if !asked.chars().any(char::is_alphanumeric) {
        return None;
    }
    let hits = state.find(asked, OTHERS + 1);
    let devices = hits.devices.iter().take(OTHERS + 1).filter_map(|hit| {
        Some(Candidate { rank: hit.rank, card: Some(state.card(hit.device)?), place: state.found_by(hit) })
    });
    let strangers = hits.strangers.iter().take(OTHERS + 1).filter_map(|(rank, p)| {
        let place = Some(state.place(&p.seen.instance, &p.seen.server)?);
        Some(Candidate { rank: *rank, card: None, place })
    });
    // The most likely first; of those as likely, a device before what nobody registered.
    let mut all: Vec<Candidate<'_>> = devices.chain(strangers).collect();
    all.sort_by_key(|c| (Reverse(c.rank), c.card.is_none()));
    let mut all = all.into_iter();
    let Candidate { card, place, .. } = all.next()?;
    let mut status = match (card, place) {
        (Some(card), place) => {
            let mut status = device(app, state, card, now);
            status.place = place.or(status.place);
            status
        }
        (None, Some(place)) => instance_of(app, state, None, place, now),
        (None, None) => return None,
    };
    let names = all.filter_map(|c| match c.card {
        Some(card) => Some(card.name.as_str()),
        None => c.place.map(|p| p.seen.instance.as_str()),
    });
    status.exact = false;
    status.others = names.take(OTHERS).collect();
    Some(status)
}

fn device<'a>(app: &'a App, state: &'a State, card: &'a Card, now: DateTime<Utc>) -> Status<'a> {
    Status {
        kind: Kind::Device,
        exact: true,
        card: Some(card),
        place: state.telling(card.id),
        verdict: card.verdict.as_ref(),
        since: card.support_since,
        others: Vec::new(),
        now,
        people: state.people(),
        policy: &app.policy,
    }
}

fn instance_of<'a>(
    app: &'a App,
    state: &'a State,
    card: Option<&'a Card>,
    place: &'a Place,
    now: DateTime<Utc>,
) -> Status<'a> {
    let (verdict, since) = match card {
        Some(card) => card.verdict_of(place),
        None => (Some(&place.verdict), place.support_since),
    };
    Status {
        exact: true,
        kind: if card.is_some() { Kind::Instance } else { Kind::UnknownInstance },
        card,
        place: Some(place),
        verdict,
        since,
        others: Vec::new(),
        now,
        people: state.people(),
        policy: &app.policy,
    }
}
