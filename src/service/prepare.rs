//! What somebody has to see before they act on a device: whether they may, which gates stand before it, and what there
//! is to choose from.

use super::{
    Caller, Error, Result,
    act::Done,
    facts::{self, gather},
};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::PersonId,
        lifecycle::{CommandKind, Gate, Readings, Who, decide::may, gates::judge_all, rule},
        person::People,
        policy::Policy,
        refusal::{Code, Refusal},
        server::Server,
        story::tell,
    },
    store,
};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;

/// A device as an act's form needs it.
pub struct ActContext {
    pub device: Device,
    pub me: PersonId,
    /// What the reader is to this device.
    pub standing: BTreeSet<Who>,
    /// Everybody with an open account, and whom the device names.
    pub people: People,
    pub servers: Vec<Server>,
    pub policy: Policy,
    pub now: DateTime<Utc>,
    /// The day at the facility.
    pub today: NaiveDate,
    /// The gates of the act that are not answered in its form.
    pub gates: Vec<Gate>,
    /// Why it cannot be done by this person, or in this state.
    pub why_not: Option<Refusal>,
}

impl ActContext {
    /// Whether the reader may do this in this state, gates aside.
    pub fn may(&self, act: CommandKind) -> bool {
        let rule = rule(act);
        rule.from.contains(&self.device.state.name()) && rule.who.iter().any(|w| self.standing.contains(w))
    }

    /// Whether a gate is open that the form does not answer.
    pub fn is_blocked(&self) -> bool {
        self.gates.iter().any(Gate::is_open)
    }
}

/// Everything that the form of an act shows, or of a statement that is none (`None`). A fixed number of queries.
pub async fn prepare(app: &App, caller: &Caller, name: &str, act: Option<CommandKind>) -> Result<ActContext> {
    let me = caller.actor.person().ok_or(Error::NotFound)?;
    let c = &app.db.snapshot().await?;
    let (device, roster) = facts::find(c, app, name).await?.ok_or(Error::NotFound)?;
    let gathered = gather(c, app, &roster, caller, &device, None, Readings::default()).await?;
    let mut people = store::people::list_open(c).await?;
    let servers = store::servers::list(c, None).await?;
    let facts = gathered.facts(app, caller);
    let standing = facts.standing(&device);
    let gates = act.map_or_else(Vec::new, |act| judge_all(rule(act), &device, None, &facts));
    let why_not =
        act.filter(|act| !may(&device, *act, &facts)).map(|act| why_not(&device, act, &standing).with(gates.clone()));
    let (now, today) = (facts.now, facts.today);
    people.0.extend(gathered.people.0);
    Ok(ActContext { device, me, standing, people, servers, policy: app.policy.clone(), now, today, gates, why_not })
}

/// Whose act it is, or in which states it can be done.
fn why_not(device: &Device, act: CommandKind, standing: &BTreeSet<Who>) -> Refusal {
    let rule = rule(act);
    if rule.who.iter().any(|w| standing.contains(w)) {
        let from: Vec<&str> = rule.from.iter().map(|s| s.label()).collect();
        let now = device.state.name().label();
        let name = device.name();
        let sentence = format!("{name} is {now}: this can be done while it is {}.", from.join(", "));
        return Refusal::new(Code::WrongState, sentence);
    }
    let who: Vec<&str> = rule.who.iter().map(|w| w.words()).collect();
    Refusal::new(Code::NotYours, format!("This is for {} to do.", who.join(" or ")))
}

/// What was done, in sentences for whoever did it.
pub async fn told(app: &App, done: &Done) -> Result<String> {
    if done.is_repetition {
        return Ok("It was done when this was sent before, and not a second time.".to_owned());
    }
    if done.events.is_empty() {
        return Ok("Nothing is different from what was on record.".to_owned());
    }
    let mut ids = done.device.people();
    ids.extend(done.events.iter().filter_map(|e| e.by));
    let people = store::people::load_people(&app.db.read, &ids).await?;
    let sentences = done.events.iter().map(|e| {
        let who = e.by.map_or("Custody", |p| people.name(p));
        format!("{who} {}", tell(e, &people, &app.policy))
    });
    Ok(sentences.collect::<Vec<_>>().join(" "))
}
