//! Rollouts as their pages and programs read them.

use super::{gathered, open_changes, release_of, stream};
use crate::{
    app::App,
    domain::{
        id::{PersonId, RolloutId},
        lifecycle::Gate,
        local_change::LocalChange,
        person::{People, Role},
        rollout::{
            Event, Happened, Progress, Rollout, Side, StateName, Target, Variation, compare, judge_start, progress,
            tell,
        },
    },
    service::{Caller, Error, Result},
    store::{self, roster::Roster},
};
use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use std::collections::BTreeSet;

/// Rollouts on one page.
pub const PAGE: u64 = 50;

/// The newest lines of its story that its page shows.
pub const LINES: u32 = 100;

/// Which rollouts a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Any, where it is empty.
    pub states: Vec<StateName>,
    /// Planned before this one.
    pub before: Option<RolloutId>,
}

/// A page of rollouts.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub now: DateTime<Utc>,
    pub rollouts: Vec<Rollout>,
    pub people: People,
    /// What `before` is for the next page; none after the last.
    pub next: Option<RolloutId>,
}

/// Newest first: two queries.
pub async fn list(app: &App, which: &Which) -> Result<Page> {
    let c = &app.db.snapshot().await?;
    let mut rollouts = store::rollouts::list(c, &which.states, which.before, PAGE + 1).await?;
    let more = rollouts.len() as u64 > PAGE;
    rollouts.truncate(PAGE as usize);
    let next = rollouts.last().filter(|_| more).map(|r| r.id);
    let people = store::people::load_names(c, &rollouts.iter().map(|r| r.planned.by).collect()).await?;
    Ok(Page { now: app.clock.now(), rollouts, people, next })
}

/// Something that happened, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub at: DateTime<Utc>,
    pub who: String,
    /// The rest of the sentence.
    pub what: String,
}

/// A rollout with everything that its page shows.
#[derive(Clone, Debug)]
pub struct View {
    pub rollout: Rollout,
    pub progress: Progress,
    /// What varies from the baseline (R5).
    pub variations: Vec<Variation>,
    /// The local changes on its targets that have not ended (R7).
    pub changes: Vec<LocalChange>,
    /// Of its start, while it has not started.
    pub gates: Vec<Gate>,
    /// The newest of what happened, newest first.
    pub story: Vec<Line>,
    pub people: People,
    pub now: DateTime<Utc>,
    /// Whether the reader may do what is CTRL's.
    pub is_ctrl: bool,
    /// On which side the reader agrees on when legacy systems go.
    pub sides: Sides,
}

/// The rollout of this number: a fixed number of queries.
pub async fn load(app: &App, caller: Option<&Caller>, number: &str) -> Result<View> {
    let c = &app.db.snapshot().await?;
    let rollout = store::rollouts::find_by_number(c, number).await?.ok_or(Error::NotFound)?;
    let mut gathered = gathered(c, app).await?;
    gathered.changes = open_changes(c, &rollout).await?;
    if rollout.state.name() == StateName::Planned {
        gathered.release = release_of(c, app, &rollout).await?;
    }
    let entries = store::journal::list_newest(c, &[stream(rollout.id)], LINES, Some(LINES.into())).await?;
    let mut events = Vec::with_capacity(entries.len());
    for e in &entries {
        let what: Happened = store::journal::read(e)?;
        events.push(Event { at: e.moment().unwrap_or_default(), by: e.actor, what });
    }
    let mut ids = rollout.people();
    ids.extend(events.iter().filter_map(|e| e.by));
    ids.extend(gathered.changes.iter().flat_map(LocalChange::people));
    let people = gathered.roster.people(&ids);
    let story = events.iter().map(|e| Line {
        at: e.at,
        who: e.by.map_or("Custody", |p| people.name(p)).to_owned(),
        what: tell(e, &rollout.steps, &app.policy),
    });
    let story: Vec<Line> = story.collect();
    let sides = match caller {
        Some(caller) => sides_by(c, &gathered.roster, caller).await?,
        None => Sides::default(),
    };
    let custody = Caller::custody();
    let facts = gathered.facts(app, caller.unwrap_or(&custody));
    let gates = match rollout.state.name() {
        StateName::Planned => judge_start(&rollout, &facts),
        _ => Vec::new(),
    };
    let (now, is_ctrl) = (facts.now, facts.is_ctrl());
    let (progress, variations) = (progress(&rollout, now), compare(&rollout));
    let changes = gathered.changes;
    Ok(View { rollout, progress, variations, changes, gates, story, people, now, is_ctrl, sides })
}

/// On which side somebody agrees on when legacy systems go (R6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    me: Option<PersonId>,
    is_ctrl: bool,
    /// For which they contribute to a device.
    instruments: BTreeSet<String>,
}

impl Sides {
    /// On which for this target, as it is decided too.
    pub fn of(&self, target: &Target) -> Option<Side> {
        let me = self.me?;
        if self.is_ctrl {
            return Some(Side::Ctrl);
        }
        let is_scientist = target.scientists.contains(&me) || self.instruments.contains(&target.instrument);
        is_scientist.then_some(Side::Scientists)
    }
}

/// The sides of whoever asks: two queries at most.
pub async fn sides(app: &App, caller: &Caller) -> Result<Sides> {
    let c = &app.db.snapshot().await?;
    let roster = app.roster.current(c).await?;
    sides_by(c, &roster, caller).await
}

async fn sides_by<C: ConnectionTrait>(c: &C, roster: &Roster, caller: &Caller) -> Result<Sides> {
    let everybody = roster.everybody();
    let Some(me) = caller.actor.person().filter(|me| everybody.active(*me)) else { return Ok(Sides::default()) };
    let is_ctrl = everybody.has(me, &Role::Ctrl);
    let instruments = match is_ctrl {
        true => BTreeSet::new(),
        false => store::local_changes::list_instruments_of(c, me).await?,
    };
    Ok(Sides { me: Some(me), is_ctrl, instruments })
}
