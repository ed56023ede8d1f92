//! The shapes in which devices go out. People are named, their addresses stay here.

use crate::{
    domain::{
        contact::{Hours, OperatorRules},
        id::PersonId,
        lifecycle::{CommandKind, Gate, GateId, StateName, Turn},
        person::People,
        support::{Support, Verdict},
    },
    projection::Card,
    service::catalogue::Shown,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of devices.
#[derive(Serialize, ToSchema)]
#[schema(as = DevicePage)]
pub struct PageDto {
    devices: Vec<LineDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeviceLine)]
struct LineDto {
    name: String,
    state: StateName,
    support: Option<SupportDto>,
    instruments: Vec<String>,
    group: String,
    summary: String,
}

/// The status that operators see, with its reason.
#[derive(Serialize, ToSchema)]
#[schema(as = SupportStatus)]
struct SupportDto {
    status: Support,
    label: &'static str,
    why: String,
    since: DateTime<Utc>,
}

impl SupportDto {
    fn new(verdict: Verdict, since: DateTime<Utc>) -> Self {
        Self { status: verdict.support, label: verdict.support.label(), why: verdict.why, since }
    }
}

impl PageDto {
    pub fn new(cards: &[Arc<Card>], next: Option<String>) -> Self {
        let devices = cards
            .iter()
            .map(|c| LineDto {
                support: c.verdict.clone().map(|v| SupportDto::new(v, c.support_since)),
                name: c.name.clone(),
                state: c.state,
                instruments: c.instruments.clone(),
                group: c.group.clone(),
                summary: c.summary.clone(),
            })
            .collect();
        Self { devices, next }
    }
}

/// A device.
#[derive(Serialize, ToSchema)]
#[schema(as = Device)]
pub struct DeviceDto {
    name: String,
    revision: u64,
    state: StateName,
    state_since: Option<DateTime<Utc>>,
    cycle: u32,
    support: Option<SupportDto>,
    summary: String,
    group: String,
    instruments: Vec<String>,
    classes: Vec<String>,
    repository: String,
    trunk: String,
    contributors: Vec<String>,
    /// Their ids, in the same order: names are not unique.
    contributor_ids: Vec<PersonId>,
    ctrl_contact: Option<String>,
    ctrl_contact_id: Option<PersonId>,
    /// In the order of calling.
    contacts: Vec<ContactDto>,
    operators: OperatorRules,
    placements: Vec<PlacementDto>,
    instances: Vec<InstanceDto>,
    releases: Vec<ReleaseDto>,
    /// The names of the devices that it depends on.
    depends_on: Vec<String>,
    next: Option<StepDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeviceContact)]
struct ContactDto {
    id: PersonId,
    name: String,
    phone: Option<String>,
    hours: Hours,
    time_zone: String,
    deputy: Option<String>,
    deputy_id: Option<PersonId>,
    confirmed: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Placement)]
struct PlacementDto {
    server: String,
    class: String,
    release: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Instance)]
struct InstanceDto {
    instance: String,
    class: String,
    server: String,
    host: String,
    version: String,
    /// Whether this version is a release on record whose tag still stands.
    verified: bool,
    support: SupportDto,
    since: DateTime<Utc>,
    seen: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeviceRelease)]
struct ReleaseDto {
    tag: String,
    commit: String,
    verified: DateTime<Utc>,
    /// Whether the tag still is what was verified.
    stands: bool,
    /// What it is built against, where that was asked for and read (G6).
    framework: Option<String>,
    framework_version: Option<String>,
}

/// The step that the device is on its way to.
#[derive(Serialize, ToSchema)]
#[schema(as = NextStep)]
struct StepDto {
    command: CommandKind,
    gates: Vec<GateDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StepGate)]
struct GateDto {
    id: GateId,
    title: &'static str,
    met: bool,
    why: String,
    turn: Turn,
    waits_for: Vec<String>,
}

impl DeviceDto {
    pub fn new(shown: Shown) -> Self {
        let Shown { device: d, verdict, support_since, places, people, next } = shown;
        let instances = places
            .into_iter()
            .map(|k| InstanceDto {
                verified: d.has_released(&k.seen.version),
                support: SupportDto::new(k.verdict, k.support_since),
                instance: k.seen.instance,
                class: k.seen.class,
                server: k.seen.server.0,
                host: k.seen.host,
                version: k.seen.version.raw,
                since: k.seen.since,
                seen: k.seen.seen,
            })
            .collect();
        let contacts = d
            .contacts
            .iter()
            .map(|c| ContactDto {
                id: c.person,
                name: people.name(c.person).to_owned(),
                phone: people.get(c.person).and_then(|p| p.phone.clone()),
                hours: c.hours,
                time_zone: c.time_zone.clone(),
                deputy: c.deputy.map(|p| people.name(p).to_owned()),
                deputy_id: c.deputy,
                confirmed: c.confirmed,
            })
            .collect();
        Self {
            revision: d.revision,
            state: d.state.name(),
            state_since: d.state.since(),
            cycle: d.cycle.number,
            support: verdict.map(|v| SupportDto::new(v, support_since)),
            contributors: d.contributors.iter().map(|p| people.name(*p).to_owned()).collect(),
            contributor_ids: d.contributors.iter().copied().collect(),
            ctrl_contact: d.ctrl_contact.map(|p| people.name(p).to_owned()),
            ctrl_contact_id: d.ctrl_contact,
            contacts,
            operators: d.operators,
            placements: d
                .placements
                .iter()
                .map(|p| PlacementDto {
                    server: p.server.0.clone(),
                    class: p.class.to_string(),
                    release: p.release.as_ref().map(|t| t.as_str().to_owned()),
                })
                .collect(),
            instances,
            releases: d
                .releases
                .iter()
                .map(|r| ReleaseDto {
                    tag: r.tag().as_str().to_owned(),
                    commit: r.commit().as_str().to_owned(),
                    verified: r.at,
                    stands: r.stands(),
                    framework: r.framework.as_ref().map(|f| f.framework().to_owned()),
                    framework_version: r.framework.as_ref().and_then(|f| f.version()).map(str::to_owned),
                })
                .collect(),
            depends_on: d.depends_on.into_keys().collect(),
            next: next.map(|(command, gates)| StepDto {
                command,
                gates: gates.into_iter().map(|g| gate(g, &people)).collect(),
            }),
            name: d.request.name,
            summary: d.request.summary,
            group: d.request.group,
            instruments: d.request.instruments,
            classes: d.request.classes,
            repository: d.request.repository,
            trunk: d.request.trunk,
        }
    }
}

fn gate(g: Gate, people: &People) -> GateDto {
    GateDto {
        id: g.id,
        title: g.title,
        met: g.met,
        why: g.why,
        turn: g.turn,
        waits_for: g.waits_for.iter().map(|p| people.name(*p).to_owned()).collect(),
    }
}
