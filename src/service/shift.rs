//! The shift is known to be informed (H8): what waits for it, who acknowledged what, and what went on to CTRL because
//! nobody did in time.

pub mod escalation;
pub mod proof;

use super::{Caller, Error, Result, record};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::{DeviceId, PersonId},
        journal::Entry,
        person::People,
        refusal::{Code, Refusal},
        shift::{Acknowledgement, Judged, judge, may_acknowledge, within},
        support::Support,
    },
    store::{self, Tx, journal::Line, shift::Kept, teams::TeamKind},
};
use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub use crate::store::shift::Place;

/// The most changes that are shown or acknowledged at once.
pub const MOST: u64 = 200;

/// A change of a device's support status, and how it stands with the shift.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its entry in the journal.
    pub seq: i64,
    pub device: DeviceId,
    pub name: String,
    /// `None` where nobody supported it yet.
    pub from: Option<Support>,
    /// `None` where nobody supports it any more.
    pub to: Option<Support>,
    pub why: String,
    pub at: DateTime<Utc>,
    pub judged: Judged,
    /// Everybody's word, the first one's first.
    pub said: Vec<Acknowledgement>,
    /// When it went on to CTRL, and to whom.
    pub escalated: Option<(DateTime<Utc>, BTreeSet<PersonId>)>,
}

/// Changes, and everybody whom they name.
#[derive(Clone, Debug)]
pub struct Changes {
    pub now: DateTime<Utc>,
    pub all: Vec<Change>,
    pub people: People,
    /// Who is in the DOC today; not asked for where there is no change.
    pub doc: BTreeSet<PersonId>,
}

/// Puts the changes of support among these entries before the shift, in the transaction that wrote them. The one place
/// where a change begins to wait.
pub(super) async fn waits(tx: &Tx, entries: &[Entry]) -> Result<()> {
    #[derive(Deserialize)]
    struct Body {
        from: Option<Support>,
        to: Option<Support>,
        why: Option<String>,
    }
    let mut changes = Vec::new();
    for e in entries.iter().filter(|e| e.kind == record::SUPPORT_CHANGED) {
        let body: Body = store::journal::read(e)?;
        changes.push(Kept {
            seq: e.seq,
            device: record::device_of_support(&e.stream).ok_or(Error::NotFound)?,
            from: body.from,
            to: body.to,
            why: body.why.unwrap_or_default(),
            at: e.moment().unwrap_or_default(),
            acknowledged_at: None,
            escalated_at: None,
        });
    }
    Ok(store::shift::insert(tx, changes).await?)
}

async fn names<C: ConnectionTrait>(c: &C, changes: &[Kept]) -> Result<BTreeMap<DeviceId, String>> {
    let ids: BTreeSet<DeviceId> = changes.iter().map(|k| k.device).collect();
    Ok(store::devices::list_names_by_id(c, &ids).await?)
}

/// Who is in the DOC with an open account.
async fn doc<C: ConnectionTrait>(c: &C) -> Result<People> {
    let ids = store::teams::list_of_kind(c, TeamKind::Doc).await?;
    let mut people = store::people::load_names(c, &ids).await?;
    people.0.retain(|_, p| p.active);
    Ok(people)
}

/// Judges these changes and names everybody in them. A fixed number of queries.
async fn judged<C: ConnectionTrait>(c: &C, app: &App, kept: Vec<Kept>) -> Result<Changes> {
    let names = names(c, &kept).await?;
    judged_by_name(c, app, kept, &names).await
}

/// The same where the devices' names are known.
async fn judged_by_name<C: ConnectionTrait>(
    c: &C,
    app: &App,
    kept: Vec<Kept>,
    names: &BTreeMap<DeviceId, String>,
) -> Result<Changes> {
    let now = app.clock.now();
    if kept.is_empty() {
        return Ok(Changes { now, all: Vec::new(), people: People::default(), doc: BTreeSet::new() });
    }
    let seqs: BTreeSet<i64> = kept.iter().map(|k| k.seq).collect();
    let mut said = store::shift::list_acknowledgements(c, &seqs).await?;
    let mut told = store::shift::list_escalations(c, &seqs).await?;
    let mut people = doc(c).await?;
    let members: BTreeSet<PersonId> = people.0.keys().copied().collect();
    let named = said.values().flatten().map(|a| a.by).chain(told.values().flatten().copied());
    let others: BTreeSet<PersonId> = named.filter(|p| !members.contains(p)).collect();
    people.0.extend(store::people::load_names(c, &others).await?.0);
    let all = kept.into_iter().map(|k| {
        let said = said.remove(&k.seq).unwrap_or_default();
        let mut judged = judge(&app.policy, k.at, &said, &members, now);
        // What was acknowledged stays so, whoever joins the DOC later.
        if let (Some(at), None) = (k.acknowledged_at, judged.acknowledged()) {
            let by = said.iter().rev().find(|a| a.at == at).or(said.last());
            judged = by.map_or(judged, |by| Judged::by(*by));
        }
        Change {
            seq: k.seq,
            device: k.device,
            name: names.get(&k.device).cloned().unwrap_or_default(),
            from: k.from,
            to: k.to,
            why: k.why,
            at: k.at,
            judged,
            said,
            escalated: k.escalated_at.map(|at| (at, told.remove(&k.seq).unwrap_or_default())),
        }
    });
    Ok(Changes { now, all: all.collect(), people, doc: members })
}

/// What waits for the shift: what is late first. At most [`MOST`], the oldest.
pub async fn waiting(app: &App) -> Result<Changes> {
    let c = &app.db.snapshot().await?;
    let mut changes = judged(c, app, store::shift::list_open(c, None, MOST).await?).await?;
    // Somebody left the DOC whose word was missing: the next round of checks puts it on record.
    changes.all.retain(|change| change.judged.acknowledged().is_none());
    Ok(changes)
}

/// Into what the newest change that waits led, of each device of these changes that has newer ones than are among them.
pub async fn newer(app: &App, changes: &Changes) -> Result<BTreeMap<DeviceId, Option<Support>>> {
    // All that waits is among them.
    if (changes.all.len() as u64) < MOST {
        return Ok(BTreeMap::new());
    }
    let here: BTreeMap<DeviceId, i64> = changes.all.iter().map(|c| (c.device, c.seq)).collect();
    let newest = store::shift::list_newest_open_of(&app.db.read, &here.keys().copied().collect()).await?;
    Ok(newest.into_iter().filter(|k| here[&k.device] < k.seq).map(|k| (k.device, k.to)).collect())
}

/// How many changes a page of [`waiting_after`] has.
pub const PAGE: usize = 50;

/// A page of what waits for the shift, the oldest first, and where it ends. A fixed number of queries.
pub async fn waiting_after(app: &App, after: Option<Place>) -> Result<(Changes, Option<Place>)> {
    let c = &app.db.snapshot().await?;
    let mut kept = store::shift::list_open(c, after, PAGE as u64 + 1).await?;
    let next = (kept.len() > PAGE).then(|| kept.truncate(PAGE)).and_then(|()| kept.last().map(|k| (k.at, k.seq)));
    let mut changes = judged(c, app, kept).await?;
    changes.all.retain(|change| change.judged.acknowledged().is_none());
    Ok((changes, next))
}

/// What waits for the shift of one device, the oldest first.
pub async fn of_device<C: ConnectionTrait>(c: &C, app: &App, device: &Device) -> Result<Changes> {
    let names = BTreeMap::from([(device.id, device.name().to_owned())]);
    let mut changes = judged_by_name(c, app, store::shift::list_open_of(c, device.id).await?, &names).await?;
    changes.all.retain(|change| change.judged.acknowledged().is_none());
    Ok(changes)
}

/// How many changes wait for the shift, and how many of them are late: what a link in the bar counts. Two queries.
pub async fn counts(app: &App) -> Result<(u64, u64)> {
    Ok(store::shift::count_open(&app.db.read, app.clock.now() - within(&app.policy)).await?)
}

/// Somebody of the DOC says that they know of these changes, and with each of the older ones of the same device that
/// wait. How many it was news to them to say; a repetition says nothing new and changes nothing.
///
/// Refused to whoever is not of the DOC. [`Error::NotFound`] where one of them is no change.
pub async fn acknowledge(app: &App, caller: &Caller, seqs: &[i64]) -> Result<usize> {
    let Some(me) = caller.actor.person() else {
        return Err(Error::NotFound);
    };
    let (app, caller, named) = (app.clone(), caller.clone(), seqs.iter().copied().collect::<BTreeSet<_>>());
    app.clone().outliving(async move { say(&app, &caller, me, named).await }).await?
}

async fn say(app: &App, caller: &Caller, me: PersonId, named: BTreeSet<i64>) -> Result<usize> {
    let number = || super::invalid("seq", format!("Choose between 1 and {MOST} changes that you have seen"));
    if named.len() as u64 > MOST {
        return number();
    }
    let tx = app.db.begin().await?;
    let chosen = store::shift::list_by_seq(&tx, &named).await?;
    let people = store::people::load_people(&tx, &BTreeSet::from([me])).await?;
    if !may_acknowledge(&people, me) {
        tx.rollback().await?;
        return Err(refuse(app, caller, &chosen).await?);
    }
    if named.is_empty() {
        return number();
    }
    if chosen.len() < named.len() {
        return Err(Error::NotFound);
    }
    let now = app.clock.now();
    let mut newest: BTreeMap<DeviceId, i64> = BTreeMap::new();
    for k in &chosen {
        let last = newest.entry(k.device).or_default();
        *last = k.seq.max(*last);
    }
    // Who knows how it is now knows that it changed before.
    let older = store::shift::list_open_of_many(&tx, &newest.keys().copied().collect()).await?;
    let older = older.into_iter().filter(|k| newest.get(&k.device).is_some_and(|last| k.seq <= *last));
    let all: BTreeMap<i64, Kept> = chosen.into_iter().chain(older).map(|k| (k.seq, k)).collect();
    let seqs: BTreeSet<i64> = all.keys().copied().collect();
    let mut said = store::shift::list_acknowledgements(&tx, &seqs).await?;
    let new: BTreeSet<i64> =
        seqs.into_iter().filter(|s| said.get(s).is_none_or(|words| words.iter().all(|a| a.by != me))).collect();
    if new.is_empty() {
        return Ok(0);
    }
    store::shift::insert_acknowledgements(&tx, &new, me, now).await?;
    let members: BTreeSet<PersonId> = doc(&tx).await?.0.into_keys().collect();
    for seq in &new {
        let words = said.entry(*seq).or_default();
        words.push(Acknowledgement { by: me, at: now });
        if let Some(by) = judge(&app.policy, all[seq].at, words, &members, now).acknowledged() {
            store::shift::save_acknowledged(&tx, *seq, by.at).await?;
        }
    }
    let mut by_device: BTreeMap<DeviceId, Vec<i64>> = BTreeMap::new();
    for seq in &new {
        by_device.entry(all[seq].device).or_default().push(*seq);
    }
    let lines = by_device.into_iter().map(|(device, changes)| Line {
        stream: record::support_stream(device),
        at: now,
        actor: Some(me),
        origin: caller.origin.clone(),
        kind: ACKNOWLEDGED.to_owned(),
        body: json!({ "changes": changes }).to_string(),
    });
    store::journal::append(&tx, lines.collect()).await?;
    tx.commit().await?;
    Ok(new.len())
}

/// What the journal calls somebody's word, and what it calls its lack.
pub const ACKNOWLEDGED: &str = "acknowledged";
pub const ESCALATED: &str = "escalated";

/// The refusal of whoever does not speak for the shift, on record with the device that it was about.
async fn refuse(app: &App, caller: &Caller, chosen: &[Kept]) -> Result<Error> {
    let refusal = Refusal::new(
        Code::NotYours,
        "This is for a member of the DOC to acknowledge: only the shift can say that it knows. An administrator puts \
         somebody into the DOC, under Groups.",
    );
    let found = match chosen.first() {
        Some(k) => store::devices::find(&app.db.read, k.device).await?,
        None => None,
    };
    if let Some(device) = found {
        record::attempt(app, caller, &device, "acknowledge", &refusal).await?;
    }
    Ok(refusal.into())
}
