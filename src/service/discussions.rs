//! The discussion of a request: what is to be clarified, by whom, and what the reader may do about it (L5 to L7, B3).

use super::{
    Caller, Error, Result,
    drafts::Directory,
    facts::{self, gather},
};
use crate::{
    app::App,
    domain::{
        cycle::Reservation,
        device::Device,
        id::PersonId,
        lifecycle::{
            Command, CommandKind, Gate, Readings, StateName, decide,
            decide::may,
            gates::judge_all,
            table::{RULES, rule},
        },
        person::{People, Role},
        refusal::Refusal,
    },
};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// A device as its discussion shows it to one reader.
pub struct Discussion {
    pub device: Device,
    /// Everybody whom the page names, the areas' experts too.
    pub people: People,
    /// The step that the discussion leads to, where one is ahead: to accept, or to begin another cycle's review.
    pub step: Option<CommandKind>,
    /// That step's gates, met or not.
    pub gates: Vec<Gate>,
    /// What the reader may do, gates aside.
    pub may: BTreeSet<CommandKind>,
    /// The reservations to which the reader may accept the answer.
    accepts: BTreeSet<u32>,
    /// Whom the reader could invite; empty where they may not.
    pub colleagues: Directory,
    pub me: PersonId,
    pub now: DateTime<Utc>,
}

impl Discussion {
    pub fn may(&self, act: CommandKind) -> bool {
        self.may.contains(&act)
    }

    fn i_am_expert(&self, area: &str) -> bool {
        self.people.has(self.me, &Role::Expert(area.to_owned()))
    }

    /// The named experts of an area whose sign-off counts for this device.
    pub fn experts(&self, area: &str) -> Vec<PersonId> {
        let role = Role::Expert(area.to_owned());
        let counts = |p: &PersonId| !self.device.is_contributor(*p);
        self.people.0.values().filter(|p| p.has(&role)).map(|p| p.id).filter(counts).collect()
    }

    /// Whether the reader may sign off this area now (L7).
    pub fn may_sign_area(&self, area: &str) -> bool {
        let signed = self.device.cycle.discussion.areas.get(area);
        self.may(CommandKind::SignOffArea)
            && self.i_am_expert(area)
            && signed.is_none_or(|r| !self.experts(area).contains(&r.mark.by))
    }

    /// Whether the reader may accept the answer to this reservation now (L5).
    pub fn may_accept(&self, r: &Reservation) -> bool {
        self.accepts.contains(&r.id)
    }
}

/// The discussion of this device's cycle, for this reader.
pub async fn find(app: &App, caller: &Caller, me: PersonId, name: &str) -> Result<Discussion> {
    let c = &app.db.read;
    let (device, roster) = facts::find(c, app, name).await?.ok_or(Error::NotFound)?;
    let gathered = gather(c, app, &roster, caller, &device, None, Readings::default()).await?;
    let facts = gathered.facts(app, caller);
    let step = match device.state.name() {
        StateName::Requested => Some(CommandKind::Accept),
        StateName::ReducedSupport if device.cycle.number > 1 => Some(CommandKind::RequestTransfer),
        _ => None,
    };
    let gates = step.map_or_else(Vec::new, |s| judge_all(rule(s), &device, None, &facts));
    let allowed: BTreeSet<CommandKind> =
        RULES.iter().map(|r| r.command).filter(|act| may(&device, *act, &facts)).collect();
    let accepts =
        |reservation: &u32| decide(&device, &Command::AcceptReservation { reservation: *reservation }, &facts).is_ok();
    let accepts = device.cycle.discussion.reservations.iter().map(|r| r.id).filter(accepts).collect();
    let colleagues = match allowed.contains(&CommandKind::Invite) {
        true => Directory::load(app).await?,
        false => Directory::default(),
    };
    let now = gathered.now;
    Ok(Discussion { people: gathered.people, may: allowed, accepts, device, step, gates, colleagues, me, now })
}

/// What an amendment form needs: the device as it is, for somebody who may amend it.
pub async fn to_amend(app: &App, caller: &Caller, name: &str) -> Result<Device> {
    let c = &app.db.read;
    let (device, roster) = facts::find(c, app, name).await?.ok_or(Error::NotFound)?;
    let amend = Command::Amend { request: Box::new(device.request.clone()) };
    let gathered = gather(c, app, &roster, caller, &device, None, Readings::default()).await?;
    let facts = gathered.facts(app, caller);
    if may(&device, CommandKind::Amend, &facts) {
        return Ok(device);
    }
    // The refusal says why, as it would say to the command itself.
    let refusal = decide(&device, &amend, &facts).err();
    Err(refusal
        .unwrap_or_else(|| Refusal::new(crate::domain::refusal::Code::NotYours, "This is for a contributor."))
        .into())
}
