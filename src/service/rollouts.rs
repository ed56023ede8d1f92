//! Rollouts: planned, acted on, run and read (R1 to R6).

mod acts;
mod planning;
mod reading;
pub mod runner;
mod runs;
mod said;
mod told;

pub use acts::{Ask, Done, act, amend, decides_by_page};
pub use planning::plan;
pub use reading::{LINES, Line, PAGE, Page, Sides, View, Which, list, load, sides};
pub use runs::{Begun, Ended, begin_next, give_up, lost, output, renew, report, runs, take_lease, write};
pub use said::{find, say};
pub use told::keep;

pub use crate::store::rollouts::{Run, RunState, Taken};

use super::{Caller, Error, Result};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::{PersonId, RolloutId, TargetName},
        lifecycle::State,
        local_change::LocalChange,
        rollout::{Command, CommandKind, Event, Facts, Plan, Released, Rollout, Wanted, What},
        tag::TagName,
    },
    store::{self, Tx, journal, roster::Roster},
};
use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use std::{collections::BTreeSet, sync::Arc};

/// The stream of the journal in which what happened to a rollout stands.
pub fn stream(id: RolloutId) -> String {
    format!("rollout/{id}")
}

/// The facts of one decision, owned; [`Gathered::facts`] lends them.
struct Gathered {
    now: DateTime<Utc>,
    roster: Arc<Roster>,
    release: Option<std::result::Result<Released, String>>,
    changes: Vec<LocalChange>,
    contributors: BTreeSet<PersonId>,
}

impl Gathered {
    fn facts<'a>(&'a self, app: &'a App, caller: &Caller) -> Facts<'a> {
        Facts {
            now: self.now,
            actor: caller.actor,
            policy: &app.policy,
            people: self.roster.everybody(),
            release: self.release.as_ref(),
            changes: &self.changes,
            contributors: &self.contributors,
        }
    }
}

/// What a plan is judged by.
async fn gather_plan<C: ConnectionTrait>(c: &C, app: &App, plan: &Plan) -> Result<Gathered> {
    let release = match &plan.what {
        Wanted::Framework { .. } => None,
        Wanted::Device { name, tag } => match store::devices::find_by_name(c, name).await? {
            Some(device) => Some(released(c, app, &device, tag).await?),
            None => None,
        },
    };
    Ok(Gathered { release, ..gathered(c, app).await? })
}

/// What a command on a rollout is judged by; a fixed number of queries.
async fn gather<C: ConnectionTrait>(c: &C, app: &App, r: &Rollout, command: &Command) -> Result<Gathered> {
    let mut gathered = match command {
        Command::Amend { plan } => gather_plan(c, app, plan).await?,
        _ => gathered(c, app).await?,
    };
    match command.kind() {
        CommandKind::Start => {
            gathered.release = release_of(c, app, r).await?;
            gathered.changes = open_changes(c, r).await?;
        }
        CommandKind::AnswerChange | CommandKind::Begin | CommandKind::DoneByHand => {
            gathered.changes = open_changes(c, r).await?;
        }
        CommandKind::ProposeRetirement | CommandKind::AgreeRetirement => {
            let target = command.target().and_then(|name| r.target(name));
            if let Some(target) = target.filter(|t| !t.instrument.is_empty()) {
                gathered.contributors = store::local_changes::list_contributors_at(c, &target.instrument).await?;
            }
        }
        _ => {}
    }
    Ok(gathered)
}

async fn gathered<C: ConnectionTrait>(c: &C, app: &App) -> Result<Gathered> {
    Ok(Gathered {
        now: app.clock.now(),
        roster: app.roster.current(c).await?,
        release: None,
        changes: Vec::new(),
        contributors: BTreeSet::new(),
    })
}

/// The local changes on its targets that have not ended (R7).
async fn open_changes<C: ConnectionTrait>(c: &C, r: &Rollout) -> Result<Vec<LocalChange>> {
    let names: Vec<TargetName> = r.targets.iter().map(|t| t.name.clone()).collect();
    Ok(store::local_changes::list_open_on(c, names).await?)
}

/// The release that is rolled out as it is on record now; `None` where it is a framework's.
async fn release_of<C: ConnectionTrait>(
    c: &C,
    app: &App,
    r: &Rollout,
) -> Result<Option<std::result::Result<Released, String>>> {
    let What::Device { device, release, .. } = &r.what else { return Ok(None) };
    match store::devices::find(c, *device).await? {
        Some(device) => Ok(Some(released(c, app, &device, &release.tag).await?)),
        None => Ok(None),
    }
}

/// A device's release, where it may go into production: CTRL owns the device, the tag stands, and its stages are passed
/// (G1 to G3); or why not.
async fn released<C: ConnectionTrait>(
    c: &C,
    app: &App,
    device: &Device,
    tag: &TagName,
) -> Result<std::result::Result<Released, String>> {
    let name = device.name();
    if !matches!(device.state, State::CtrlOwned { .. }) {
        let is = device.state.name().label();
        return Ok(Err(format!("{name} is {is}: what is rolled out CTRL owns.")));
    }
    if device.shut_down.is_some() {
        return Ok(Err(format!("{name} is shut down: restart it first.")));
    }
    let Some(release) = device.release(tag) else {
        return Ok(Err(format!("{tag} of {name} has not been verified: have Custody read it first.")));
    };
    if !release.stands() {
        return Ok(Err(format!("{tag} of {name} moved or vanished in the repository: make a new tag.")));
    }
    // The review stands in for the stages of what it let through.
    if !device.was_reviewed(tag) {
        let way = store::stages::find_standing(c, device.id, release).await?;
        let lacks = way.lacks(&app.policy.releases.production_needs);
        if !lacks.is_empty() {
            let names: Vec<String> = lacks.iter().map(|s| format!("“{}”", s.label())).collect();
            return Ok(Err(format!("{tag} of {name} lacks {}.", names.join(", "))));
        }
    }
    Ok(Ok(Released { device: device.id, name: name.to_owned(), release: release.verified.clone() }))
}

/// Saves what happened, and everything that follows from it: the journal, local changes that end, who is told.
async fn save(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    (before, after): (&Rollout, &Rollout),
    events: &[Event],
    roster: &Roster,
) -> Result<()> {
    if before.revision == 0 {
        store::rollouts::insert(tx, after).await?;
    } else if !store::rollouts::update(tx, after, before.revision).await? {
        return Err(Error::Stale(Vec::new()));
    }
    let mut lines = Vec::with_capacity(events.len());
    for e in events {
        lines.push(journal::Line {
            stream: stream(after.id),
            at: e.at,
            actor: e.by,
            origin: caller.origin.clone(),
            kind: e.what.name().to_owned(),
            body: serde_json::to_string(&e.what).map_err(|e| Error::Internal(Box::new(e)))?,
        });
    }
    let entries = journal::append(tx, lines).await?;
    for change in after.cleared_since(before) {
        super::local_changes::clear(tx, app, change, &after.number).await?;
    }
    told::tell(tx, app, roster, (before, after), events, &entries).await
}
