//! What somebody may do with a device now, each with its gates: the one table of the rules, as programs read it (E3).

use super::{
    Caller, Error, Result,
    facts::{self, gather},
};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::PersonId,
        lifecycle::{CommandKind, Event, Gate, Readings, decide::may, gates::judge_all, rule, table::Leads},
        person::People,
        story::tell,
    },
    store,
};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use strum::IntoEnumIterator;

/// Whether people send it for a device that is on record. The others come with a new request, from deploy tools, or from
/// Custody itself.
pub fn is_for_people(kind: CommandKind) -> bool {
    use CommandKind::{GiveBack, MoveOn, NoteUpdate, RedeemPermit, StayInDevelopment, Submit};
    !matches!(kind, Submit | RedeemPermit | GiveBack | MoveOn | StayInDevelopment | NoteUpdate)
}

/// A command that the reader may give in this state, gates aside.
#[derive(Clone, Debug)]
pub struct Possible {
    pub command: CommandKind,
    pub leads: Leads,
    /// Its gates, met or not, but those that its own entries answer.
    pub gates: Vec<Gate>,
}

/// A device, and what the reader may do with it.
#[derive(Clone, Debug)]
pub struct Commands {
    pub device: Device,
    pub possible: Vec<Possible>,
}

/// What somebody may do with this device now. A fixed number of queries.
pub async fn list(app: &App, caller: &Caller, name: &str) -> Result<Commands> {
    let c = &app.db.snapshot().await?;
    let (device, roster) = facts::find(c, app, name).await?.ok_or(Error::NotFound)?;
    let gathered = gather(c, app, &roster, caller, &device, None, Readings::default()).await?;
    let facts = gathered.facts(app, caller);
    let possible = CommandKind::iter()
        .filter(|kind| is_for_people(*kind) && may(&device, *kind, &facts))
        .map(|command| {
            let rule = rule(command);
            Possible { command, leads: rule.leads, gates: judge_all(rule, &device, None, &facts) }
        })
        .collect();
    Ok(Commands { device, possible })
}

/// What happened, in words.
#[derive(Clone, Debug)]
pub struct Said {
    pub at: DateTime<Utc>,
    /// Nobody where Custody did it.
    pub by: Option<PersonId>,
    pub who: String,
    /// The name of what happened.
    pub kind: String,
    /// The whole sentence.
    pub text: String,
}

/// These events in sentences. At most three queries.
pub async fn tell_all(app: &App, device: Option<&Device>, events: &[Event]) -> Result<Vec<Said>> {
    let mut ids: BTreeSet<PersonId> = device.map(|d| d.people().into_iter().collect()).unwrap_or_default();
    ids.extend(events.iter().filter_map(|e| e.by));
    let people =
        if events.is_empty() { People::default() } else { store::people::load_names(&app.db.read, &ids).await? };
    let one = |e: &Event| {
        let who = e.by.map_or("Custody", |p| people.name(p)).to_owned();
        let text = format!("{who} {}", tell(e, &people, &app.policy));
        Said { at: e.at, by: e.by, kind: e.what.name().to_owned(), who, text }
    };
    Ok(events.iter().map(one).collect())
}
