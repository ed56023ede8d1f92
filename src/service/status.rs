//! May I rely on it, whom do I call now, what may I do: the answer to one name, for other tools (O4). It comes from
//! memory alone, and says the same as the board.

use crate::{
    app::App,
    domain::{
        calling::{self, Reach},
        contact::WhenStopped,
        id::PersonId,
        lifecycle::StateName,
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
    let of_it = state.places(card.id).iter().filter(|p| p.seen.instance == instance);
    let place = of_it.max_by_key(|p| p.verdict.support);
    answer(place.map(|place| instance_of(app, &state, Some(card), place, now)))
}

fn whole<'a>(app: &'a App, state: &'a State, asked: &str, now: DateTime<Utc>) -> Option<Status<'a>> {
    let (cards, places) = state.whole(asked);
    // As it is written before as it sounds; of several the one that needs more attention.
    let best_place = places.iter().max_by_key(|p| (p.seen.instance == asked, p.verdict.support));
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
        place: state.places(card.id).iter().min_by_key(|p| Reverse(p.verdict.support)),
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
    // A device that is shut down is so wherever it runs.
    let (verdict, since) = match card.filter(|c| c.shut_down.is_some()) {
        Some(card) => (card.verdict.as_ref(), card.support_since),
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

impl<'a> Status<'a> {
    /// The name that was found, as it is written.
    pub fn name(&self) -> &'a str {
        match (self.kind, self.card, self.place) {
            (Kind::Device, Some(card), _) => &card.name,
            (_, _, Some(place)) => &place.seen.instance,
            (_, card, None) => card.map_or("", |c| &c.name),
        }
    }

    /// `None` where nobody supports anything yet or any more.
    pub fn support(&self) -> Option<Support> {
        self.verdict.map(|v| v.support)
    }

    /// The status in words: the one label of it, or the state where nobody supports anything.
    pub fn label(&self) -> &'a str {
        match (self.support(), self.card) {
            (Some(support), _) => support.label(),
            (None, Some(card)) => card.state.label(),
            (None, None) => Support::Unknown.label(),
        }
    }

    /// The sentence that says why.
    pub fn why(&self) -> &'a str {
        match (self.verdict, self.card.map(|c| c.state)) {
            (Some(verdict), _) => &verdict.why,
            (None, Some(StateName::Requested)) => {
                "Its contributors asked to take part; CTRL has not accepted yet. Nobody supports it."
            }
            (None, Some(StateName::Accepted)) => {
                "CTRL accepted it; its development has not started. Nobody supports it yet."
            }
            (None, _) => "It is out of the process. Nobody supports it.",
        }
    }

    /// Whether what runs there is a release on record whose tag still stands.
    pub fn is_verified(&self) -> bool {
        self.card.zip(self.place).is_some_and(|(card, place)| card.verified(place))
    }

    /// Whether its observer has fallen silent.
    pub fn is_silent(&self) -> bool {
        let after = self.policy.observations.silent_after_minutes;
        self.place.is_some_and(|p| p.seen.is_silent(self.now, after))
    }

    /// What operators may do.
    pub fn rule(&self) -> Rule<'a> {
        let overruled = |note: Cow<'a, str>| Rule { may_restart: WhenStopped::DoNotRestart, may_stop: false, note };
        let shift = &self.policy.facility.doc_name;
        match (self.support(), self.card) {
            (Some(Support::NotSupported | Support::Unknown), _) | (_, None) => {
                overruled(format!("Stop it only after calling the {shift}.").into())
            }
            (Some(Support::ShutDown), Some(card)) => {
                let Some(stop) = &card.shut_down else {
                    return overruled("CTRL shut it down.".into());
                };
                let who = self.people.name(stop.responsible);
                let mut note = format!("Only {who} or CTRL restart it.");
                if !stop.conditions.is_empty() {
                    note += &format!(" Condition: {}", stop.conditions);
                }
                overruled(note.into())
            }
            (_, Some(card)) => Rule {
                may_restart: card.operators.when_stopped,
                may_stop: card.operators.may_stop,
                note: card.operators.note.trim().into(),
            },
        }
    }

    /// The operators on shift, whom one can always call.
    pub fn shift(&self) -> Called<'a> {
        let facility = &self.policy.facility;
        Called {
            name: &facility.doc_name,
            phone: facility.doc_phone.as_deref(),
            about: "the operators on shift".into(),
            reach: Reach::Now(None),
            deputy_of: None,
            confirmed: true,
        }
    }

    /// Whom to call now, best first: the same order as on the board.
    pub fn calls(&self) -> Vec<Called<'a>> {
        let Some(card) = self.card else {
            return vec![self.shift()];
        };
        let theirs = calling::order(&card.contacts, self.people, self.policy, self.now);
        let named = |c: &calling::Call| {
            let about = match c.instead_of {
                Some(other) => format!("deputy of {}", self.people.name(other)),
                None => format!("{} contributor", card.group),
            };
            let deputy_of = c.instead_of.map(|p| self.people.name(p));
            self.person(c.person, about.into(), c.reach).map(|p| Called { deputy_of, confirmed: c.confirmed, ..p })
        };
        let contributors = theirs.iter().filter_map(named);
        let shift = std::iter::once(self.shift());
        let mut order: Vec<Called<'a>> = match self.support() {
            Some(Support::FullySupported) => vec![self.shift()],
            Some(Support::NotSupported | Support::Unknown) => shift.chain(contributors).collect(),
            Some(Support::ShutDown) => {
                let responsible = card.shut_down.as_ref().map(|s| s.responsible);
                let responsible = responsible.and_then(|p| self.person(p, RESPONSIBLE.into(), Reach::Now(None)));
                responsible.into_iter().chain(contributors).chain(shift).collect()
            }
            // Who does not answer at this hour comes after the shift.
            Some(Support::ReducedSupport) | None => {
                let (now, later): (Vec<_>, Vec<_>) = contributors.partition(|c| c.reach.now());
                now.into_iter().chain(shift).chain(later).collect()
            }
        };
        let mut seen = BTreeSet::new();
        order.retain(|c| seen.insert((c.name, c.phone)));
        order
    }

    fn person(&self, id: PersonId, about: Cow<'a, str>, reach: Reach) -> Option<Called<'a>> {
        let person = self.people.get(id)?;
        let phone = Some(person.phone.as_deref()?);
        Some(Called { name: &person.name, phone, about, reach, deputy_of: None, confirmed: true })
    }
}
