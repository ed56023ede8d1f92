//! A device as its pages show it: everything at once, by a fixed number of queries.

use super::{
    Caller, Error, Result, cadence,
    facts::{self, gather},
    history::{self, Recent},
    record::{SUPPORT_CHANGED, streams, support_stream},
    retests, shift, stages,
};
use crate::{
    app::App,
    domain::{
        device::Device,
        drift::{self, Drift, Incident},
        id::{DeploymentId, PersonId, ServerName},
        lifecycle::{
            Actor, CommandKind, Gate, Happened, Readings, StateName, Who,
            decide::may,
            event::EventKind,
            gates::{approval_stands, judge_all},
            rule,
            table::next_step,
        },
        observation::Seen,
        person::People,
        release::Protection,
        review::Approval,
        server::Server,
        support::{Support, Verdict},
        tag::TagName,
    },
    store::{self, frameworks::Update, journal::Said},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};
use strum::IntoEnumIterator;

/// How many records a device's own page shows.
const RECENT: u32 = 10;
/// The most changes of state and support that the drawings look at.
pub const CHANGES: u64 = 500;

/// A device, and how it stands to whoever reads of it.
pub struct DeviceView {
    pub device: Device,
    pub now: DateTime<Utc>,
    /// The day at the facility.
    pub today: NaiveDate,
    /// Everybody the page may name.
    pub people: People,
    /// The servers that it is placed on.
    pub servers: BTreeMap<ServerName, Server>,
    /// What is seen of it, also what has gone.
    pub instances: Vec<Instance>,
    /// The deployments that put it where it is placed.
    pub deployments: Vec<(ServerName, DeploymentId)>,
    /// How regularly it is deployed, in each environment (G7).
    pub cadence: Vec<cadence::Shown>,
    pub verdict: Option<Verdict>,
    /// Since when the status holds.
    pub support_since: DateTime<Utc>,
    pub orphaned: bool,
    /// Nobody where nobody is signed in.
    pub me: Option<PersonId>,
    /// What the reader is to this device.
    pub standing: BTreeSet<Who>,
    /// What the reader may do in this state, gates aside.
    pub may: BTreeSet<CommandKind>,
    /// The step that it is on its way to, with its gates.
    pub step: Option<(CommandKind, Vec<Gate>)>,
    /// How each approval stands, in the order of the review's (T4).
    pub approvals: Vec<(Approval, std::result::Result<(), &'static str>)>,
    /// Every change of its state and its support, oldest first.
    pub changes: Vec<Change>,
    pub recent: Recent,
    /// Its changes of support that wait for the shift, the oldest first (H8).
    pub unacknowledged: shift::Changes,
    /// In what it differs from its record now, the oldest first (G10).
    pub incidents: Vec<Difference>,
    /// Its tags that nobody of CTRL made, while it is CTRL's (G2).
    pub tagged_by_strangers: BTreeSet<TagName>,
    /// What a forge says of the protection of its tags, by their names.
    pub protections: BTreeMap<String, Protection>,
    /// What it depends on, what depends on it, and what was asked of it (G8).
    pub retests: retests::OfDevice,
    /// Updates of its framework, the newest first (G6).
    pub updates: Vec<Update>,
}

/// In what a device differs from its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub drift: Drift,
    /// The incident's id; none of silence, which is one of its server for all that runs there.
    pub incident: Option<String>,
}

/// One instance as last seen.
#[derive(Clone, Debug)]
pub struct Instance {
    pub seen: Seen,
    pub verdict: Verdict,
}

/// From this moment on it was so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub at: DateTime<Utc>,
    pub what: Changed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    State(StateName),
    /// `None` where nobody supports it yet or any more.
    Support(Option<Support>),
}

impl DeviceView {
    pub fn may(&self, act: CommandKind) -> bool {
        self.may.contains(&act)
    }

    pub fn is(&self, who: Who) -> bool {
        self.standing.contains(&who)
    }

    /// Whether preparation and help matter to whoever reads: those who take part, once it is accepted.
    pub fn shows_setup(&self) -> bool {
        let takes_part = self.is(Who::Contributor) || self.is(Who::Ctrl);
        takes_part && !matches!(self.device.state.name(), StateName::Draft | StateName::Requested)
    }

    /// When it entered each of its states, oldest first.
    pub fn states(&self) -> impl Iterator<Item = (DateTime<Utc>, StateName)> + '_ {
        self.changes.iter().filter_map(|c| match c.what {
            Changed::State(s) => Some((c.at, s)),
            Changed::Support(_) => None,
        })
    }

    pub fn running(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(|i| i.seen.runs())
    }
}

/// Everything that a device's page shows; `None` reads it without being signed in.
pub async fn look(app: &App, reader: Option<&Caller>, name: &str) -> Result<DeviceView> {
    let snapshot = app.db.snapshot().await?;
    let c = &snapshot;
    let (device, roster) = facts::find(c, app, name).await?.ok_or(Error::NotFound)?;
    // Who is not signed in may do nothing; gates are the same for everybody.
    let custody = Caller::custody();
    let caller = reader.unwrap_or(&custody);
    let gathered = gather(c, app, &roster, caller, &device, None, Readings::default()).await?;
    let (verdict, support_since) = store::standing::find_support(c, device.id).await?.unwrap_or((None, gathered.now));
    let of = [device.id.to_string(), support_stream(device.id)];
    let changes = store::journal::list_kinds(c, &of, &CHANGING, CHANGES).await?;
    let deployments = match device.placements.iter().any(|p| p.release.is_some()) {
        true => store::deployments::list_of_placements(c, device.id, &device.placements).await?,
        false => Vec::new(),
    };
    let cadence = cadence::of_device(c, app, &device, &gathered.servers).await?;
    let unacknowledged = shift::of_device(c, app, &device).await?;
    // As the board has them.
    let open = |i: &Incident| Difference { drift: i.drift.clone(), incident: Some(i.id.clone()) };
    let mut incidents: Vec<Difference> = match app.projection.read().card(device.id) {
        Some(card) => card.incidents.iter().map(open).collect(),
        None => Vec::new(),
    };
    let running = gathered.known.iter().map(|k| &k.seen);
    let silent = drift::of_silent(running, app.policy.patience(), gathered.now);
    incidents.extend(silent.into_iter().map(|drift| Difference { drift, incident: None }));
    let tagged_by_strangers = stages::strangers(app, &roster, &device);
    let protections = store::protection::list(c, device.id).await?;
    let retests = retests::of_device(c, &device, roster.everybody()).await?;
    let updates = match device.built.against {
        Some(_) => store::frameworks::list_of(c, &[device.id].into()).await?,
        None => Vec::new(),
    };
    let recent = history::recent(c, app, &streams(&device), roster.everybody(), RECENT).await?;
    drop(snapshot);

    let facts = gathered.facts(app, caller);
    let me = reader.and_then(|r| match r.actor {
        Actor::Person(id) => Some(id),
        Actor::Custody => None,
    });
    let standing = if me.is_some() { facts.standing(&device) } else { BTreeSet::new() };
    let may = CommandKind::iter().filter(|act| me.is_some() && may(&device, *act, &facts)).collect();
    let step = next_step(device.state.name()).map(|act| (act, judge_all(rule(act), &device, None, &facts)));
    let approvals = match device.review() {
        Some(r) => r.approvals.iter().map(|a| (a.clone(), approval_stands(&device, r, a, &facts))).collect(),
        None => Vec::new(),
    };
    Ok(DeviceView {
        now: facts.now,
        today: facts.today,
        orphaned: device.is_orphaned(&gathered.people, &app.policy, facts.now),
        verdict,
        support_since,
        me,
        standing,
        may,
        step,
        approvals,
        changes: changes.iter().filter_map(change).collect(),
        recent,
        unacknowledged,
        incidents,
        tagged_by_strangers,
        protections,
        retests,
        updates,
        deployments,
        cadence,
        instances: gathered.known.into_iter().map(|k| Instance { seen: k.seen, verdict: k.verdict }).collect(),
        people: gathered.people,
        servers: gathered.servers,
        device,
    })
}

/// The events that lead from state to state, and the changes of support.
static CHANGING: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let leading = EventKind::iter().filter(|kind| kind.leads_to().is_some()).chain([EventKind::Imported]);
    leading.map(<&str>::from).chain([SUPPORT_CHANGED]).collect()
});

fn change(said: &Said) -> Option<Change> {
    #[derive(Deserialize)]
    struct Body {
        to: Option<Support>,
    }
    let at = DateTime::parse_from_rfc3339(&said.at).ok()?.to_utc();
    if said.kind == SUPPORT_CHANGED {
        let body: Body = serde_json::from_str(&said.body).ok()?;
        return Some(Change { at, what: Changed::Support(body.to) });
    }
    let kind: EventKind = said.kind.parse().ok()?;
    // Few say so themselves, and a body can be long.
    let leads = kind.leads_to().or_else(|| serde_json::from_str::<Happened>(&said.body).ok()?.leads_to());
    Some(Change { at, what: Changed::State(leads?) })
}
