//! What falls behind, of all devices: from memory, but for what was deployed last.

use super::{find, judge};
use crate::{
    app::App,
    domain::{
        cadence::{Basis, Cadence, Standing},
        deployment::Environment,
        id::{DeploymentId, DeviceId, PersonId},
        person::People,
    },
    projection::{Card, Filter, State},
    service::Result,
    store,
};
use chrono::{DateTime, SecondsFormat, Utc};
use std::{collections::BTreeSet, sync::Arc};
use strum::IntoEnumIterator;

/// Lines on a page.
pub const PAGE: usize = 50;

/// A line in the list: when it is due, device, environment.
pub type Place = (DateTime<Utc>, String, Environment);

/// Where a page of the list ends, as addresses have it.
pub fn write_place((due, device, environment): &Place) -> String {
    format!("{}~{environment}~{device}", due.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// The same read back; `None` where it is none.
pub fn read_place(text: &str) -> Option<Place> {
    let mut of = text.splitn(3, '~');
    let (due, environment, device) = (of.next()?.parse().ok()?, of.next()?.parse().ok()?, of.next()?);
    Some((due, device.to_owned(), environment))
}

/// What a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    pub environment: Option<Environment>,
    pub instrument: Option<String>,
    /// `None` for what is behind or due soon.
    pub standing: Option<Standing>,
    /// Behind this one.
    pub after: Option<Place>,
}

/// A device in an environment that asks for it.
#[derive(Clone, Debug)]
pub struct Line {
    pub card: Arc<Card>,
    pub cadence: Cadence,
    pub going_on: Option<DeploymentId>,
}

impl Line {
    fn place(&self) -> Option<Place> {
        Some((self.cadence.asked?.due, self.card.name.clone(), self.cadence.environment))
    }

    /// What was due first comes first, by name where that is the same.
    fn key(&self) -> (Option<DateTime<Utc>>, &str, &'static str) {
        (self.cadence.asked.map(|a| a.due), &self.card.name, self.cadence.environment.into())
    }
}

/// A part of the list, in order of when they are due.
pub struct Page {
    pub now: DateTime<Utc>,
    pub lines: Vec<Line>,
    /// Everybody whom they name.
    pub people: People,
    /// How many are behind and due soon of those that were looked for, on all pages.
    pub behind: usize,
    pub due_soon: usize,
    pub next: Option<Place>,
}

/// A page of them: a query for each environment, and one for what goes on.
pub async fn list(app: &App, which: &Which) -> Result<Page> {
    let mut page = list_all(app, which).await?;
    if let Some((due, device, environment)) = &which.after {
        let after = (Some(*due), device.as_str(), <&'static str>::from(*environment));
        page.lines.retain(|l| l.key() > after);
    }
    let more = page.lines.len() > PAGE;
    page.lines.truncate(PAGE);
    page.next = page.lines.last().filter(|_| more).and_then(Line::place);
    add_what_goes_on(app, &mut page).await?;
    Ok(page)
}

/// All of them, whatever they are `after`; nothing is said of what goes on.
pub async fn list_all(app: &App, which: &Which) -> Result<Page> {
    let filter = Filter { instrument: which.instrument.clone(), ..Filter::default() };
    let mut page = read(app, &filter, None, which.environment).await?;
    page.lines.retain(|l| match which.standing {
        None => l.cadence.standing.shows(),
        Some(standing) => l.cadence.standing == standing,
    });
    page.people = people(app, &page.lines);
    Ok(page)
}

/// What is behind or due soon of the devices that somebody has to do with.
pub async fn of_person(app: &App, person: PersonId) -> Result<Page> {
    let mut page = read(app, &Filter::default(), Some(person), None).await?;
    page.lines.retain(|l| l.cadence.standing.shows());
    page.lines.truncate(PAGE);
    page.people = people(app, &page.lines);
    add_what_goes_on(app, &mut page).await?;
    Ok(page)
}

/// How many devices are behind in each environment.
pub async fn count_behind(app: &App) -> Result<Vec<(&'static str, u64)>> {
    let page = read(app, &Filter::default(), None, None).await?;
    let behind = |e: Environment| {
        let is = |l: &&Line| l.cadence.standing == Standing::Behind && l.cadence.environment == e;
        page.lines.iter().filter(is).count() as u64
    };
    Ok(Environment::iter().map(|e| (e.into(), behind(e))).collect())
}

/// Everything that is asked of these devices, in order.
async fn read(app: &App, filter: &Filter, of: Option<PersonId>, only: Option<Environment>) -> Result<Page> {
    let now = app.clock.now();
    let (cards, bases): (Vec<Arc<Card>>, Vec<Basis>) = {
        let state = app.projection.read();
        let takes = |card: &&Arc<Card>| filter.takes(card) && of.is_none_or(|person| concerns(card, person));
        state.cards().filter(takes).map(|card| (card.clone(), basis(card, &state))).unzip()
    };
    let judged = judge(&app.db.read, app, now, only, &bases).await?;
    let asked = judged.into_iter().filter(|(_, cadence)| cadence.asked.is_some());
    let mut lines: Vec<Line> =
        asked.map(|(n, cadence)| Line { card: cards[n].clone(), cadence, going_on: None }).collect();
    lines.sort_by(|a, b| a.key().cmp(&b.key()));
    let count = |standing: Standing| lines.iter().filter(|l| l.cadence.standing == standing).count();
    let (behind, due_soon) = (count(Standing::Behind), count(Standing::DueSoon));
    Ok(Page { now, lines, people: People::default(), behind, due_soon, next: None })
}

fn basis(card: &Card, state: &State) -> Basis {
    let (of, is_shut_down) = ((card.state, card.state_since), card.shut_down.is_some());
    Basis::remembered(card.id, of, card.opened, is_shut_down, &card.placements, |name| state.server(name))
}

fn concerns(card: &Card, person: PersonId) -> bool {
    card.ctrl_contact == Some(person)
        || card.contributors.contains(&person)
        || card.contacts.iter().any(|c| c.person == person)
}

fn people(app: &App, lines: &[Line]) -> People {
    let mut ids: BTreeSet<PersonId> = BTreeSet::new();
    for card in lines.iter().map(|l| &l.card) {
        ids.extend(&card.contributors);
        ids.extend(card.ctrl_contact);
        ids.extend(card.hold.as_ref().and_then(|h| h.by));
    }
    let state = app.projection.read();
    ids.iter().filter_map(|id| state.people().get(*id).cloned()).collect()
}

async fn add_what_goes_on(app: &App, page: &mut Page) -> Result<()> {
    let devices: BTreeSet<DeviceId> = page.lines.iter().map(|l| l.card.id).collect();
    let devices: Vec<DeviceId> = devices.into_iter().collect();
    let going_on = store::cadence::list_going_on(&app.db.read, &devices, page.now).await?;
    for line in &mut page.lines {
        line.going_on = find(&going_on, line.card.id, &line.cadence);
    }
    Ok(())
}
