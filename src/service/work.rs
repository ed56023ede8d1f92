//! What waits for whom: one sentence for each device, judged now by the same gates that a step would meet (E4).

mod asked;
mod mine;

pub use mine::{MOST, Mine, Told, mark_read, mine};

use super::{Caller, Result, facts::gather_many};
use crate::{
    app::App,
    domain::{
        device::Device,
        due::{self, Due, What},
        id::PersonId,
        lifecycle::{
            CommandKind, Facts, Gate, Turn,
            gates::judge_all,
            table::{next_step, rule},
        },
        person::People,
        support::Verdict,
    },
    store::work::Kept,
};
use asked::{Asked, asks, hears_of_milestones, in_the_way, offers_itself};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::ConnectionTrait;
use std::collections::BTreeSet;

/// Whom a device waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// The reader.
    Mine,
    Contributor,
    Ctrl,
    /// A user of the device, whoever that is.
    User,
    Machine,
    Nobody,
}

/// A device as work.
#[derive(Clone, Debug)]
pub struct Work {
    pub device: Device,
    pub verdict: Option<Verdict>,
    /// The step that it is on its way to.
    pub step: Option<CommandKind>,
    pub gates: Vec<Gate>,
    pub whose: Whose,
    /// Who it waits for, where that is known.
    pub waits_for: Vec<PersonId>,
    /// The one sentence that blocks it, or says that nothing does.
    pub ask: String,
    /// What the reader can do about it, where one act does.
    pub act: Option<CommandKind>,
    /// Open gates that wait for the reader.
    pub mine: usize,
    /// Since when what is asked is asked, or it is as it is.
    pub since: DateTime<Utc>,
    pub due: Option<Due>,
    /// Whether it is for the reader to hear that it is late, with whoever is on their side.
    pub hears_late: bool,
}

/// Everything that a page of work shows.
pub struct Desk {
    pub now: DateTime<Utc>,
    /// The day at the facility.
    pub today: NaiveDate,
    pub work: Vec<Work>,
    pub people: People,
}

/// Judges these devices for a reader. A fixed number of queries.
pub async fn judge<C: ConnectionTrait>(c: &C, app: &App, caller: &Caller, kept: Vec<Kept>) -> Result<Desk> {
    let devices: Vec<&Device> = kept.iter().map(|k| &k.device).collect();
    let many = gather_many(c, app, caller, &devices).await?;
    let mut work = Vec::with_capacity(kept.len());
    for k in kept {
        let facts = many.facts(app, caller, k.device.id);
        work.push(of_device(k, &facts, caller.actor.person()));
    }
    Ok(Desk { now: many.now, today: super::facts::today(app, many.now), work, people: many.people })
}

fn of_device(kept: Kept, facts: &Facts, me: Option<PersonId>) -> Work {
    let Kept { device, verdict, changed, .. } = kept;
    let step = next_step(device.state.name());
    let gates = step.map_or_else(Vec::new, |s| judge_all(rule(s), &device, None, facts));
    let is_me = |p: &PersonId| Some(*p) == me;
    let mine = gates.iter().filter(|g| !g.met && g.waits_for.iter().any(is_me)).count();
    let due = due::next(&device, facts.policy);
    let mut asks = asks(&device, step, &gates, me, facts);
    let is_mine = |a: &Asked| a.waits_for.iter().any(is_me);
    let asks_me = asks.iter().position(is_mine);
    let at = match asks_me {
        // To restart it comes before its gates, and they before what is asked besides.
        Some(first) if mine > 0 && asks[first].act != Some(CommandKind::Restart) => asks.len() - 1,
        Some(first) => first,
        None => 0,
    };
    let asked = asks.swap_remove(at);
    let hears_late = match due.as_ref().map(|d| &d.what) {
        Some(What::Milestone(_)) => hears_of_milestones(&in_the_way(&gates), &device, me),
        _ => true,
    };
    let whose = if asks_me.is_some() { Whose::Mine } else { asked.whose };
    Work {
        since: asked.since.or(device.state.since()).unwrap_or(changed),
        whose,
        waits_for: asked.waits_for,
        ask: asked.sentence,
        act: asked.act,
        step,
        gates,
        mine,
        due,
        hears_late,
        verdict,
        device,
    }
}

/// Whom a device waits for, and whether as CTRL: everybody on whose own page it is theirs to go on with (E4). `team` is
/// whom a request is offered to that nobody has taken (L6).
pub fn waits_for(device: &Device, facts: &Facts, team: &BTreeSet<PersonId>) -> BTreeSet<(PersonId, bool)> {
    let step = next_step(device.state.name());
    let gates = step.map_or_else(Vec::new, |s| judge_all(rule(s), device, None, facts));
    let mut all = BTreeSet::new();
    for asked in asks(device, step, &gates, None, facts) {
        all.extend(asked.waits_for.iter().map(|p| (*p, asked.whose == Whose::Ctrl)));
    }
    for gate in gates.iter().filter(|g| !g.met) {
        all.extend(gate.waits_for.iter().map(|p| (*p, gate.turn == Turn::Ctrl)));
    }
    if offers_itself(device) {
        all.extend(team.iter().filter(|p| !device.is_contributor(**p)).map(|p| (*p, true)));
    }
    all
}
