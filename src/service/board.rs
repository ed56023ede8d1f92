//! What operators see first: which devices there are, what must be acted on, and the answer to a search (O1 to O3, O6).
//!
//! A page is at most a dozen queries, whatever the number of devices.

use super::{Result, act, facts::version_names, record};
use crate::{
    app::App,
    domain::{
        calling::{self, Call},
        device::Device,
        id::{DeviceId, PersonId},
        journal::Entry,
        lifecycle::StateName,
        nearest::nearest_beginnings,
        observation::Source,
        person::People,
        story::tell,
        support::{Support, Verdict},
        version::{Reported, classify},
    },
    store::{
        self,
        board::{Filter, Search},
        instances::VersionNames,
    },
};
use chrono::{DateTime, Duration, Utc};
use std::collections::{BTreeMap, BTreeSet};

pub use crate::store::{
    board::{Count, Cursor, Gist, Line},
    instances::Known,
};

/// Lines on a page.
pub const PAGE: u64 = 50;

/// How many running instances of the matching ones are looked at.
const MATCHING: u64 = 200;

/// What must be acted on: shown on every search (O2).
pub const URGENT: [Support; 3] = [Support::ShutDown, Support::NotSupported, Support::Unknown];

/// What stands on the board where nothing else is chosen.
const CALM: [Support; 2] = [Support::ReducedSupport, Support::FullySupported];

/// What the board is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// As typed; empty where nothing is searched for.
    pub typed: String,
    pub instrument: Option<String>,
    pub supports: BTreeSet<Support>,
    pub states: BTreeSet<StateName>,
    pub after: Option<Cursor>,
}

impl Wanted {
    /// Whether something is searched for that has a letter or a digit.
    pub fn searches(&self) -> bool {
        self.typed.chars().any(char::is_alphanumeric)
    }

    /// Whether statuses or states were chosen.
    pub fn chooses(&self) -> bool {
        !self.supports.is_empty() || !self.states.is_empty()
    }
}

/// A device on the board.
#[derive(Clone, Debug)]
pub struct Row {
    pub line: Line,
    /// The instance that was searched for, or the one that needs most attention, or the first.
    pub place: Option<Known>,
    /// Whom to call now, best first.
    pub calls: Vec<Call>,
}

/// The board as it is now.
#[derive(Clone, Debug)]
pub struct Board {
    pub now: DateTime<Utc>,
    pub counts: Vec<Count>,
    /// Devices to act on, besides those among `rows`; at most a page of them.
    pub act: Vec<Row>,
    /// Instances that run and are not registered; at most a page of them.
    pub unknown: Vec<Known>,
    /// The devices asked for.
    pub rows: Vec<Row>,
    /// Where the next page begins.
    pub next: Option<Cursor>,
    /// Instances among the matches that run and are not registered.
    pub strangers: Vec<Known>,
    /// How many devices and unregistered instances a search found.
    pub matched: u64,
    pub answer: Option<Found>,
    /// Names that may have been meant, where nothing was found.
    pub near: Vec<String>,
    /// Everybody named above.
    pub people: People,
    /// When an agent reported last, of what is shown.
    pub observed: Option<DateTime<Utc>>,
}

impl Board {
    /// Whether every observer has fallen silent (G10).
    pub fn is_silent(&self, app: &App) -> bool {
        let after = Duration::minutes(app.policy.observations.silent_after_minutes.into());
        self.observed.is_some_and(|at| self.now - at > after)
    }

    /// How many of these kinds there are, of one instrument or of all.
    pub fn count(&self, instrument: Option<&str>, of: impl Fn(&Count) -> bool) -> u64 {
        let there = self.counts.iter().filter(|c| c.instrument.as_deref() == instrument);
        there.filter(|c| of(c)).map(|c| c.count).sum()
    }
}

/// The best answer to a search.
#[derive(Clone, Debug)]
pub enum Found {
    Device(Box<Answer>),
    /// It runs and is not registered.
    Unknown(Box<Known>),
}

/// A device as the answer to a search.
#[derive(Clone, Debug)]
pub struct Answer {
    pub device: Device,
    /// Of the instance that was asked for, or of the device.
    pub verdict: Option<Verdict>,
    pub since: DateTime<Utc>,
    pub place: Option<Known>,
    /// The device's own status, where the instance that was asked for has another.
    pub elsewhere: Option<Verdict>,
    pub calls: Vec<Call>,
    /// What happened last, newest first.
    pub latest: Vec<Told>,
}

/// Something that happened, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub at: DateTime<Utc>,
    /// The whole sentence.
    pub text: String,
}

/// The board, or a search on it.
pub async fn show(app: &App, wanted: &Wanted) -> Result<Board> {
    let c = &app.db.read;
    let names = version_names(app, None);
    let instrument = wanted.instrument.clone();
    let counts = store::board::list_counts(c).await?;
    let matching = match wanted.searches() {
        true => {
            let plain = store::devices::plain(&[&wanted.typed]);
            store::instances::search(c, plain.trim(), MATCHING, &names).await?
        }
        false => Vec::new(),
    };
    let filter = Filter {
        instrument: instrument.clone(),
        supports: match (wanted.searches(), wanted.chooses()) {
            (false, false) => CALM.into(),
            _ => wanted.supports.clone(),
        },
        states: wanted.states.clone(),
        search: wanted.searches().then(|| Search {
            typed: wanted.typed.clone(),
            devices: matching.iter().filter_map(|k| k.device).collect(),
        }),
    };
    let mut lines = store::board::list(c, &filter, wanted.after.as_ref(), PAGE + 1).await?;
    let next = (lines.len() as u64 > PAGE).then(|| {
        lines.truncate(PAGE as usize);
        lines.last().map(|l| l.cursor.clone())
    });
    let urgent = Filter { instrument: instrument.clone(), supports: URGENT.into(), ..Filter::default() };
    let mut act = store::board::list(c, &urgent, None, PAGE).await?;
    act.retain(|u| lines.iter().all(|l| l.id != u.id));
    let unknown = store::instances::list_unknown(c, instrument.as_deref(), PAGE, &names).await?;
    let strangers: Vec<Known> = matching.iter().filter(|k| k.device.is_none()).take(PAGE as usize).cloned().collect();
    let matched = match wanted.searches() {
        true => store::board::count(c, &filter).await? + strangers.len() as u64,
        false => 0,
    };

    let ids: BTreeSet<DeviceId> = lines.iter().chain(&act).map(|l| l.id).collect();
    let mut places = store::instances::list_of_devices(c, ids, &names).await?;
    let best = wanted.searches().then(|| best(wanted, &lines, &matching)).flatten();
    let asked = match &best {
        Some(Best::Device(id, _)) => store::devices::find(c, *id).await?,
        _ => None,
    };
    let entries = match &asked {
        Some(device) => store::journal::list_streams(c, &told_streams(device), None, 8).await?,
        None => Vec::new(),
    };
    let people = store::people::load_names(c, &named(lines.iter().chain(&act), asked.as_ref(), &entries)).await?;

    let now = app.clock.now();
    let mut row = |line: Line| {
        let own = VersionNames { packages: line.gist.request.classes.clone(), framework: names.framework.clone() };
        let of = places.remove(&line.id).unwrap_or_default();
        let calls = calling::order(&line.gist.contacts, &people, &app.policy, now);
        Row { place: pick(of, &matching, &own), calls, line }
    };
    let rows: Vec<Row> = lines.into_iter().map(&mut row).collect();
    let act: Vec<Row> = act.into_iter().map(&mut row).collect();
    let shown = rows.iter().chain(&act).filter_map(|r| r.place.as_ref()).chain(&unknown);
    let observed = shown.filter(|k| k.seen.source == Source::Agent).map(|k| k.seen.seen).max();
    let answer = match best {
        Some(Best::Unknown(k)) => Some(Found::Unknown(k)),
        Some(Best::Device(id, exact)) => asked.map(|device| {
            let row = rows.iter().find(|r| r.line.id == id);
            Found::Device(Box::new(answer(app, device, row, exact, &entries, &people, now)))
        }),
        None => None,
    };
    let near = match wanted.searches() && matched == 0 {
        true => nearest_beginnings(&wanted.typed, store::devices::list_package_names(c).await?, 3),
        false => Vec::new(),
    };
    let next = next.flatten();
    Ok(Board { now, counts, act, unknown, rows, next, strangers, matched, answer, near, people, observed })
}

enum Best {
    /// With whether one of its instances was asked for by its whole id.
    Device(DeviceId, bool),
    Unknown(Box<Known>),
}

/// What was most likely meant: the instance of that very id, the device of that very name, the first match.
fn best(wanted: &Wanted, lines: &[Line], matching: &[Known]) -> Option<Best> {
    let plain = |text: &str| store::devices::plain(&[text]);
    let typed = plain(&wanted.typed);
    let of = |k: &Known, exact: bool| match k.device {
        Some(id) => lines.iter().any(|l| l.id == id).then_some(Best::Device(id, exact)),
        None => Some(Best::Unknown(Box::new(k.clone()))),
    };
    let exact = matching.iter().find(|k| plain(&k.seen.instance) == typed).and_then(|k| of(k, true));
    exact
        .or_else(|| lines.first().map(|l| Best::Device(l.id, false)))
        .or_else(|| matching.iter().find(|k| k.device.is_none()).and_then(|k| of(k, false)))
}

/// The instance that stands for a device: one that was searched for, else the most urgent. Its version is read anew with
/// the names of the device's own classes.
fn pick(places: Vec<Known>, matching: &[Known], names: &VersionNames) -> Option<Known> {
    let place =
        |k: &Known| matching.iter().position(|m| m.seen.instance == k.seen.instance && m.seen.server == k.seen.server);
    let mut known = places.into_iter().min_by_key(|k| {
        (place(k).unwrap_or(usize::MAX), std::cmp::Reverse(k.verdict.support), k.seen.instance.clone())
    })?;
    known.seen.version = classify(&known.seen.version.raw, &names.packages, &names.framework);
    Some(known)
}

/// The streams that everybody may read of a device: not who was refused.
fn told_streams(device: &Device) -> [String; 3] {
    [device.id.to_string(), record::support_stream(device), record::seen_stream(device)]
}

fn named<'a>(lines: impl Iterator<Item = &'a Line>, asked: Option<&Device>, entries: &[Entry]) -> BTreeSet<PersonId> {
    let mut all: BTreeSet<PersonId> = asked.map(Device::people).unwrap_or_default();
    for l in lines {
        for c in &l.gist.contacts {
            all.insert(c.person);
            all.extend(c.deputy);
        }
        all.extend(l.gist.shut_down.as_ref().map(|s| s.responsible));
    }
    all.extend(entries.iter().filter_map(|e| e.actor));
    all
}

fn answer(
    app: &App,
    device: Device,
    row: Option<&Row>,
    exact: bool,
    entries: &[Entry],
    people: &People,
    now: DateTime<Utc>,
) -> Answer {
    let own = row.and_then(|r| r.line.verdict.clone());
    let place = row.and_then(|r| r.place.clone()).map(|mut k| {
        let names = version_names(app, Some(&device));
        k.seen.version = classify(&k.seen.version.raw, &names.packages, &names.framework);
        k
    });
    let since = row.map_or(now, |r| r.line.support_since);
    let calls = calling::order(&device.contacts, people, &app.policy, now);
    let latest = latest(app, entries, people);
    let (verdict, since, elsewhere) = match &place {
        // A device that is shut down is so wherever it runs.
        Some(k) if exact && device.shut_down.is_none() => {
            let other = own.filter(|o| o.support != k.verdict.support);
            (Some(k.verdict.clone()), k.support_since, other)
        }
        _ => (own, since, None),
    };
    Answer { device, verdict, since, place, elsewhere, calls, latest }
}

/// What happened last, each kind once: an agent that reports a restart every minute does not hide a shut-down.
fn latest(app: &App, entries: &[Entry], people: &People) -> Vec<Told> {
    let mut kinds = BTreeSet::new();
    let told = entries
        .iter()
        .filter(|e| kinds.insert(e.kind.as_str()))
        .filter_map(|e| Some(Told { at: e.moment()?, text: sentence(app, e, people)? }));
    told.take(3).collect()
}

/// A journal entry about a device as a whole sentence; `None` for one that is not told.
fn sentence(app: &App, e: &Entry, people: &People) -> Option<String> {
    let body = || serde_json::from_str::<BTreeMap<String, serde_json::Value>>(&e.body).ok();
    let word = |body: &BTreeMap<String, serde_json::Value>, key: &str| {
        body.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned()
    };
    match e.kind.as_str() {
        "support_changed" => {
            let body = body()?;
            let to: Support = word(&body, "to").parse().ok()?;
            Some(format!("{}: {}", to.label(), word(&body, "why")))
        }
        "instance_seen" => {
            let body = body()?;
            let version = word(&body, "version");
            let version = if version.is_empty() { "no version".to_owned() } else { format!("`{version}`") };
            Some(format!("`{}` seen on `{}` in {version}", word(&body, "instance"), word(&body, "server")))
        }
        "instance_gone" => {
            let body = body()?;
            Some(format!("`{}` no longer runs on `{}`", word(&body, "instance"), word(&body, "server")))
        }
        _ => {
            let event = act::event(e).ok()?;
            let who = e.actor.map_or("Custody", |p| people.name(p));
            let text = tell(&event, people, &app.policy);
            Some(format!("{who} {}", text.trim_end_matches('.')))
        }
    }
}

/// Whether a version string is more than a clean tag says; nothing is said of an instance that prints none.
pub fn is_no_tag(reported: &Reported) -> bool {
    !matches!(reported, Reported::CleanTag { .. })
}

/// Whether this very version is a release on record of the device whose tag still stands.
pub fn is_verified(device: &Device, place: &Known) -> bool {
    let raw = &place.seen.version;
    device.releases.iter().any(|r| r.stands() && raw.is_clean_build_of(r.tag().as_str()))
}
