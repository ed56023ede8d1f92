//! From what is placed and what is seen to the differences.

use super::{Drift, Kind, Patience};
use crate::domain::{
    device::{Device, Placement},
    id::ServerName,
    observation::Seen,
    server::SupportClass,
    tag::TagName,
    version::{Reported, same_commit},
};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// An instance that no device on record brings.
pub fn of_stranger(seen: &Seen) -> Drift {
    let words = format!("{} of the class {} runs on {} and is not registered.", seen.instance, seen.class, seen.server);
    drift(Kind::Unknown, seen, words)
}

/// A server of whose `running` instances nothing has reported so many: one difference, however many they are, for it is
/// one observer that is silent. `None` where all are heard of.
pub fn of_server(server: &ServerName, silent: usize, running: usize, patience: Patience) -> Option<Drift> {
    let minutes = patience.silent_after_minutes;
    let words = match (silent, running) {
        (0, _) => return None,
        (1, 1) => format!("Its one instance on {server} was not reported for more than {minutes} minutes."),
        (n, all) if n >= all => {
            format!("None of the {all} instances on {server} was reported for more than {minutes} minutes.")
        }
        (1, all) => {
            format!("One of the {all} instances on {server} was not reported for more than {minutes} minutes.")
        }
        (n, all) => {
            format!("{n} of the {all} instances on {server} were not reported for more than {minutes} minutes.")
        }
    };
    let words = format!("{words} That is no proof that anything stopped.");
    Some(Drift { kind: Kind::Silent, instance: server.0.clone(), server: server.clone(), words })
}

/// The silence of these instances, by servers, as the page of the device that they are of shows it.
pub fn of_silent<'a>(seen: impl IntoIterator<Item = &'a Seen>, patience: Patience, now: DateTime<Utc>) -> Vec<Drift> {
    let mut servers: BTreeMap<&ServerName, (usize, usize)> = BTreeMap::new();
    for s in seen.into_iter().filter(|s| s.runs()) {
        let (silent, running) = servers.entry(&s.server).or_default();
        *silent += usize::from(s.is_silent(now, patience.silent_after_minutes));
        *running += 1;
    }
    let each = servers.into_iter();
    each.filter_map(|(server, (silent, running))| of_server(server, silent, running, patience)).collect()
}

/// In what a device differs from its record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What is an incident.
    pub differs: Vec<Drift>,
    /// What may be on its way to be mended, or waits behind what is graver: it opens no incident, and what is open of it
    /// stays so, for it is not mended.
    pub under_way: Vec<Drift>,
}

impl Found {
    fn add(&mut self, drift: Option<Drift>, under_way: bool) {
        if under_way { self.under_way.extend(drift) } else { self.differs.extend(drift) }
    }
}

/// Everything in which a device differs from its record, but for silence, which is its server's. `seen` is what is known
/// of its instances; what is gone is passed over.
pub fn of_device(device: &Device, seen: &[Seen], patience: Patience, now: DateTime<Utc>) -> Found {
    let running: Vec<&Seen> = seen.iter().filter(|s| s.runs()).collect();
    let lately = |at: DateTime<Utc>| now - at < patience.grace;
    // What a new placement replaces may still run where it was; what was started there later is no leftover.
    let moved = device.placements.iter().any(|p| lately(p.mark.at));
    let left_over =
        |s: &Seen| moved && device.vacated.iter().any(|v| v.server == s.server && lately(v.at) && s.since <= v.at);
    // What was placed on its server anew may be on its way there.
    let settling = |s: &Seen| device.placed_on(&s.server).is_some_and(|p| lately(p.mark.at));
    // Nothing else matters of what CTRL has stopped.
    let stopped = device.shut_down.is_some();
    let mut found = Found::default();
    for s in &running {
        if let Some(by) = &device.shut_down {
            found.add(Some(not_stopped(s)), lately(by.reason.mark.at));
        }
        found.add(place(device, s), stopped || left_over(s));
        let build = build(device, s);
        let awaited = build.as_ref().is_some_and(|d| d.kind == Kind::OtherVersion) && settling(s);
        found.add(build, stopped || awaited);
    }
    let stays: Vec<&Seen> = running.iter().copied().filter(|s| !left_over(s)).collect();
    match both_classes(&stays) {
        Some(both) => found.add(Some(both), stopped),
        None => found.add(both_classes(&running), true),
    }
    if !stopped {
        let restarting = device.restarted.is_some_and(lately);
        for p in &device.placements {
            found.add(not_seen(device, p, seen), restarting || lately(p.mark.at));
        }
    }
    found
}

fn drift(kind: Kind, seen: &Seen, words: String) -> Drift {
    Drift { kind, instance: seen.instance.clone(), server: seen.server.clone(), words }
}

/// N5: it runs, and is to stand still everywhere.
fn not_stopped(s: &Seen) -> Drift {
    drift(Kind::NotStopped, s, format!("{} runs on {} although CTRL shut it down.", s.instance, s.server))
}

/// Whether it is where it is placed.
fn place(device: &Device, s: &Seen) -> Option<Drift> {
    if device.placed_on(&s.server).is_some() {
        return None;
    }
    let placed: Vec<&str> = device.placements.iter().map(|p| p.server.0.as_str()).collect();
    let on_record = match (placed.is_empty(), device.state.name()) {
        (false, _) => format!("while it is placed on {}", placed.join(", ")),
        (true, state) if state.is_end() => format!("although it is {}", state.label().to_lowercase()),
        (true, _) => "while it is placed nowhere".to_owned(),
    };
    let unlisted = if s.support_class.is_none() { ", a server that is not on record," } else { "" };
    Some(drift(Kind::WrongServer, s, format!("{} runs on {}{unlisted} {on_record}.", s.instance, s.server)))
}

/// Whether the version is what is deployed there. Where support is reduced its contributors may run anything (G1), but
/// nothing may call itself a tag that it is not.
fn build(device: &Device, s: &Seen) -> Option<Drift> {
    let raw = &s.version.raw;
    if let Reported::CleanTag { commit: Some(commit), .. } = &s.version.reported
        && let Some(r) = device.release_built(&s.version, &s.server)
        && !same_commit(commit, r.commit().as_str())
    {
        let words = format!("{raw} names another commit than the verified {}.", r.tag());
        return Some(drift(Kind::FalseClean, s, words));
    }
    if s.support_class != Some(SupportClass::Full) {
        return None;
    }
    let deployed = device.placed_on(&s.server).and_then(|p| p.release.as_ref());
    match &s.version.reported {
        Reported::Dirty { .. } => {
            Some(drift(Kind::Dirty, s, format!("{raw} was built with edits that no commit holds.")))
        }
        Reported::Ahead { .. } => Some(drift(Kind::Ahead, s, format!("{raw} is ahead of its tag."))),
        Reported::FalseClean { .. } => {
            Some(drift(Kind::FalseClean, s, format!("{raw} is the framework’s version, not its own.")))
        }
        Reported::CleanTag { .. } | Reported::Unknown { .. } => {
            // Where nothing is deployed the place itself is wrong, which is said already.
            let is_it = |tag: &&TagName| device.release(tag).is_some_and(|r| r.is_built(&s.version));
            let tag = deployed.filter(|tag| !is_it(tag))?;
            let says = match raw.is_empty() {
                true => "It reports no version".to_owned(),
                false => format!("It runs {raw}"),
            };
            Some(drift(Kind::OtherVersion, s, format!("{says}, while {tag} is deployed on {}.", s.server)))
        }
    }
}

/// N2: one line for the device, at the place that has to give way to the supported one.
fn both_classes(running: &[&Seen]) -> Option<Drift> {
    let on = |class| running.iter().find(|s| s.support_class == Some(class));
    let (reduced, full) = (on(SupportClass::Reduced)?, on(SupportClass::Full)?);
    let words = format!("It runs on {} (reduced support) and on {} (full support).", reduced.server, full.server);
    Some(drift(Kind::BothClasses, reduced, words))
}

/// A release that was deployed and that nothing has reported there since.
fn not_seen(device: &Device, p: &Placement, seen: &[Seen]) -> Option<Drift> {
    let tag = p.release.as_ref()?;
    if seen.iter().any(|s| s.runs() && s.server == p.server) {
        return None;
    }
    let words = format!(
        "{tag} is deployed on {}, and nothing reports it there. That is no proof that it does not run.",
        p.server
    );
    Some(Drift { kind: Kind::NotSeen, instance: device.name().to_owned(), server: p.server.clone(), words })
}
