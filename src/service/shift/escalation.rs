//! What the shift does not acknowledge in time goes on to CTRL, once (H8).

use super::{ACKNOWLEDGED, ESCALATED, MOST, doc, judged};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::{DeviceId, PersonId},
        shift::within,
        support::Support,
    },
    jobs::{Job, counted},
    service::{
        Result, checks, record,
        telling::{self, Telling},
    },
    store::{self, journal::Line, roster::Roster, shift::Kept, teams::TeamKind},
};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Between two looks at the clock.
const EVERY: Duration = Duration::from_secs(30);

/// Looks at the clock until Custody stops. Two that run at once do no harm: each change is claimed by its row.
pub async fn run(app: App) {
    while checks::turn(&app).await {
        tokio::select! {
            _ = app.stop.cancelled() => return,
            done = app.watched(Job::Escalation, EVERY, round(&app), |n| counted(*n, "change passed on", "changes passed on"))
                => if let Err(error) = done {
                tracing::error!(%error, "what the shift has not acknowledged could not be passed on");
            },
        }
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Passes on what is late now; how many changes that were. Two small queries where nothing is.
pub async fn round(app: &App) -> Result<usize> {
    let c = &app.db.read;
    let half_said = store::shift::list_open_said(c, MOST).await?;
    if !half_said.is_empty() {
        let complete = judged(c, app, half_said).await?;
        if complete.all.iter().any(|change| change.judged.acknowledged().is_some()) {
            let owned = app.clone();
            app.outliving(async move { complete_said(&owned).await }).await??;
        }
    }
    if store::shift::list_late(c, app.clock.now() - within(&app.policy), 1).await?.is_empty() {
        return Ok(0);
    }
    let owned = app.clone();
    app.outliving(async move { pass_on(&owned).await }).await?
}

/// Everybody who is still in the DOC has said it: whoever was missing has left.
async fn complete_said(app: &App) -> Result<()> {
    let tx = app.db.begin().await?;
    let open = store::shift::list_open_said(&tx, MOST).await?;
    let members: BTreeSet<PersonId> = doc(&tx).await?.0.into_keys().collect();
    let mut lines = Vec::new();
    for change in judged(&tx, app, open).await?.all {
        if let Some(by) = change.judged.acknowledged() {
            store::shift::save_acknowledged(&tx, change.seq, by.at).await?;
            // Nobody's word, so nobody's name: the words themselves are on record.
            let body = json!({ "changes": [change.seq], "complete_without": true, "doc": members });
            lines.push(line(change.device, app.clock.now(), ACKNOWLEDGED, body));
        }
    }
    store::journal::append(&tx, lines).await?;
    Ok(tx.commit().await?)
}

fn line(device: DeviceId, at: DateTime<Utc>, kind: &str, body: serde_json::Value) -> Line {
    Line {
        stream: record::support_stream(device),
        at,
        actor: None,
        origin: "custody".to_owned(),
        kind: kind.to_owned(),
        body: body.to_string(),
    }
}

async fn pass_on(app: &App) -> Result<usize> {
    let tx = app.db.begin().await?;
    let now = app.clock.now();
    let late = store::shift::list_late(&tx, now - within(&app.policy), MOST).await?;
    let mut by_device: BTreeMap<DeviceId, Vec<Kept>> = BTreeMap::new();
    for k in late {
        by_device.entry(k.device).or_default().push(k);
    }
    let devices = store::devices::list_by_id(&tx, &by_device.keys().copied().collect()).await?;
    let roster = app.roster.current(&tx).await?;
    let hears = Hearing::new(app, &roster, &devices);
    let (mut tellings, mut lines, mut passed) = (Vec::new(), Vec::new(), 0);
    for d in &devices {
        let to = hears.of(d);
        // Without anybody of CTRL there is nobody to tell yet: it stays late.
        if to.is_empty() {
            continue;
        }
        let mut claimed = Vec::new();
        for k in by_device.remove(&d.id).unwrap_or_default() {
            if store::shift::claim(&tx, k.seq, now).await? {
                claimed.push(k);
            }
        }
        let Some(newest) = claimed.last() else { continue };
        let seqs: Vec<i64> = claimed.iter().map(|k| k.seq).collect();
        store::shift::insert_escalations(&tx, &seqs, &to).await?;
        let since = newest.at.with_timezone(&app.policy.facility.time_zone).format("%H:%M");
        let text = format!(
            "{} since {since}: the shift has not acknowledged it within {} minutes. Call the {}.",
            newest.to.map_or("Supported by nobody", Support::label),
            app.policy.shift.within_minutes,
            app.policy.facility.doc_name
        );
        // One message for a device, however often it changed meanwhile.
        tellings.extend(to.iter().map(|person| Telling {
            to: *person,
            device: Some(d.id),
            key: format!("escalated/{}", newest.seq),
            at: now,
            text: text.clone(),
            path: format!("/devices/{}", d.name()),
            urgent: true,
        }));
        lines.push(line(d.id, now, ESCALATED, json!({ "changes": seqs, "to": to })));
        passed += seqs.len();
    }
    telling::tell(&tx, app, &roster, tellings, Vec::new()).await?;
    store::journal::append(&tx, lines).await?;
    tx.commit().await?;
    Ok(passed)
}

/// Who of CTRL hears of what is late.
struct Hearing {
    contacts: BTreeSet<PersonId>,
    team: BTreeSet<PersonId>,
}

impl Hearing {
    fn new(app: &App, roster: &Roster, devices: &[Device]) -> Self {
        let is_open = |p: &PersonId| roster.person(*p).is_some_and(|p| p.active);
        let open = |ids: BTreeSet<PersonId>| ids.into_iter().filter(is_open).collect::<BTreeSet<_>>();
        let first = open(roster.of_team(&app.policy.intake.first_team));
        let all = open(roster.of_kind(TeamKind::Ctrl));
        let contacts = devices.iter().filter_map(|d| d.ctrl_contact).filter(|c| all.contains(c)).collect();
        Self { contacts, team: if first.is_empty() { all } else { first } }
    }

    /// Its CTRL contact; where it has none, their account is closed or they have left CTRL, the first team; where that is
    /// empty, all of CTRL.
    fn of(&self, d: &Device) -> BTreeSet<PersonId> {
        match d.ctrl_contact.filter(|c| self.contacts.contains(c)) {
            Some(contact) => BTreeSet::from([contact]),
            None => self.team.clone(),
        }
    }
}
